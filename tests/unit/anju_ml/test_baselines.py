"""What tickets are held against does what it says."""

import numpy as np

from anju_ml.baselines import fixed_thresholds
from anju_ml.layout import Series

DAYS = np.arange(60, 100, dtype=np.int64)


def series(*, level: float = 0.0, swing: float = 0.0) -> Series:
    """Ten assets with one point, of which the first stands off by `level` and swings by `swing` more from day 80 on."""
    values = np.random.default_rng(0).normal(0, 1, (10, 100, 2)).astype(np.float32)
    values[0, 80:] += np.array([level, swing], np.float32)
    return Series(values, ("heat", "heat|swing"), ("heat", "heat"), (True, True))


def test_a_point_off_the_mean_of_all_gets_a_visit_and_what_only_swings_gets_none() -> None:
    visits = fixed_thresholds(series(level=6.0), DAYS, first=60, horizon=30)
    assert [(visit.asset, visit.day) for visit in visits] == [(0, 82)]
    assert fixed_thresholds(series(swing=9.0), DAYS, first=60, horizon=30) == []
