import numpy as np
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from anju_ml.metrics import reliability
from benchmarks.hazard_scores import SCORES, Judge, compared, interval

ASSETS, ROWS = 40, 2000


@pytest.fixture(scope="module")
def sample() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities with ties, outcomes that follow them, and the asset of each row."""
    rng = np.random.default_rng(0)
    p = np.round(rng.beta(1, 8, ROWS), 2).clip(0.01, 0.99)
    return p, rng.random(ROWS) < p, rng.integers(0, ASSETS, ROWS)


def test_scores_of_the_sample_are_those_of_scikit_learn(sample: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    p, failed, asset = sample
    found = dict(zip(SCORES, Judge(failed, asset, seed=0).draws(p)[0], strict=True))
    assert found["log-loss"] == pytest.approx(log_loss(failed, p))
    assert found["Brier"] == pytest.approx(brier_score_loss(failed, p))
    assert found["AUC"] == pytest.approx(roc_auc_score(failed, p))
    assert found["average precision"] == pytest.approx(average_precision_score(failed, p))
    assert found["ECE"] == pytest.approx(reliability(p, failed.astype(float))["ece"], abs=1e-5)


def test_a_learner_that_knows_nothing_is_surely_worse(sample: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    p, failed, asset = sample
    said = {"knows": p, "guesses": np.random.default_rng(1).permutation(p)}
    found = compared(Judge(failed, asset, seed=0), said, "knows")
    assert found["guesses"]["log-loss"][1].low > 0
    assert found["guesses"]["AUC"][1].high < 0
    assert not found["knows"]["AUC"][1].is_not_zero


def test_an_interval_holds_the_middle_of_the_draws() -> None:
    found = interval(np.array([5.0, *np.linspace(0, 10, 101)]))
    assert (found.value, found.low, found.high) == (5.0, 0.25, 9.75)
