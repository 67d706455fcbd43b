"""How far readings stand from what is usual: the asset's own past, its peers, its state after a repair."""

from collections.abc import Mapping
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from anju_ml.columns import Columns
from anju_ml.grid import Floats
from anju_ml.layout import Series
from anju_ml.windows import Origins, Sums, quartiles

Wide = npt.NDArray[np.floating]
Z_LIMIT: Final = 50.0
BASE_DAYS: Final = (90, 14)
LOOKED_BACK: Final = (0, 1, 3, 7, 14)
"""Days before an origin at which windows of all series, and of readings as they are, begin or end."""
FRESH_DAYS: Final = 15
WEEK_DAYS: Final = 7
LONG_AGO_DAYS: Final = 21
EVERY_DAYS: Final = 4
"""Of the long past, every fourth day is enough."""


class Levels:
    """Deviations of a block's series from their own past and from peers: every statistic of the primary series, a few
    of the others."""

    def __init__(
        self, series: Series, values: Floats, residual: Floats, *, scales: Floats, reach: Floats, origins: Origins
    ) -> None:
        """`reach` [asset, origin]: windows of more days say nothing, as they look over a repair at what it mended."""
        self.origins = origins
        self._reach = reach[:, :, None]
        self.primary = np.flatnonzero(series.primary)
        self.names = series.names
        self.points = series.points
        own_residual = residual[:, :, self.primary]
        days = np.concatenate([np.maximum(origins - back, 0) for back in LOOKED_BACK])
        self._all_sums = Sums(residual, days)
        self._own_sums = Sums(own_residual)
        self._first_day = _first_day(own_residual)
        self._own_raw = Sums(values[:, :, self.primary], days)
        self._middle, spread = _base(residual, origins)
        spread = np.where(np.isnan(spread), scales, spread)
        self._scale = np.maximum(spread, scales / 2)
        self._fleet = scales
        self._long = _long_past(own_residual, origins)

    def describe(self, columns: Columns) -> None:
        t, own = self.origins, self.primary
        recent = {days: self._within_reach(self._all_sums.mean(t, days), days) for days in (1, 3, 7, 14)}
        recent[7] = _first_of(recent[7], recent[14])
        recent[3] = _first_of(recent[3], recent[7])
        recent[1] = _first_of(recent[1], recent[3])
        z = {days: _clip((recent[days] - self._middle) / self._scale) for days in (3, 14)}
        middle, scale = self._middle[:, :, own], self._scale[:, :, own]
        self._own7 = recent[7][:, :, own]
        own_z = {days: _clip((recent[days][:, :, own] - middle) / scale) for days in (1, 7)}
        own_z |= {days: values[:, :, own] for days, values in z.items()}
        self._describe_lasting(columns, own_z)
        self._add(columns, "z3", z[3])
        self._add(columns, "z14", z[14])
        self._add(columns, "peer7", _clip(recent[7] / self._fleet))
        self._add_own(columns, "z1", own_z[1])
        self._add_own(columns, "z7", own_z[7])
        raw = {days: self._within_reach(self._own_raw.mean(t, days), days) for days in (3, 7, 14)}
        self._add_own(columns, "level3", _first_of(raw[3], _first_of(raw[7], raw[14])))
        self._add_own(columns, "level14", raw[14])
        self._add_own(columns, "change", _clip((self._own7 - self._own_sums.mean(t, 28, 7, at_least=3)) / scale))
        self._add_own(columns, "slope14", _clip(14 * self._own_sums.slope(t, 14) / scale))
        self._add_own(columns, "slope30", _clip(30 * self._own_sums.slope(t, 30, at_least=10) / scale))
        self._add_own(columns, "unrest", _clip(self._own_sums.spread(t, 7) / scale))
        self._describe_plainly(columns)

    def _describe_plainly(self, columns: Columns) -> None:
        """How far from peers in the point's own unit: not every past is one to measure by."""
        t = self.origins
        for days in (1, 3, 7, 14, 30):
            self._add_own(columns, f"apart{days}", self._within_reach(self._own_sums.mean(t, days), days))
        for name, start, stop in (("apart change", 44, 14), ("apart long change", 120, 30)):
            self._add_own(columns, name, self._own7 - self._own_sums.mean(t, start, stop))

    def _within_reach(self, values: Wide, days: int) -> Wide:
        return np.where(days > self._reach, np.nan, values)

    def _describe_lasting(self, columns: Columns, z: Mapping[int, Wide]) -> None:
        """Deviations that have lasted, against the long past, and those of the weeks before."""
        t, usual, scale = self.origins, self._middle[:, :, self.primary], self._scale[:, :, self.primary]
        self._add_own(columns, "held7", _lasting(z[3], z[7]))
        self._add_own(columns, "held14", _lasting(z[7], z[14]))
        for name, start, stop in (("ago7", 14, 7), ("ago14", 28, 14)):
            self._add_own(columns, name, _clip((self._own_sums.mean(t, start, stop) - usual) / scale))
        middle, spread = self._long
        middle = np.where(np.isnan(middle), usual, middle)
        spread = np.maximum(_first_of(spread, scale), self._fleet[self.primary] / 2)
        self._add_own(columns, "long", _clip((self._own7 - middle) / spread))

    def _add(self, columns: Columns, statistic: str, values: Wide) -> None:
        columns.add_all([f"{name}:{statistic}" for name in self.names], list(self.points), values)

    def _add_own(self, columns: Columns, statistic: str, values: Wide) -> None:
        """Of the primary series."""
        names = [f"{self.names[index]}:{statistic}" for index in self.primary]
        columns.add_all(names, [self.points[index] for index in self.primary], values)

    def since_reset(self, reset: npt.NDArray[np.int64]) -> Wide:
        """How far the last week, or what of it lies after `reset`, stands from the first two weeks after `reset` (the
        day after a repair, [asset, origin], negative: none), in usual spreads; primary series only."""
        now = np.broadcast_to(self.origins, reset.shape)
        fresh = self._own_sums.mean_between(reset, np.minimum(reset + FRESH_DAYS, now))
        within = self._own_sums.mean_between(np.where(reset > now - WEEK_DAYS, reset, -1), now)
        return _clip((_first_of(within, self._own7) - fresh) / self._fleet[self.primary])

    @cached_property
    def since_watched(self) -> Wide:
        """The same from the first day on which anything was heard of the asset."""
        shape = len(self._first_day), len(self.origins)
        return self.since_reset(np.broadcast_to(self._first_day[:, None], shape))


