"""Hourly rollups of readings in memory, with the meaning of recompute_rollups.sql, for an import that has them all."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from anju_platform.storage.samples import HOUR_US, Samples


def hourly(settled: Samples) -> tuple[NDArray[Any], ...]:
    """Columns of rollup_hour: point id, hour (microseconds since 1970), n, sum, min, max, first, last.

    `settled` is sorted by point and time and has no bad sample in it.
    """
    hours = settled.at_us // HOUR_US
    starts = np.flatnonzero(
        np.concatenate(([True], (settled.point_ids[1:] != settled.point_ids[:-1]) | (hours[1:] != hours[:-1])))
    )
    ends = np.append(starts[1:], len(settled)) - 1
    values = settled.values
    return (
        settled.point_ids[starts],
        hours[starts] * HOUR_US,
        (ends - starts + 1).astype(np.int32),
        np.add.reduceat(values, starts),
        np.minimum.reduceat(values, starts),
        np.maximum.reduceat(values, starts),
        values[starts],
        values[ends],
    )
