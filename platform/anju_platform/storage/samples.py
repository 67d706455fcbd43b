"""Readings as columns, and the rule that makes their storage independent of the order of arrival."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

HOUR_US: Final = 3_600_000_000
DAY_US: Final = 24 * HOUR_US
_KEY_BITS: Final = 63
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

IntColumn = NDArray[np.int64]
FloatColumn = NDArray[np.float64]
QualityColumn = NDArray[np.int16]


def to_us(at: datetime) -> int:
    """Microseconds since 1970 of an aware moment."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def from_us(at_us: int) -> datetime:
    """The moment in UTC of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=int(at_us))


class Samples(msgspec.Struct, frozen=True, eq=False):
    """Equal-length columns: `at_us` is microseconds since 1970 in UTC, `values` are finite, `qualities` 0 to 2."""

    point_ids: IntColumn
    at_us: IntColumn
    values: FloatColumn
    qualities: QualityColumn

    @classmethod
    def of(
        cls, point_ids: Sequence[int], at_us: Sequence[int], values: Sequence[float], qualities: Sequence[int]
    ) -> Self:
        """From plain sequences. -0.0 becomes 0.0, so that equal values have equal bytes."""
        return cls(
            np.array(point_ids, np.int64),
            np.array(at_us, np.int64),
            np.array(values, np.float64) + 0.0,
            np.array(qualities, np.int16),
        )

    @classmethod
    def concat(cls, parts: Sequence["Samples"]) -> Self:
        """All samples of `parts`, which may be none."""
        if not parts:
            return cls.of([], [], [], [])
        return cls(
            np.concatenate([part.point_ids for part in parts]),
            np.concatenate([part.at_us for part in parts]),
            np.concatenate([part.values for part in parts]),
            np.concatenate([part.qualities for part in parts]),
        )

    def __len__(self) -> int:
        return len(self.point_ids)

    def take(self, which: NDArray[np.bool_] | NDArray[np.intp] | slice) -> "Samples":
        return Samples(self.point_ids[which], self.at_us[which], self.values[which], self.qualities[which])

    def between(self, start: int, end: int) -> "Samples":
        """The rows from `start` to before `end`, as views."""
        return self.take(slice(start, end))


def settle(samples: Samples) -> Samples:
    """Sorted by point and time, one sample for each (point, at).

    Of several for one moment the one with the best quality stays, then the greatest value: the same rule as in
    merge_telemetry.sql, so that what is stored depends on what arrived and not on the order.
    """
    keys = _keys(samples)
    if keys is not None:
        order = np.argsort(keys)
        if (np.diff(keys[order]) > 0).all():
            return samples.take(order)
    order = np.lexsort((samples.values, -samples.qualities, samples.at_us, samples.point_ids))
    ordered = samples.take(order)
    return ordered.take(_last_of_run(ordered.point_ids, ordered.at_us))


def _keys(samples: Samples) -> IntColumn | None:
    """Point and time of each sample in one number, which sorts four times as fast; None where they don't fit."""
    if not len(samples):
        return None
    ids, at_us = samples.point_ids, samples.at_us
    since_us, first_id = int(at_us.min()), int(ids.min())
    bits = (int(at_us.max()) - since_us).bit_length()
    if (int(ids.max()) - first_id).bit_length() + bits >= _KEY_BITS:
        return None
    keys: IntColumn = ((ids - first_id) << bits) + (at_us - since_us)
    return keys


def newest(settled: Samples) -> Samples:
    """The newest sample of each point of what `settle` returned."""
    return settled.take(_last_of_run(settled.point_ids))


def _last_of_run(*columns: IntColumn) -> NDArray[np.bool_]:
    """Where the next row differs in any of `columns`, and the last row."""
    last = np.ones(len(columns[0]), dtype=np.bool_)
    if len(last) > 1:
        last[:-1] = np.logical_or.reduce([column[1:] != column[:-1] for column in columns])
    return last


def hours_of(at_us: IntColumn) -> list[datetime]:
    """The hours (their beginnings, UTC) that `at_us` touches, ascending."""
    return [from_us(hour * HOUR_US) for hour in _touched(at_us, HOUR_US)]


def days_of(at_us: IntColumn) -> list[date]:
    """The days in UTC that `at_us` touches, ascending."""
    return [from_us(day * DAY_US).date() for day in _touched(at_us, DAY_US)]


def _touched(at_us: IntColumn, width_us: int) -> list[int]:
    """Numbers of the spans of `width_us` that `at_us` touches, ascending; most batches touch just one."""
    if not len(at_us):
        return []
    first, last = int(at_us.min()) // width_us, int(at_us.max()) // width_us
    return [first] if first == last else [int(number) for number in np.unique(at_us // width_us)]
