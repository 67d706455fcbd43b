"""What any property company can do without a model: the arms that a prediction has to beat.

Each gives tickets as (asset position, day of opening, component or None for a look at the whole asset).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from anju_ml.counts import Records
from anju_ml.grid import Grid
from anju_ml.layout import Layout, Series
from anju_ml.series_names import SWING
from anju_ml.windows import Sums

REPAIRS: Final = 3
WITHIN_DAYS: Final = 90
SIGMAS: Final = 4.0
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Visit:
    """A ticket of a baseline."""

    asset: int
    day: int
    component: str | None


def three_repairs(records: Records, layout: Layout, days: Indices, *, horizon: int) -> list[Visit]:
    """A ticket whenever an asset has had three corrective repairs in 90 days and none of these is open, for the
    component that was repaired most."""
    if not layout.components:
        return []
    corrective = np.stack([records.repairs[name][:][:, :, 0] for name in layout.components], axis=2)
    running = np.cumsum(np.pad(corrective, ((0, 0), (1, 0), (0, 0))), axis=1)
    visits, busy = [], np.full(len(corrective), -1)
    for day in days:
        recent = running[:, day] - running[:, max(day - WITHIN_DAYS, 0)]
        for asset in np.flatnonzero((recent.sum(axis=1) >= REPAIRS) & (busy <= day)):
            visits.append(Visit(int(asset), int(day), layout.components[int(recent[asset].argmax())]))
            busy[asset] = day + horizon
    return visits


def fixed_thresholds(series: Series, days: Indices, *, first: int, horizon: int) -> list[Visit]:
    """A ticket when the median of a day of any point stands SIGMAS of its fleet's spread off the fleet's mean, both
    taken from the days before `first`, on two days running; one at a time for each asset."""
    seen = series.values[:, :first]
    level = [main and not name.endswith(SWING) for name, main in zip(series.names, series.primary, strict=True)]
    primary = np.flatnonzero(level)
    if not len(primary) or not seen.size:
        return []
    flat = seen[:, :, primary].reshape(-1, len(primary)).astype(np.float64)
    present = ~np.isnan(flat)
    count = np.maximum(present.sum(axis=0), 1)
    mean = np.where(present, flat, 0).sum(axis=0) / count
    spread = np.sqrt(np.where(present, (flat - mean) ** 2, 0).sum(axis=0) / count)
    recent = Sums(series.values[:, :, primary]).mean(days, 2, at_least=2)
    with np.errstate(invalid="ignore"):
        off = (np.abs(recent - mean) > SIGMAS * np.maximum(spread, 1e-12)).any(axis=2)
    visits, busy = [], np.full(len(off), -1)
    for position, day in enumerate(days):
        for asset in np.flatnonzero(off[:, position] & (busy <= day)):
            visits.append(Visit(int(asset), int(day), None))
            busy[asset] = day + horizon
    return visits


def calendar(grids: Mapping[str, Grid], days: Mapping[str, Indices], *, visits: int) -> dict[str, list[Visit]]:
    """The same number of visits spread evenly over assets and days, kind after kind."""
    everything = [(kind, asset) for kind, grid in grids.items() for asset in range(len(grid.assets))]
    out: dict[str, list[Visit]] = {kind: [] for kind in grids}
    for number in range(visits):
        kind, asset = everything[number % len(everything)]
        span = days[kind]
        out[kind].append(Visit(asset, int(span[int((number + 0.5) / visits * len(span))]), None))
    return out


def at_random(
    grids: Mapping[str, Grid], days: Mapping[str, Indices], *, visits: int, seed: int
) -> dict[str, list[Visit]]:
    """The same number of visits to random assets on random days."""
    rng = np.random.default_rng(seed)
    everything = [(kind, asset) for kind, grid in grids.items() for asset in range(len(grid.assets))]
    out: dict[str, list[Visit]] = {kind: [] for kind in grids}
    for number in rng.integers(0, len(everything), visits):
        kind, asset = everything[int(number)]
        out[kind].append(Visit(asset, int(rng.choice(days[kind])), None))
    return out
