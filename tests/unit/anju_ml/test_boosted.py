import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from anju_ml.boosted import boosted
from anju_ml.grid import Floats


def rows(count: int, seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(count, 6)).astype(np.float32)
    values[:, 1] = values[:, 1].round(1)
    values[rng.random(values.shape) < 0.15] = np.nan
    return values


def fitted(leaves: int, intervals: int) -> HistGradientBoostingClassifier:
    values = rows(2000, seed=1)
    interval = np.random.default_rng(2).integers(0, intervals, len(values))
    event = np.nan_to_num(values[:, 0]) + np.isnan(values[:, 2]) + interval / intervals > 1.2
    estimator = HistGradientBoostingClassifier(max_iter=20, max_leaf_nodes=leaves, max_bins=64, min_samples_leaf=5)
    return estimator.fit(np.column_stack([values, interval]).astype(np.float32), event)


@pytest.mark.parametrize(("leaves", "intervals"), [(2, 5), (8, 5), (12, 6), (32, 24)])
def test_probabilities_are_those_of_scikit_learn_bit_for_bit(leaves: int, intervals: int) -> None:
    estimator = fitted(leaves, intervals)
    values = np.concatenate([rows(9000, seed=3), rows(300, seed=1), np.full((1, 6), np.inf), np.full((1, 6), -np.inf)])
    values = values.astype(np.float32)
    found = boosted(estimator, intervals).probabilities(values)
    for interval in range(intervals):
        wide = np.column_stack([values, np.full(len(values), interval, np.float32)])
        assert np.array_equal(found[:, interval], estimator.predict_proba(wide)[:, 1])


@pytest.mark.parametrize("count", [1, 2, 300])
def test_a_row_gets_the_same_bits_among_few_as_among_many(count: int) -> None:
    estimator, values = fitted(8, 5), rows(1000, seed=4)
    many = boosted(estimator, 5).probabilities(values)
    assert np.array_equal(boosted(estimator, 5).probabilities(values[:count]), many[:count])


def test_no_rows_give_no_probabilities() -> None:
    assert boosted(fitted(8, 5), 5).probabilities(np.empty((0, 6), np.float32)).shape == (0, 5)


def test_a_tree_with_more_leaves_than_bits_is_refused() -> None:
    with pytest.raises(ValueError, match="expected at most 32"):
        boosted(fitted(40, 5), 5)
