"""Load: what a machine shows at a speed or flow that others choose tells of its wear only against what that load gives.

The series that best explains what others do from one day to the next is the load. Of each series that follows it, what
the load gives is taken off. Changes from day to day know next to nothing of wear, which takes weeks. What all assets do
together (weather, season) is no load, so it is taken off these changes first.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from anju_ml.grid import Floats

HIGH, LOW, SWING = "|high", "|low", "|swing"
"""Ends of the names of series: the greatest and the least value of a day, and how far they are apart. The others are
medians, increases of counters, and increases by unit of use."""
FOLLOWS: Final = 0.15
"""Share of the variance of a series' changes that the load explains where the series follows it."""
KNOWN: Final = 0.8
"""Share of its days on which the load has to be known for that."""
ASSETS_AT_MOST: Final = 200
PAIRS_AT_MOST: Final = 20_000
PAIRS_AT_LEAST: Final = 200
PEERS_AT_LEAST: Final = 5
USUAL: Final = (0.5, 99.5)
"""Percentiles beyond which a change, or a load, is taken for an oddity."""
CARRIED_DAYS: Final = 3
"""So long the last known load stands in for one that is missing."""
Doubles = npt.NDArray[np.float64]


class Follower(NamedTuple):
    """By how much a series rises with a series of the load less its usual, and with the square of that."""

    load: str
    slope: float
    bend: float


class Range(NamedTuple):
    """Median of a series, and the bounds of what was seen of it."""

    usual: float
    low: float
    high: float


@dataclass(frozen=True)
class Load:
    """`series` tells the load, by its medians or increases; greatest and least values of a day, and what lies between,
    follow those of the load where it has them. `ranges` are of its series, `follows` by the series that do."""

    series: str = ""
    ranges: Mapping[str, Range] = field(default_factory=dict)
    follows: Mapping[str, Follower] = field(default_factory=dict)

    def taken_off(self, values: Floats, names: tuple[str, ...]) -> Floats:
        """`values` [asset, day, series] as they would stand at the usual load; NaN where the load isn't known, nor was
        in the CARRIED_DAYS before. Without the load in `names` they are left as they are."""
        place = {name: index for index, name in enumerate(names)}
        out = values
        for load, (usual, low, high) in self.ranges.items():
            followers = {name: each for name, each in self.follows.items() if each.load == load and name in place}
            if load not in place or not followers:
                continue
            out = values.copy(order="K") if out is values else out
            away = np.clip(_carried(values[:, :, place[load]].astype(np.float64)), low, high) - usual
            for name, each in followers.items():
                out[:, :, place[name]] -= each.slope * away + each.bend * away * away
        return out


def learn_load(values: Floats, names: tuple[str, ...], points: tuple[str, ...], *, origin: int) -> Load:
    """From the days before `origin`; a load that nothing follows where no series tells one. Series of one point never
    explain each other."""
    assets, days = _places(values.shape[0], origin)
    seen = values[assets, :origin]
    if not seen.size:
        return Load()
    ranges = [_range(seen[:, :, index]) for index in range(len(names))]
    usual, low, high = np.array(ranges).T
    fits = _fit(_changes(seen, days), _changes(np.square(np.clip(seen, low, high) - usual), days))
    told_by = _told_by(names)
    explained = np.take_along_axis(fits.explained, told_by, axis=0)
    main = np.array([not _statistic(name) for name in names])
    explained[(explained < FOLLOWS) | np.equal.outer(np.array(points), np.array(points)) | ~main[:, None]] = 0.0
    driver = int(explained[:, main].sum(axis=1).argmax()) if main.any() else 0
    if not explained[driver, main].any():
        return Load()
    found = [(int(told_by[driver, each]), int(each)) for each in np.flatnonzero(explained[driver])]
    return Load(
        series=names[driver],
        ranges={names[load]: ranges[load] for load, _ in found},
        follows={
            names[each]: Follower(names[load], float(fits.slope[load, each]), float(fits.bend[load, each]))
            for load, each in found
        },
    )


