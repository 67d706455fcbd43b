"""Rolling statistics over days for many series at once, at chosen origins; NaN days are left out.

Arrays are [asset, day, series]; an origin t sees the days before it: t - 1, t - 2, …
"""

from functools import cached_property

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Origins = npt.NDArray[np.int64]


class Sums:
    """Running sums of a block of series, from which any window's mean, spread and slope follow."""

    def __init__(self, values: npt.NDArray[np.floating]) -> None:
        self._present = ~np.isnan(values)
        self._offset = _first_value(values, self._present)
        self._filled = np.where(self._present, values - self._offset, 0.0).astype(np.float64)
        self._count = _running(self._present)
        self._sum = _running(self._filled)

    @cached_property
    def _square(self) -> Doubles:
        return _running(self._filled * self._filled)

    @cached_property
    def _of_days(self) -> tuple[Doubles, Doubles, Doubles]:
        """Running sums of the numbers of the days that have a value, of their squares, and of day times value."""
        day = np.arange(self._filled.shape[1], dtype=np.float64)[None, :, None]
        return _running(self._present * day), _running(self._present * day * day), _running(self._filled * day)

    def mean(self, origins: Origins, start: int, stop: int = 0, *, at_least: int = 1) -> Doubles:
        """Mean of the days [t - start, t - stop); NaN with fewer than `at_least` of them."""
        count = _between(self._count, origins, start, stop)
        total = _between(self._sum, origins, start, stop)
        return _divide(total, count, count >= at_least) + self._offset

    def share(self, origins: Origins, start: int) -> Doubles:
        """Share of the last `start` days that have a value."""
        return _between(self._count, origins, start, 0) / start

    def spread(self, origins: Origins, start: int, *, at_least: int = 3) -> Doubles:
        """Standard deviation over the last `start` days."""
        count = _between(self._count, origins, start, 0)
        mean = _divide(_between(self._sum, origins, start, 0), count, count >= at_least)
        square = _divide(_between(self._square, origins, start, 0), count, count >= at_least)
        found: Doubles = np.sqrt(np.maximum(square - mean * mean, 0.0))
        return found

    def slope(self, origins: Origins, start: int, *, at_least: int = 5) -> Doubles:
        """Change a day by least squares over the last `start` days."""
        count, total, day, day_square, product = (
            _between(running, origins, start, 0) for running in (self._count, self._sum, *self._of_days)
        )
        enough = count >= at_least
        day_mean = _divide(day, count, enough)
        value_mean = _divide(total, count, enough)
        variance = _divide(day_square, count, enough) - day_mean * day_mean
        covariance = _divide(product, count, enough) - day_mean * value_mean
        return _divide(covariance, variance, variance > 0.5)

    def mean_between(self, first: npt.NDArray[np.int64], stop: npt.NDArray[np.int64], *, at_least: int = 3) -> Doubles:
        """Mean of the days [first, stop), both [asset, origin]; NaN where first is negative."""
        low, high = np.maximum(first, 0)[:, :, None], np.maximum(stop, 0)[:, :, None]
        count = np.take_along_axis(self._count, high, 1) - np.take_along_axis(self._count, low, 1)
        total = np.take_along_axis(self._sum, high, 1) - np.take_along_axis(self._sum, low, 1)
        return _divide(total, count, (count >= at_least) & (first >= 0)[:, :, None]) + self._offset


def _first_value(values: npt.NDArray[np.floating], present: npt.NDArray[np.bool_]) -> Doubles:
    """The first value of each series [asset, 1, series], 0 where there is none: keeps the running sums small."""
    first = present.argmax(axis=1, keepdims=True)
    taken = np.take_along_axis(values, first, axis=1).astype(np.float64)
    return np.nan_to_num(taken)


def _running(values: npt.NDArray[np.floating] | npt.NDArray[np.bool_]) -> Doubles:
    out = np.zeros((values.shape[0], values.shape[1] + 1, values.shape[2]))
    np.cumsum(values, axis=1, out=out[:, 1:])
    return out


def _between(running: Doubles, origins: Origins, start: int, stop: int) -> Doubles:
    found: Doubles = running[:, np.maximum(origins - stop, 0)] - running[:, np.maximum(origins - start, 0)]
    return found


def _divide(numerator: Doubles, denominator: Doubles, where: npt.NDArray[np.bool_]) -> Doubles:
    out = np.full(np.broadcast_shapes(numerator.shape, denominator.shape), np.nan)
    np.divide(numerator, denominator, out=out, where=where)
    return out


def quartiles(values: Floats, origins: Origins, start: int, stop: int, *, at_least: int) -> tuple[Floats, Floats]:
    """Median and robust spread (quartile distance / 1.349) of the days [t - start, t - stop): [asset, origin, series].

    NaN with fewer than `at_least` days.
    """
    shape = (values.shape[0], len(origins), values.shape[2])
    middle, spread = np.full(shape, np.nan, np.float32), np.full(shape, np.nan, np.float32)
    by_series = np.ascontiguousarray(values.transpose(0, 2, 1))
    for position, origin in enumerate(origins):
        low, high = max(int(origin) - start, 0), max(int(origin) - stop, 0)
        if high - low < at_least:
            continue
        window = np.sort(by_series[:, :, low:high], axis=2)
        count = (high - low) - np.isnan(window).sum(axis=2)
        enough = count >= at_least
        middle[:, position] = np.where(enough, _pick(window, count, 0.5), np.nan)
        spread[:, position] = np.where(
            enough, (_pick(window, count, 0.75) - _pick(window, count, 0.25)) / 1.349, np.nan
        )
    return middle, spread


def _pick(window: Floats, count: npt.NDArray[np.int64], share: float) -> Floats:
    """The value at `share` of the first `count` of each sorted row."""
    place = np.maximum(count - 1, 0) * share
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, np.maximum(count - 1, 0))
    weight = (place - low).astype(np.float32)
    lower = np.take_along_axis(window, low[:, :, None], axis=2)[:, :, 0]
    upper = np.take_along_axis(window, high[:, :, None], axis=2)[:, :, 0]
    found: Floats = lower + (upper - lower) * weight
    return found


def days_since(counts: npt.NDArray[np.integer], origins: Origins) -> Floats:
    """Days from the last day with a count to the origin (0: the day just over); NaN where there was none."""
    days = np.arange(counts.shape[1])[None, :, None]
    seen = np.maximum.accumulate(np.where(counts > 0, days, -1), axis=1)
    seen = np.concatenate([np.full((counts.shape[0], 1, counts.shape[2]), -1), seen], axis=1)[:, origins]
    found: Floats = np.where(seen >= 0, origins[None, :, None] - 1 - seen, np.nan).astype(np.float32)
    return found
