"""What the devices handed over against what is stored, sample by sample. Pure.

`offered` is everything that left a device, `handed_over` the part of it that was accepted; the rest may be stored or
not.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

RELATIVE = 1e-9


class Reading(NamedTuple):
    asset: str
    point: str
    at_us: int
    value: float


class Happening(NamedTuple):
    asset: str
    code: str
    at_us: int
    state: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """`produced` samples were handed over and `stored` of them are there; `duplicated` rows have no origin or one that
    another row has, too; `misdated` rows bear a time that is not their device's. `unstored` is everything that was
    offered and is not there, handed over or not."""

    produced: int
    stored: int
    duplicated: int
    missing: tuple[Reading, ...]
    misdated: tuple[Reading, ...] = ()
    unstored: tuple[Reading, ...] = ()


def audit_dated(offered: Iterable[Reading], handed_over: Iterable[Reading], stored: Iterable[Reading]) -> Outcome:
    """Devices that tell the time of a value: a sample is its asset, point, time and value."""
    rows = {row[:3]: row.value for row in stored}
    said = {reading[:3] for reading in offered}
    wanted = {reading[:3]: reading for reading in handed_over}
    missing = tuple(
        reading
        for key, reading in wanted.items()
        if not math.isclose(rows.get(key, math.nan), reading.value, rel_tol=RELATIVE)
    )
    return Outcome(len(wanted), len(wanted) - len(missing), len(rows.keys() - said), missing)


def audit_counted(
    offered: Iterable[Reading], handed_over: Iterable[Reading], stored: Iterable[Reading], *, tolerance_us: int
) -> Outcome:
    """Devices without a clock whose every value is different: a sample is its asset, point and value; its reader dates
    it, and `tolerance_us` off is right."""
    said = {(reading.asset, reading.point, reading.value): reading for reading in offered}
    wanted = {(reading.asset, reading.point, reading.value): reading for reading in handed_over}
    found: set[tuple[str, str, float]] = set()
    duplicated, misdated = 0, []
    for row in stored:
        key = (row.asset, row.point, row.value)
        if key not in said or key in found:
            duplicated += 1
        elif abs(row.at_us - said[key].at_us) > tolerance_us:
            misdated.append(row)
        found.add(key)
    missing = tuple(reading for key, reading in wanted.items() if key not in found)
    unstored = tuple(reading for key, reading in said.items() if key not in found)
    return Outcome(len(wanted), len(wanted) - len(missing), duplicated, missing, tuple(misdated), unstored)


def audit_events(
    offered: Iterable[Happening], handed_over: Iterable[Happening], stored: Iterable[Happening]
) -> tuple[int, tuple[Happening, ...], int]:
    """How many were handed over, which of them are missing, and how many rows no device spoke of or that are there
    twice; codes that no device reports are the gateway's own and not looked at."""
    said, wanted = set(offered), set(handed_over)
    codes = {one.code for one in said}
    rows = [row for row in stored if row.code in codes]
    twice = len(rows) - len(set(rows))
    return len(wanted), tuple(sorted(wanted - set(rows))), twice + len(set(rows) - said)


def within(readings: Iterable[Reading], windows_us: Sequence[tuple[int, int]]) -> tuple[Reading, ...]:
    """Those that fell into one of the windows."""
    return tuple(one for one in readings if any(begin <= one.at_us <= end for begin, end in windows_us))
