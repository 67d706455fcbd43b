"""A Cox model as oracle: where hazards are proportional, the discrete-time hazard has to say what Cox says."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import statsmodels.api as sm

from anju_ml.hazard import EDGES, Rows, assign_folds, cumulative, expit, fit_boosted, hazards, logit
from anju_ml.screening import auc

ASSETS = 1500
EFFECTS = np.array([0.9, -0.6])
DAILY_HAZARD = 0.012
STEADY = 1.3
ROUNDS = 60
RANKS_ALIKE = 0.95
LEVEL_APART = 0.03
"""Mean over all assets of what is said, ours less that of Cox, at whichever edge it is greatest."""
ASSETS_APART = 0.06
"""Mean over the assets of how far apart the two are for the same one."""
Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """One row an asset: covariates, days to the failure (as if nothing were censored), days of observation."""

    x: Doubles
    fails_in: Doubles
    known_for: Doubles

    @property
    def rows(self) -> Rows:
        seen = np.where(self.fails_in <= self.known_for, self.fails_in, np.inf)
        return Rows(self.x.astype(np.float32), np.arange(len(self.x)), seen, self.known_for, np.ones(len(self.x)))


def draw(seed: int) -> Sample:
    """Weibull lives with proportional hazards; half of the assets are watched for a week, a fortnight or a month."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(ASSETS, 2))
    scale = (1 / DAILY_HAZARD) * np.exp(-(x @ EFFECTS) / STEADY)
    known_for = np.where(rng.random(ASSETS) < 0.5, rng.choice(EDGES[2:], ASSETS), 60.0)
    return Sample(x, scale * rng.weibull(STEADY, ASSETS), known_for)


def said_by_hazard(sample: Sample, x: Doubles) -> Doubles:
    """P(failure by each edge) [row, edge]: the mean of log-odds of members that each leave a fold out."""
    rows = sample.rows
    folds = assign_folds(rows.failed_within(EDGES[-1]).astype(np.int64), seed=0)
    odds = []
    for fold in np.unique(folds):
        seen = rows.take(folds[rows.groups] != fold)
        trees = fit_boosted(seen, edges=EDGES, up=[0, 0], leaves=8, rounds=ROUNDS, seed=int(fold))
        odds.append(logit(hazards(trees, x.astype(np.float32))))
    return cumulative(expit(np.mean(odds, axis=0)))


def cox(sample: Sample) -> Any:
    failed = sample.fails_in <= sample.known_for
    times = np.minimum(sample.fails_in, sample.known_for)
    return sm.PHReg(times, sample.x, status=failed.astype(int)).fit(disp=0)


def said_by_cox(fitted: Any, x: Doubles) -> Doubles:
    days, baseline, _ = fitted.baseline_cumulative_hazard[0]
    at_edges = np.interp(EDGES, days, baseline)
    return 1 - np.exp(-at_edges[None, :] * np.exp(x @ fitted.params)[:, None])


def rank_correlation(a: Doubles, b: Doubles) -> float:
    return float(np.corrcoef(a.argsort().argsort(), b.argsort().argsort())[0, 1])


def level_apart(ours: Doubles, oracle: Doubles) -> float:
    return float(np.abs((ours - oracle).mean(axis=0)).max())


def assets_apart(ours: Doubles, oracle: Doubles) -> float:
    return float(np.abs(ours - oracle).mean(axis=0).max())


@pytest.fixture(scope="module")
def sample() -> Sample:
    return draw(1)


@pytest.fixture(scope="module")
def fresh() -> Sample:
    """Assets that nothing is fitted on."""
    return draw(99)


@pytest.fixture(scope="module")
def ours(sample: Sample, fresh: Sample) -> Doubles:
    return said_by_hazard(sample, fresh.x)


@pytest.fixture(scope="module")
def oracle(sample: Sample, fresh: Sample) -> Doubles:
    return said_by_cox(cox(sample), fresh.x)


def test_cox_finds_the_effects_that_the_sample_was_drawn_with(sample: Sample) -> None:
    assert cox(sample).params == pytest.approx(EFFECTS, abs=0.15)


def test_assets_stand_in_the_order_of_cox(ours: Doubles, oracle: Doubles) -> None:
    assert rank_correlation(ours[:, -1], oracle[:, -1]) > RANKS_ALIKE


def test_the_cumulative_hazard_is_that_of_cox(ours: Doubles, oracle: Doubles) -> None:
    assert level_apart(ours, oracle) < LEVEL_APART
    assert assets_apart(ours, oracle) < ASSETS_APART


def test_failures_are_told_apart_nearly_as_well_as_by_cox(ours: Doubles, oracle: Doubles, fresh: Sample) -> None:
    failed = fresh.fails_in < EDGES[-1]
    assert auc(ours[failed, -1], ours[~failed, -1]) > auc(oracle[failed, -1], oracle[~failed, -1]) - 0.02


def test_outcomes_dealt_at_random_break_the_agreement(sample: Sample, fresh: Sample, oracle: Doubles) -> None:
    dealt = replace(sample, x=np.random.default_rng(0).permutation(sample.x))
    ours = said_by_hazard(dealt, fresh.x)
    assert rank_correlation(ours[:, -1], oracle[:, -1]) < 0.5
    assert assets_apart(ours, oracle) > 2 * ASSETS_APART


def test_censoring_taken_for_survival_breaks_the_agreement(sample: Sample, fresh: Sample, oracle: Doubles) -> None:
    failed = sample.fails_in <= sample.known_for
    lived_on = replace(sample, fails_in=np.where(failed, sample.fails_in, np.inf), known_for=np.full(ASSETS, 60.0))
    assert level_apart(said_by_hazard(lived_on, fresh.x), oracle) > LEVEL_APART


def test_censoring_within_an_interval_lifts_no_probability(sample: Sample, fresh: Sample, oracle: Doubles) -> None:
    moments = np.random.default_rng(3).uniform(0, EDGES[-1], ASSETS)
    cut = replace(sample, known_for=np.where(np.arange(ASSETS) % 3 == 0, moments, 60.0))
    assert level_apart(said_by_hazard(cut, fresh.x), oracle) < LEVEL_APART * 2 / 3
