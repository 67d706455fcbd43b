"""Load: what a machine shows at a speed or flow that others choose tells of its wear only against what that load gives.

The series that best explains what others do from one day to the next is the load. Of each series that follows it, what
the load gives is taken off. Changes from day to day know next to nothing of wear, which takes weeks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from anju_ml.grid import Floats

FOLLOWS: Final = 0.3
"""Share of the variance of a series' changes that the load explains where the series follows it."""
PAIRS_AT_MOST: Final = 20_000
PAIRS_AT_LEAST: Final = 200
CLIPPED: Final = (0.5, 99.5)
"""Percentiles beyond which a change is taken for an oddity."""
Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Load:
    """`series` tells the load, `usual` is its median. `follows`: by series, how much it rises with the load less
    `usual`, and with the square of that."""

    series: str = ""
    usual: float = 0.0
    follows: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def taken_off(self, values: Floats, names: tuple[str, ...]) -> Floats:
        """`values` [asset, day, series] as they would stand at the usual load. Where the load isn't known the day
        before stands in, and the usual one where there is none."""
        if self.series not in names:
            return values
        away = _carried(values[:, :, names.index(self.series)].astype(np.float64) - self.usual)
        out = values.copy(order="K")
        for name, (slope, bend) in self.follows.items():
            if name in names:
                out[:, :, names.index(name)] -= slope * away + bend * away * away
        return out


def learn_load(values: Floats, names: tuple[str, ...], points: tuple[str, ...], *, origin: int) -> Load:
    """From the days before `origin`; a load that nothing follows where no series tells one. Series of one point never
    explain each other."""
    changes = _changes(values[:, :origin], np.arange(len(names)))
    explained = _explained(changes)
    explained[np.equal.outer(np.array(points), np.array(points))] = 0.0
    if not (explained >= FOLLOWS).any():
        return Load()
    driver = int(np.where(explained >= FOLLOWS, explained, 0.0).sum(axis=1).argmax())
    level = values[:, :origin, driver].astype(np.float64)
    usual = float(np.nanmedian(level))
    squared = _changes(np.square(level - usual)[:, :, None], np.arange(1))[:, 0]
    follows = {
        names[index]: _fitted(changes[:, driver], squared, changes[:, index])
        for index in np.flatnonzero(explained[driver] >= FOLLOWS)
    }
    return Load(names[driver], usual, follows)


def _changes(values: Floats, columns: npt.NDArray[np.int64]) -> Doubles:
    """Changes from one day to the next [pair, series] of evenly chosen pairs of days, oddities clipped."""
    pairs = values.shape[0] * max(values.shape[1] - 1, 0)
    chosen = np.arange(0, pairs, max(1, -(-pairs // PAIRS_AT_MOST)))
    asset, day = np.divmod(chosen, max(values.shape[1] - 1, 1))
    found: Doubles = (values[asset, day + 1] - values[asset, day])[:, columns].astype(np.float64)
    known = ~np.isnan(found)
    for column in np.flatnonzero(known.any(axis=0)):
        own = found[known[:, column], column]
        low, high = np.percentile(own, CLIPPED)
        found[known[:, column], column] = np.clip(own, low, high)
    return found


def _explained(changes: Doubles) -> Doubles:
    """Squared correlation [series, series] of changes that both series have, 0 for too few of them."""
    known = ~np.isnan(changes)
    filled = np.where(known, changes, 0.0)
    both = known.T.astype(np.float64) @ known
    own = (filled * filled).T @ known
    product = filled.T @ filled
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.where(both >= PAIRS_AT_LEAST, product * product / (own * own.T), 0.0)
    return np.nan_to_num(found)


def _fitted(load: Doubles, squared: Doubles, follower: Doubles) -> tuple[float, float]:
    """Slope and bend by least squares on the changes that are known of all."""
    known = ~np.isnan(load) & ~np.isnan(follower)
    slope, bend = np.linalg.lstsq(np.stack([load, squared], axis=1)[known], follower[known], rcond=None)[0]
    return float(slope), float(bend)


def _carried(values: Doubles) -> Doubles:
    """[asset, day] with the last known value where one is missing, 0 before the first."""
    days = np.arange(values.shape[1])
    last = np.maximum.accumulate(np.where(np.isnan(values), -1, days), axis=1)
    found: Doubles = np.take_along_axis(values, np.maximum(last, 0), axis=1)
    return np.where(last >= 0, found, 0.0)
