from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from anju_ml.history import read_history
from anju_ml.signature import shared_names
from benchmarks.hazard_learners import LEARNERS, Said, calibrated, together
from benchmarks.hazard_rows import Fold, Held, folds_of, last_day
from benchmarks.other_fleet import write_fleet


@pytest.fixture(scope="module")
def folds(tmp_path_factory: pytest.TempPathFactory) -> list[Fold]:
    """Of some ten elevators over 120 days."""
    out = tmp_path_factory.mktemp("elevators")
    write_fleet(out, count=36, days=120, seed=1)
    history, _ = read_history(out)
    elevators = history.assets.filter(pl.col("kind") == "elevator")
    own = replace(history, assets=elevators, readings=(pl.read_parquet(out / "readings-elevator.parquet"),))
    return list(folds_of(own, as_of=last_day(own), seed=0))


def test_held_assets_are_not_among_those_fitted_on(folds: list[Fold]) -> None:
    held = [set(fold.held.asset.tolist()) for fold in folds]
    assert all(fitted and not own & fitted for own, fitted in zip(held, _fitted(folds), strict=True))
    assert set().union(*held) == set().union(*_fitted(folds))
    assert sum(len(own) for own in held) == len(set().union(*held))


def _fitted(folds: list[Fold]) -> list[set[int]]:
    return [set(fold.rows.groups.tolist()) for fold in folds]


def test_both_have_the_shared_columns_and_some_failures(folds: list[Fold]) -> None:
    width = len(shared_names()[0])
    assert all(fold.rows.values.shape[1] == fold.held.values.shape[1] == len(fold.up) == width for fold in folds)
    assert sum(int(fold.held.failed.sum()) for fold in folds) > 0


@pytest.mark.parametrize("learner", LEARNERS)
def test_every_learner_tells_rows_before_a_failure_from_others(folds: list[Fold], learner: str) -> None:
    said = Said()
    for fold in folds:
        said.add(LEARNERS[learner], fold, 0)
    p, failed = np.concatenate(said.p), np.concatenate([fold.held.failed for fold in folds])
    assert p[failed].mean() > p[~failed].mean()


def test_a_fold_is_calibrated_without_its_own_outcomes() -> None:
    rng = np.random.default_rng(0)
    p, fold = rng.uniform(0.05, 0.5, 400), np.repeat([0.0, 1.0], 200)
    held = Held(np.empty((400, 1), np.float32), rng.random(400) < p, np.full(400, "pump"), np.arange(400))
    turned = replace(held, failed=np.where(fold == 0, ~held.failed, held.failed))
    first, second = calibrated(p, held, fold), calibrated(p, turned, fold)
    assert np.array_equal(first[fold == 0], second[fold == 0])
    assert not np.allclose(first[fold == 1], second[fold == 1])


def test_two_learners_together_lie_between_them() -> None:
    low, high = Said([np.array([0.1, 0.2])], fit_s=1.0), Said([np.array([0.3, 0.2])], fit_s=2.0)
    found = together(low, high)
    assert found.fit_s == 3.0
    assert 0.1 < found.p[0][0] < 0.3
    assert found.p[0][1] == pytest.approx(0.2)
