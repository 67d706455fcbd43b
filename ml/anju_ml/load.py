"""Load: what a machine shows at a speed or flow that others choose tells of its wear only against what that load gives.

The series that best explains what others do from one day to the next is the load. Of each series that follows it, what
the load gives is taken off. Changes from day to day know next to nothing of wear, which takes weeks. What all assets do
together (weather, season) is no load, so it is taken off these changes first. What the load gives is learned of all
assets, and how much more or less of it each asset shows, of its own past.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from anju_ml.grid import Floats
from anju_ml.responses import Response, answered, learn_response
from anju_ml.series_names import HIGH, LOW, PER_USE, SWING, split

OF_A_DAY: Final = (HIGH, LOW, SWING)
"""Series that are held against the load's own of the same name's end."""
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


class Range(NamedTuple):
    """Median of a series, and the bounds of what was seen of it."""

    usual: float
    low: float
    high: float

    def away(self, load: npt.NDArray[np.floating]) -> Doubles:
        """How far a load [asset, day], the last known one where it is missing, is away from its usual."""
        found: Doubles = np.clip(_carried(load.astype(np.float64)), self.low, self.high) - self.usual
        return found


class Follower(NamedTuple):
    """By how much a series rises with a series of the load less its usual, and with the square of that; and how
    differently assets answer."""

    driver: str
    slope: float
    bend: float
    response: Response = Response()

    def given(self, away: Doubles) -> Doubles:
        """What a load so far away from its usual [asset, day] gives all assets."""
        found: Doubles = self.slope * away + self.bend * away * away
        return found


@dataclass(frozen=True)
class Load:
    """`series` tells the load, by its medians or increases; greatest and least values of a day, and how far these are
    apart, follow those of the load where it has them. `ranges` are of its series, `follows` by the series that do."""

    series: str = ""
    ranges: Mapping[str, Range] = field(default_factory=dict)
    follows: Mapping[str, Follower] = field(default_factory=dict)

    def taken_off(self, values: Floats, names: tuple[str, ...]) -> Floats:
        """`values` [asset, day, series] as they would stand at the usual load; NaN where the load isn't known, nor was
        in the CARRIED_DAYS before. What follows a series that isn't in `names` is left as it is."""
        place = {name: index for index, name in enumerate(names)}
        out = values
        for driver, bounds in self.ranges.items():
            followers = {name: each for name, each in self.follows.items() if each.driver == driver and name in place}
            if driver not in place or not followers:
                continue
            out = values.copy(order="K") if out is values else out
            away = bounds.away(values[:, :, place[driver]])
            for name, each in followers.items():
                given = each.given(away)
                left = values[:, :, place[name]] - given
                out[:, :, place[name]] = left - answered(given, left, each.response)
        return out


def learn_load(values: Floats, names: tuple[str, ...], points: tuple[str, ...], *, origin: int) -> Load:
    """From the days before `origin`; a load that nothing follows where no series tells one. Series of one point never
    explain each other, and an increase by unit of use is no load."""
    assets, days = _places(values.shape[0], origin)
    seen = values[assets, :origin]
    if not seen.size:
        return Load()
    ranges = [_range(seen[:, :, index]) for index in range(len(names))]
    usual, low, high = np.array(ranges).T
    now, then = seen[:, days], seen[:, days + 1]
    squares = (np.square(np.clip(each, low, high) - usual) for each in (now, then))
    fits = _fit(_changes(now, then), _changes(*squares))
    told_by = _told_by(names)
    explained = np.take_along_axis(fits.explained, told_by, axis=0)
    main = np.array([split(name)[1] not in OF_A_DAY for name in names])
    drives = main & [not name.endswith(PER_USE) for name in names]
    explained[(explained < FOLLOWS) | np.equal.outer(np.array(points), np.array(points)) | ~drives[:, None]] = 0.0
    chosen = int(explained[:, main].sum(axis=1).argmax())
    if not explained[chosen, main].any():
        return Load()
    found = [(int(told_by[chosen, each]), int(each)) for each in np.flatnonzero(explained[chosen])]
    follows: dict[str, Follower] = {}
    for driver, each in found:
        mean = Follower(names[driver], float(fits.slope[driver, each]), float(fits.bend[driver, each]))
        given = mean.given(ranges[driver].away(seen[:, :, driver]))
        response = learn_response(given, seen[:, :, each] - given)
        follows[names[each]] = mean._replace(response=response)
    return Load(names[chosen], {names[driver]: ranges[driver] for driver, _ in found}, follows)


def _told_by(names: tuple[str, ...]) -> npt.NDArray[np.int64]:
    """[driver, follower]: the place of the driver's series of the same end as the follower's, else of the driver
    itself."""
    place = {name: index for index, name in enumerate(names)}
    ends = [split(name)[1] for name in names]
    found = [
        [place.get(driver + end, place[driver]) if end in OF_A_DAY else place[driver] for end in ends]
        for driver in names
    ]
    return np.array(found, np.int64)


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


def _changes(now: npt.NDArray[np.floating], then: npt.NDArray[np.floating]) -> Doubles:
    """What changed [pair, series] from `now` to `then` [asset, day, series] less what peers do meanwhile, oddities
    clipped."""
    found = (then - now).astype(np.float64)
    enough = (~np.isnan(found)).sum(axis=0) >= PEERS_AT_LEAST
    if enough.any():
        found[:, enough] -= np.nanmedian(found[:, enough], axis=0)
    flat: Doubles = found.reshape(-1, found.shape[2])
    for column in np.flatnonzero((~np.isnan(flat)).any(axis=0)):
        flat[:, column] = np.clip(flat[:, column], *np.nanpercentile(flat[:, column], USUAL).tolist())
    return flat


@dataclass(frozen=True)
class _Fits:
    """[driver, follower]: the share that is `explained`, 0 where both are too rarely known together or the driver isn't
    known on most days of the follower; and by how much the follower rises with the driver and its square."""

    explained: Doubles
    slope: Doubles
    bend: Doubles


def _fit(changes: Doubles, squares: Doubles) -> _Fits:
    """Least squares of `changes` [pair, series] on those of each series and of its square."""
    known = ~np.isnan(changes)
    own, bent, there = np.nan_to_num(changes), np.nan_to_num(squares), known.astype(np.float64)
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
    return _Fits(np.nan_to_num(explained), slope, bend)


def _carried(values: Doubles) -> Doubles:
    """[asset, day] with the last known value where at most CARRIED_DAYS are missing."""
    days = np.arange(values.shape[1])
    last = np.maximum.accumulate(np.where(np.isnan(values), -1, days), axis=1)
    found: Doubles = np.take_along_axis(values, np.maximum(last, 0), axis=1)
    return np.where((last >= 0) & (days - last <= CARRIED_DAYS), found, np.nan)
