"""Working conditions: a machine that runs at a few settings in turn shows each of them, not its wear, in most points.

A point whose days fall into a few groups with nothing between them, among which assets change all the time, tells the
condition. Of every point that follows it, a day is told by how far it stands off from what is usual in that condition.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from anju_ml.grid import Floats, Grid

GAP: Final = 0.02
"""Of the reach of a point: so far apart are neighbouring groups at least."""
GROUPS_AT_MOST: Final = 12
GROUP_SHARE: Final = 0.02
"""Of all days: what comes more rarely is an oddity, not a condition."""
CHANGE_SHARE: Final = 0.1
"""Of pairs of days: a state that is changed more rarely may be wear."""
FOLLOWS: Final = 0.5
"""Share of a point's variance that the condition explains where the point follows it."""

Doubles = npt.NDArray[np.float64]
Groups = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Conditions:
    """`point` tells the condition by where it stands among `cuts`. `middle` and `spread` [condition]: of each point
    that follows it, by name."""

    point: str
    cuts: tuple[float, ...]
    middle: dict[str, Doubles]
    spread: dict[str, Doubles]

    def of(self, grid: Grid) -> Groups:
        """The condition of each day [asset, day], -1 where it isn't known."""
        if self.point not in grid.points:
            return np.full(grid.rows.shape, -1, np.int64)
        return _groups(grid.mid[:, :, grid.points.index(self.point)], np.array(self.cuts))


def learn_conditions(grid: Grid, *, origin: int) -> Conditions | None:
    """From the days before `origin`; None where no point tells a condition or none follows it."""
    found = [(name, _cuts_of(grid, name, origin)) for name in grid.points]
    telling = [Conditions(name, tuple(float(cut) for cut in cuts), {}, {}) for name, cuts in found if len(cuts)]
    if not telling:
        return None
    known = max(telling, key=lambda each: (len(each.cuts), _tightness(each, grid, origin)))
    groups = known.of(grid)[:, :origin]
    for name in grid.points:
        values = grid.mid[:, :origin, grid.points.index(name)].astype(np.float64)
        middle, spread, explained = _usual(values, groups, len(known.cuts) + 1)
        if explained >= FOLLOWS:
            known.middle[name], known.spread[name] = middle, spread
    return known if set(known.middle) - {known.point} else None


def take_off(grid: Grid, conditions: Conditions | None) -> Grid:
    """`grid` with each point that follows the condition as it would stand in the usual one. Days whose condition is
    not known have no value of such a point."""
    if conditions is None:
        return grid
    groups = conditions.of(grid)
    arrays = {name: getattr(grid, name).copy() for name in ("mid", "high", "low", "last")}
    for name in set(conditions.middle) & set(grid.points):
        middle, spread = conditions.middle[name], conditions.spread[name]
        usual, size = float(np.median(middle)), float(np.median(spread))
        place = grid.points.index(name)
        for array in arrays.values():
            away = (array[:, :, place] - middle[groups]) / spread[groups]
            array[:, :, place] = np.where(groups >= 0, usual + size * away, np.nan)
    return replace(grid, **arrays)


def _groups(values: Floats, cuts: Doubles) -> Groups:
    found: Groups = np.where(np.isnan(values), -1, np.searchsorted(cuts, values))
    return found


def _cuts_of(grid: Grid, name: str, origin: int) -> Doubles:
    """Where the groups of a point's days part; none where the point doesn't tell a condition."""
    none = np.empty(0)
    values = grid.mid[:, :origin, grid.points.index(name)]
    ordered = np.sort(values[~np.isnan(values)])
    if not len(ordered) or ordered[-1] <= ordered[0]:
        return none
    parts = np.flatnonzero(np.diff(ordered) > GAP * (ordered[-1] - ordered[0]))
    sizes = np.diff([0, *(parts + 1), len(ordered)])
    if not 1 <= len(parts) < GROUPS_AT_MOST or sizes.min() < GROUP_SHARE * len(ordered):
        return none
    cuts = (ordered[parts].astype(np.float64) + ordered[parts + 1]) / 2
    return cuts if _changes(_groups(values, cuts)) >= CHANGE_SHARE else none


def _changes(groups: Groups) -> float:
    """Share of pairs of following days between which the group changes."""
    both = (groups[:, 1:] >= 0) & (groups[:, :-1] >= 0)
    return float(((groups[:, 1:] != groups[:, :-1]) & both).sum() / max(both.sum(), 1))


def _tightness(conditions: Conditions, grid: Grid, origin: int) -> float:
    """Share of the point's own variance that lies between its groups."""
    values = grid.mid[:, :origin, grid.points.index(conditions.point)].astype(np.float64)
    return _usual(values, conditions.of(grid)[:, :origin], len(conditions.cuts) + 1)[2]


def _usual(values: Doubles, groups: Groups, count: int) -> tuple[Doubles, Doubles, float]:
    """Median and spread of each group, and the share of all variance that lies between groups."""
    present = ~np.isnan(values) & (groups >= 0)
    own = [values[present & (groups == group)] for group in range(count)]
    if min(len(each) for each in own) < 2 or np.var(values[present]) <= 0.0:
        return np.zeros(count), np.ones(count), 0.0
    middle = np.array([np.median(each) for each in own])
    spread = np.array([np.std(each) for each in own])
    within = sum(float(np.var(each)) * len(each) for each in own) / int(present.sum())
    least = max(1e-6 * float(np.ptp(values[present])), 1e-12)
    return middle, np.maximum(spread, least), 1.0 - within / float(np.var(values[present]))
