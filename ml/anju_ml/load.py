"""Load: what a machine shows at a speed or flow that others choose tells of its wear only against what that load gives.

The series that best explains what others do from one day to the next is the load. Of each series that follows it, what
the load gives is taken off. Changes from day to day know next to nothing of wear, which takes weeks. What all assets do
together (weather, season) is no load, so it is taken off these changes first.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from anju_ml.grid import Floats

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


@dataclass(frozen=True)
class Load:
    """`series` tells the load, by its medians or increases: greatest and least values of a day follow those of the load
    where it has them. `usual` is its median, `low` and `high` bound what was seen of it. `follows`: by series, how much
    it rises with the load less `usual`, and with the square of that."""

    series: str = ""
    usual: float = 0.0
    low: float = 0.0
    high: float = 0.0
    follows: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def taken_off(self, values: Floats, names: tuple[str, ...]) -> Floats:
        """`values` [asset, day, series] as they would stand at the usual load; NaN where the load isn't known, nor was
        in the CARRIED_DAYS before."""
        if self.series not in names:
            return values
        place = {name: index for index, name in enumerate(names)}
        out = values.copy(order="K")
        for told_by, followers in self._by_statistic(place).items():
            level = _carried(values[:, :, place[told_by]].astype(np.float64))
            away = np.clip(level, self.low, self.high) - self.usual
            for name in followers:
                slope, bend = self.follows[name]
                out[:, :, place[name]] -= slope * away + bend * away * away
        return out

    def _by_statistic(self, place: Mapping[str, int]) -> dict[str, list[str]]:
        """Followers in `place` by the series of the load that they are held against."""
        found: dict[str, list[str]] = {}
        for name in self.follows:
            if name in place:
                found.setdefault(_same_statistic(self.series, name, place), []).append(name)
        return found


def learn_load(values: Floats, names: tuple[str, ...], points: tuple[str, ...], *, origin: int) -> Load:
    """From the days before `origin`; a load that nothing follows where no series tells one. Series of one point never
    explain each other."""
    seen = values[:, :origin]
    if not seen.size:
        return Load()
    places = _places(seen)
    bounds = {
        point: _bounds(seen[:, :, [index for index, own in enumerate(points) if own == point]]) for point in points
    }
    usual, low, high = np.array([bounds[point] for point in points]).T
    fits = _fit(_changes(seen, places), _changes(np.square(np.clip(seen, low, high) - usual), places))
    place = {name: index for index, name in enumerate(names)}
    told_by = np.array([[place[_same_statistic(load, name, place)] for name in names] for load in names])
    explained = np.take_along_axis(fits.explained, told_by, axis=0)
    main = np.array([_statistic(name) == "" for name in names])
    other = ~np.equal.outer(np.array(points), np.array(points))
    explained = np.where((explained >= FOLLOWS) & other & main[:, None], explained, 0.0)
    driver = int(explained[:, main].sum(axis=1).argmax()) if main.any() else 0
    followers = np.flatnonzero(explained[driver]) if main.any() and explained[driver, main].any() else np.array([], int)
    if not len(followers):
        return Load()
    return Load(
        names[driver],
        float(usual[driver]),
        float(low[driver]),
        float(high[driver]),
        {
            names[each]: (float(fits.slope[told_by[driver, each], each]), float(fits.bend[told_by[driver, each], each]))
            for each in followers
        },
    )


def _statistic(name: str) -> str:
    return next((each for each in ("|high", "|low") if name.endswith(each)), "")


def _same_statistic(load: str, follower: str, known: Container[str]) -> str:
    """The series of the load that a follower is held against."""
    wanted = load + _statistic(follower)
    return wanted if wanted in known else load


def _bounds(seen: npt.NDArray[np.floating]) -> tuple[float, float, float]:
    """Usual, lowest and highest of what was seen of a point, by its first series and by all of them."""
    if np.isnan(seen[:, :, 0]).all():
        return np.nan, np.nan, np.nan
    low, high = np.nanpercentile(seen, USUAL)
    return float(np.nanmedian(seen[:, :, 0])), float(low), float(high)


def _places(seen: npt.NDArray[np.floating]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Some of the assets and of the days with one after them, drawn at random, all of either where they are few."""
    rng = np.random.default_rng(0)
    assets = np.sort(rng.permutation(seen.shape[0])[:ASSETS_AT_MOST])
    days = np.sort(rng.permutation(max(seen.shape[1] - 1, 0))[: max(PAIRS_AT_MOST // max(len(assets), 1), 1)])
    return assets, days


def _changes(seen: npt.NDArray[np.floating], places: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]) -> Doubles:
    """Changes to the next day [pair, series] less what their peers do meanwhile, oddities clipped."""
    place = np.ix_(*places)
    found = (seen[:, 1:][place] - seen[:, :-1][place]).astype(np.float64)
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
