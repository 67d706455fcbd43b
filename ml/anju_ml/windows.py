"""Rolling statistics over days for many series at once, at chosen origins; NaN days are left out.

Arrays are [asset, day, series]; an origin t sees the days before it: t - 1, t - 2, …
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Origins = npt.NDArray[np.int64]
Counts = npt.NDArray[np.int64]
Terms = Callable[[int, npt.NDArray[np.bool_], Doubles], tuple[npt.NDArray[Any], ...]]
"""What a day adds to running sums: from its number, which series have a value, and their values (else 0)."""


class Sums:
    """Running sums of a block of series, from which any window's mean, spread and slope follow.

    They lie in memory by day, so that a day is added to the sums of all series at once; those of `days` are kept, the
    first and last days of windows that will be asked for (default: of all).
    """

    def __init__(self, values: npt.NDArray[np.floating], days: Origins | None = None) -> None:
        self._by_day = values.transpose(1, 2, 0)
        kept = np.arange(len(self._by_day) + 1) if days is None else np.unique(days)
        self._last = int(kept[-1])
        self._rows = np.full(self._last + 1, -1)
        self._rows[kept] = np.arange(len(kept))
        self._offset = _first_value(self._by_day)
        self._count, self._sum = self._running((np.int32, np.float64), lambda _day, present, filled: (present, filled))

    def _running(self, kinds: Sequence[type[Any]], terms: Terms) -> list[npt.NDArray[Any]]:
        """Sums of the `terms` of the days before each of those kept [day, series, asset]."""
        shape = self._by_day.shape[1:]
        totals = [np.zeros(shape, kind) for kind in kinds]
        out = [np.zeros((int(self._rows.max()) + 1, *shape), kind) for kind in kinds]
        for day, values in enumerate(self._by_day[: self._last]):
            present = ~np.isnan(values)
            filled = np.where(present, values - self._offset, 0.0)
            row = self._rows[day + 1]
            for total, kept, term in zip(totals, out, terms(day, present, filled), strict=True):
                np.add(total, term, out=total)
                if row >= 0:
                    kept[row] = total
        return out

    @cached_property
    def _square(self) -> Doubles:
        return self._running((np.float64,), lambda _day, _present, filled: (filled * filled,))[0]

    @cached_property
    def _of_days(self) -> list[npt.NDArray[Any]]:
        """Running sums of the numbers of the days that have a value, of their squares, and of day times value."""
        return self._running(
            (np.int64, np.int64, np.float64),
            lambda day, present, filled: (present * day, present * (day * day), filled * day),
        )

    def _within(self, running: npt.NDArray[Any], origins: Origins, start: int, stop: int = 0) -> npt.NDArray[Any]:
        """The sum over the days [t - start, t - stop), [asset, origin, series]."""
        last, first = (self._rows[np.maximum(origins - back, 0)] for back in (stop, start))
        found: npt.NDArray[Any] = running[last] - running[first]
        return found.transpose(2, 0, 1)

    def mean(self, origins: Origins, start: int, stop: int = 0, *, at_least: int = 1) -> Doubles:
        """Mean of the days [t - start, t - stop); NaN with fewer than `at_least` of them."""
        count = self._within(self._count, origins, start, stop)
        total = self._within(self._sum, origins, start, stop)
        return _divide(total, count, count >= at_least) + self._offset.T[:, None]

    def share(self, origins: Origins, start: int) -> Doubles:
        """Share of the last `start` days that have a value."""
        return self._within(self._count, origins, start) / start

    def spread(self, origins: Origins, start: int, *, at_least: int = 3) -> Doubles:
        """Standard deviation over the last `start` days."""
        count = self._within(self._count, origins, start)
        mean = _divide(self._within(self._sum, origins, start), count, count >= at_least)
        square = _divide(self._within(self._square, origins, start), count, count >= at_least)
        found: Doubles = np.sqrt(np.maximum(square - mean * mean, 0.0))
        return found

    def slope(self, origins: Origins, start: int, *, at_least: int = 5) -> Doubles:
        """Change a day by least squares over the last `start` days."""
        days, squares, products = self._of_days
        count = self._within(self._count, origins, start)
        enough = count >= at_least
        day_mean = _divide(self._within(days, origins, start), count, enough)
        value_mean = _divide(self._within(self._sum, origins, start), count, enough)
        variance = _divide(self._within(squares, origins, start), count, enough) - day_mean * day_mean
        covariance = _divide(self._within(products, origins, start), count, enough) - day_mean * value_mean
        return _divide(covariance, variance, variance > 0.5)

    def mean_between(self, first: npt.NDArray[np.int64], stop: npt.NDArray[np.int64], *, at_least: int = 3) -> Doubles:
        """Mean of the days [first, stop), both [asset, origin]; NaN where first is negative."""
        low, high = self._rows[np.maximum(first, 0)], self._rows[np.maximum(stop, 0)]
        count = _at_each(self._count, high) - _at_each(self._count, low)
        total = _at_each(self._sum, high) - _at_each(self._sum, low)
        return _divide(total, count, (count >= at_least) & (first >= 0)[:, :, None]) + self._offset.T[:, None]


def _first_value(by_day: npt.NDArray[np.floating]) -> Doubles:
    """The first value of each series [series, asset], 0 where there is none: keeps the running sums small."""
    first = (~np.isnan(by_day)).argmax(axis=0)[None]
    taken: Doubles = np.take_along_axis(by_day, first, axis=0)[0].astype(np.float64)
    return np.nan_to_num(taken)


def running(by_day: npt.NDArray[np.int32]) -> Counts:
    """Counts of the days before each of the first axis, and after the last."""
    out = np.zeros((len(by_day) + 1, *by_day.shape[1:]), np.int64)
    for day, counts in enumerate(by_day):
        np.add(out[day], counts, out=out[day + 1])
    return out


def between(running: Counts, origins: Origins, start: int, stop: int = 0) -> Counts:
    """Counts of the days [t - start, t - stop), [asset, origin, channel], from running ones [day, channel, asset]."""
    found = running[np.maximum(origins - stop, 0)] - running[np.maximum(origins - start, 0)]
    return found.transpose(2, 0, 1)


def _at_each(running: npt.NDArray[Any], rows: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    """Running sums [row, series, asset] at `rows` [asset, origin]: [asset, origin, series]."""
    _, series, assets = running.shape
    found = running[rows.T[:, None, :], np.arange(series)[:, None], np.arange(assets)]
    return found.transpose(2, 0, 1)


def _divide(numerator: npt.NDArray[Any], denominator: npt.NDArray[Any], where: npt.NDArray[np.bool_]) -> Doubles:
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Doubles = np.where(where, numerator / denominator, np.nan)
    return found


def quartiles(values: Floats, origins: Origins, start: int, stop: int, *, at_least: int) -> tuple[Floats, Floats]:
    """Median and robust spread (quartile distance / 1.349) of the days [t - start, t - stop): [asset, origin, series].

    NaN with fewer than `at_least` days.
    """
    shape = (len(origins), values.shape[2], values.shape[0])
    middle, spread = (np.full(shape, np.nan, np.float32).transpose(2, 0, 1) for _ in range(2))
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
    by_day = counts.transpose(1, 2, 0) > 0
    days = np.flatnonzero(by_day.any(axis=(1, 2)))
    last = np.full(by_day.shape[1:], np.nan, np.float32)
    found = np.empty((len(origins), *last.shape), np.float32)
    place = 0
    for position in np.argsort(origins):
        while place < len(days) and days[place] < origins[position]:
            last[by_day[days[place]]] = days[place]
            place += 1
        found[position] = origins[position] - 1 - last
    return found.transpose(2, 0, 1)