def _told_by(names: tuple[str, ...]) -> npt.NDArray[np.int64]:
    """[load, follower]: the place of the load's series for the statistic of the follower, else of the load itself."""
    place = {name: index for index, name in enumerate(names)}
    found = [[place.get(load + _statistic(name), place[load]) for name in names] for load in names]
    return np.array(found, np.int64)


def _statistic(name: str) -> str:
    return next((each for each in (HIGH, LOW, SWING) if name.endswith(each)), "")


def _range(seen: npt.NDArray[np.floating]) -> Range:
    """NaN of a series without values."""
    if np.isnan(seen).all():
        return Range(np.nan, np.nan, np.nan)
    low, high = np.nanpercentile(seen, USUAL)
    return Range(float(np.nanmedian(seen)), float(low), float(high))


def _places(assets: int, days: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Some of the assets, and of the days with one after them, drawn at random, all of either where they are few."""
    rng = np.random.default_rng(0)
    some = np.sort(rng.permutation(assets)[:ASSETS_AT_MOST])
    return some, np.sort(rng.permutation(max(days - 1, 0))[: max(PAIRS_AT_MOST // max(len(some), 1), 1)])


def _changes(seen: npt.NDArray[np.floating], days: npt.NDArray[np.int64]) -> Doubles:
    """Changes to the next day [pair, series] less what their peers do meanwhile, oddities clipped."""
    found = (seen[:, days + 1] - seen[:, days]).astype(np.float64)
    enough = (~np.isnan(found)).sum(axis=0) >= PEERS_AT_LEAST
    if enough.any():
        found[:, enough] -= np.nanmedian(found[:, enough], axis=0)
    flat: Doubles = found.reshape(-1, found.shape[2])
    for column in np.flatnonzero((~np.isnan(flat)).any(axis=0)):
        flat[:, column] = np.clip(flat[:, column], *np.nanpercentile(flat[:, column], USUAL).tolist())
    return flat


@dataclass(frozen=True)
class Fits:
    """[load, follower]: the share that is `explained`, 0 where both are too rarely known together or the load isn't
    known on most days of the follower; and by how much the follower rises with the load and its square."""

    explained: Doubles
    slope: Doubles
    bend: Doubles


def _fit(load: Doubles, squared: Doubles) -> Fits:
    """Least squares of changes [pair, series] on those of each series and its square."""
    known = ~np.isnan(load)
    own, bent, there = np.nan_to_num(load), np.nan_to_num(squared), known.astype(np.float64)
    both = there.T @ there
    enough = (both >= PAIRS_AT_LEAST) & (both >= KNOWN * known.sum(axis=0))
    one, two, mixed = (own * own).T @ there, (bent * bent).T @ there, (own * bent).T @ there
    with_one, with_two = own.T @ own, bent.T @ own
    with np.errstate(invalid="ignore", divide="ignore"):
        room = one * two - mixed * mixed
        straight = room <= 1e-6 * one * two
        slope = np.where(straight, with_one / one, (with_one * two - with_two * mixed) / room)
        bend = np.where(straight, 0.0, (with_two * one - with_one * mixed) / room)
        explained = np.where(enough, (slope * with_one + bend * with_two) / one.T, 0.0)
    return Fits(np.nan_to_num(explained), slope, bend)


def _carried(values: Doubles) -> Doubles:
    """[asset, day] with the last known value where at most CARRIED_DAYS are missing."""
    days = np.arange(values.shape[1])
    last = np.maximum.accumulate(np.where(np.isnan(values), -1, days), axis=1)
    found: Doubles = np.take_along_axis(values, np.maximum(last, 0), axis=1)
    return np.where((last >= 0) & (days - last <= CARRIED_DAYS), found, np.nan)
