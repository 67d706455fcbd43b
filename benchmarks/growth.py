"""From measured communities to thousands: what is calculated, by which rule, from which figures. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PROGRAMS = ("ingest", "database", "broker")
POINTS_OF_COMMUNITY = 2_000
"""200 devices of 10 values, as the scale benchmark has them."""
BUSY = 0.5
"""How much of a core is planned for; the rest is for bursts and backfill."""
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Slope:
    """CPU seconds of a program for each point, and its share of a core before the first."""

    base_cores: float
    core_s_a_point: float

    def cores(self, points_per_s: float) -> float:
        return self.base_cores + self.core_s_a_point * points_per_s


@dataclass(frozen=True, slots=True)
class Prices:
    """What a month costs; assumed, for the reader to replace."""

    core: float = 120.0
    terabyte: float = 400.0
    currency: str = "CNY"


@dataclass(frozen=True, slots=True)
class Size:
    """What so many communities need. Bytes are of readings that are kept `days` days, and of rollups of a year."""

    communities: int
    points_per_s: float
    messages_per_s: float
    cores: Mapping[str, float]
    readings_tb: float
    rollups_tb: float

    @property
    def planned_cores(self) -> int:
        return sum(math.ceil(cores / BUSY) for cores in self.cores.values())

    def month(self, prices: Prices) -> float:
        return self.planned_cores * prices.core + (self.readings_tb + self.rollups_tb) * prices.terabyte


def slopes(figures: Mapping[str, Mapping[str, Any]]) -> dict[str, Slope]:
    """By program, through the smallest and the largest number of communities that was measured.

    `figures` is by name, as bench.json has them; KeyError where the scale benchmark is not among them.
    """
    few, many = measured_communities(figures)[0], measured_communities(figures)[-1]
    return {name: _slope(figures, name, few, many) for name in PROGRAMS}


def measured_communities(figures: Mapping[str, Mapping[str, Any]]) -> Sequence[int]:
    found = sorted(one["communities"] for name, one in figures.items() if name.endswith("_stored"))
    if len(found) < 2:
        raise KeyError("scale_…_stored")
    return found


def _slope(figures: Mapping[str, Mapping[str, Any]], program: str, few: int, many: int) -> Slope:
    rates = [figures[f"scale_{number}_stored"]["median"] for number in (few, many)]
    cores = [figures[f"scale_{number}_{program}_cpu"]["median"] / 100 for number in (few, many)]
    a_point = max(0.0, (cores[1] - cores[0]) / (rates[1] - rates[0]))
    return Slope(max(0.0, cores[0] - a_point * rates[0]), a_point)


def size_of(
    communities: int,
    by_program: Mapping[str, Slope],
    *,
    period_s: float,
    bytes_a_point: float,
    bytes_a_rollup: float,
    days: int,
) -> Size:
    """With every device reporting each `period_s`, a batch a report of ten values."""
    points_per_s = communities * POINTS_OF_COMMUNITY / period_s
    rollups = communities * POINTS_OF_COMMUNITY * 24 * 365
    return Size(
        communities,
        points_per_s,
        points_per_s / 10,
        {name: slope.cores(points_per_s) for name, slope in by_program.items()},
        points_per_s * DAY_S * days * bytes_a_point / 1e12,
        rollups * bytes_a_rollup / 1e12,
    )