def _first_day(values: Floats) -> npt.NDArray[np.int64]:
    """The first day with any value [asset]; the first of all where there is none."""
    found: npt.NDArray[np.int64] = (~np.isnan(values).all(axis=2)).argmax(axis=1)
    return found


def _base(values: Floats, origins: Origins) -> tuple[Floats, Floats]:
    """Median and spread of the days that a deviation is measured from; nearer days stand in for the median where
    there are too few."""
    middle, spread = quartiles(values, origins, *BASE_DAYS, at_least=10)
    short = np.isnan(middle).any(axis=(0, 2))
    early, _ = quartiles(values, origins[short], BASE_DAYS[0], 3, at_least=5)
    middle[:, short] = np.where(np.isnan(middle[:, short]), early, middle[:, short])
    return middle, spread


def _long_past(values: Floats, origins: Origins) -> tuple[Floats, Floats]:
    """Median and spread of all days but the last LONG_AGO_DAYS, of every EVERY_DAYS-th of them."""
    days = values.shape[1] // EVERY_DAYS + 1
    rare = values[:, ::EVERY_DAYS]
    return quartiles(rare, origins // EVERY_DAYS, days, LONG_AGO_DAYS // EVERY_DAYS, at_least=6)


def _lasting(first: Wide, second: Wide) -> Wide:
    """The smaller of two deviations of one sign, 0 where they disagree; one that is missing says nothing."""
    lowest, highest = np.fmin(first, second), np.fmax(first, second)
    return np.where(lowest > 0, lowest, np.where(highest < 0, highest, np.where(np.isnan(lowest), np.nan, 0.0)))


def _first_of(first: npt.NDArray[np.floating], second: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    return np.where(np.isnan(first), second, first)


def _clip(values: Wide) -> Wide:
    found: Wide = np.clip(values, -Z_LIMIT, Z_LIMIT)
    return found
