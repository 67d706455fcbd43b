"""What the devices handed out against what is stored, sample by sample. Pure."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple


class Value(NamedTuple):
    """A value of one point and its time in microseconds since 1970."""

    at_us: int
    value: float


Key = tuple[str, str]
"""Asset and point."""


@dataclass(frozen=True, slots=True)
class Account:
    """Counts of samples: published = stored + lost; duplicated are stored rows that no published sample explains."""

    published: int
    stored: int
    lost: int
    duplicated: int


def by_point(rows: Iterable[tuple[str, str, int, float]]) -> dict[Key, list[Value]]:
    """Rows of (asset, point, at_us, value) in ascending order of time, by point."""
    ordered = sorted(rows)
    return {
        key: [Value(at_us, value) for _, _, at_us, value in group]
        for key, group in groupby(ordered, key=lambda row: row[:2])
    }


def account(
    published: Mapping[Key, Sequence[Value]], stored: Mapping[Key, Sequence[Value]], *, tolerance_us: int
) -> Account:
    """Match the two. A stored sample may bear another time than the device's by `tolerance_us`: a register has no
    clock, so its reader stamps it. Points that no device published (what the reader measures itself) don't count."""
    handed_out = sum(len(values) for values in published.values())
    rows = sum(len(stored.get(key, ())) for key in published)
    matched = sum(_matches(values, stored.get(key, ()), tolerance_us) for key, values in published.items())
    return Account(handed_out, matched, handed_out - matched, rows - matched)


def _matches(published: Sequence[Value], stored: Sequence[Value], tolerance_us: int) -> int:
    """How many pairs of the same value there are, in order of time, at most `tolerance_us` apart."""
    matched, row = 0, 0
    for sample in published:
        while row < len(stored) and stored[row].at_us < sample.at_us - tolerance_us:
            row += 1
        for candidate in range(row, len(stored)):
            found = stored[candidate]
            if found.at_us > sample.at_us + tolerance_us:
                break
            if math.isclose(found.value, sample.value, rel_tol=1e-6, abs_tol=1e-9):
                matched += 1
                row = candidate + 1
                break
    return matched
