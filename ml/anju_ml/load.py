"""Load: what a machine shows at a speed or flow that others choose tells of its wear only against what that load gives.

The series that best explains what others do from one day to the next is the load. Of each series that follows it, what
the load gives is taken off. Changes from day to day know next to nothing of wear, which takes weeks. What all assets do
together (weather, season) is no load, so it is taken off these changes first.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from anju_ml.grid import Floats

FOLLOWS: Final = 0.3
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
    """`series` tells the load; `usual` is its median, `low` and `high` bound what was seen of it. `follows`: by series,
    how much it rises with the load less `usual`, and with the square of that."""

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
        level = _carried(values[:, :, names.index(self.series)].astype(np.float64))
        away = np.clip(level, self.low, self.high) - self.usual
        out = values.copy(order="K")
        for name, (slope, bend) in self.follows.items():
            if name in names:
                out[:, :, names.index(name)] -= slope * away + bend * away * away
        return out


def learn_load(values: Floats, names: tuple[str, ...], points: tuple[str, ...], *, origin: int) -> Load:
    """From the days before `origin`; a load that nothing follows where no series tells one. Series of one point never
    explain each other."""
    seen = values[:, :origin]
    if not seen.size:
        return Load()
    places = _places(seen)
    changes = _changes(seen, places)
    explained = _explained(changes)
    explained[np.equal.outer(np.array(points), np.array(points))] = 0.0
    if not (explained >= FOLLOWS).any():
        return Load()
    driver = int(np.where(explained >= FOLLOWS, explained, 0.0).sum(axis=1).argmax())
    level = seen[:, :, driver].astype(np.float64)
    usual = float(np.nanmedian(level))
    low, high = (float(each) for each in np.nanpercentile(level, USUAL))
    squared = _changes(np.square(np.clip(level, low, high) - usual)[:, :, None], places)[:, 0]
    follows = {
        names[index]: _fitted(changes[:, driver], squared, changes[:, index])
        for index in np.flatnonzero(explained[driver] >= FOLLOWS)
    }
    return Load(names[driver], usual, low, high, follows)


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


def _explained(changes: Doubles) -> Doubles:
    """Squared correlation [series, series] of changes, 0 where both are too rarely known, or the first isn't known on
    most days of the second."""
    known = ~np.isnan(changes)
    filled = np.where(known, changes, 0.0)
    both = known.T.astype(np.float64) @ known
    enough = (both >= PAIRS_AT_LEAST) & (both >= KNOWN * known.sum(axis=0))
    own = (filled * filled).T @ known
    product = filled.T @ filled
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.where(enough, product * product / (own * own.T), 0.0)
    return np.nan_to_num(found)


def _fitted(load: Doubles, squared: Doubles, follower: Doubles) -> tuple[float, float]:
    """Slope and bend by least squares on the changes that are known of all."""
    known = ~np.isnan(load) & ~np.isnan(follower)
    slope, bend = np.linalg.lstsq(np.stack([load, squared], axis=1)[known], follower[known], rcond=None)[0]
    return float(slope), float(bend)


def _carried(values: Doubles) -> Doubles:
    """[asset, day] with the last known value where at most CARRIED_DAYS are missing."""
    days = np.arange(values.shape[1])
    last = np.maximum.accumulate(np.where(np.isnan(values), -1, days), axis=1)
    found: Doubles = np.take_along_axis(values, np.maximum(last, 0), axis=1)
    return np.where((last >= 0) & (days - last <= CARRIED_DAYS), found, np.nan)
