"""Discrete-time hazard by gradient boosting: P(failure in an interval | none before), from features and interval.

Probabilities of longer horizons follow from shorter ones, so they never fall. Every model is several members,
each fitted without a share of the assets; these are predicted by that member alone, which gives honest
probabilities for calibration and for choosing when to open tickets.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier

from anju_ml.boosted import Boosted, boosted
from anju_ml.grid import Floats

EDGES: Final = (1.0, 3.0, 7.0, 14.0, 30.0)
"""Ends of the intervals in days; a longer horizon adds its own."""
TOLD_DAYS: Final = np.array([1.0, 3.0, 7.0, 30.0])
"""A risk names the probabilities of so many days; those of other spans follow from them."""
FOLDS: Final = 5
LEVELS: Final = 62
P_FLOOR: Final = 1e-7
Doubles = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Rows:
    """Training rows: features [row, feature], and for each row its group (asset), when it failed next, for how long
    that is known (days), and its weight."""

    values: Floats
    groups: Indices
    fails_in: Doubles
    known_for: Doubles
    weights: Doubles

    def take(self, rows: Indices | Flags) -> "Rows":
        return Rows(self.values[rows], self.groups[rows], self.fails_in[rows], self.known_for[rows], self.weights[rows])

    def failed_within(self, days: float) -> Flags:
        return (self.fails_in < days) & (self.fails_in <= self.known_for)


def stack(tables: Sequence[Rows]) -> Rows:
    return Rows(
        np.concatenate([table.values for table in tables]),
        np.concatenate([table.groups for table in tables]),
        np.concatenate([table.fails_in for table in tables]),
        np.concatenate([table.known_for for table in tables]),
        np.concatenate([table.weights for table in tables]),
    )


def fit_boosted(
    rows: Rows, *, edges: tuple[float, ...], up: Sequence[int], leaves: int, rounds: int, seed: int
) -> Boosted:
    """The hazard of rows in person-period form by interval. `up` marks the columns of which more can only mean more
    risk."""
    row, interval, event, weight = expand(rows, edges)
    values = np.hstack([coarsened(rows.values[row]), interval.astype(np.float32)[:, None]])
    if not event.any():
        event[0] = True
    estimator = HistGradientBoostingClassifier(
        learning_rate=0.06,
        max_iter=rounds,
        max_leaf_nodes=leaves,
        min_samples_leaf=20,
        l2_regularization=3.0,
        max_features=0.5,
        max_bins=64,
        monotonic_cst=[*up, 0],
        early_stopping=False,
        random_state=seed,
    )
    estimator.fit(values, event.astype(np.int8), sample_weight=weight / weight.mean())
    return boosted(estimator, len(edges))


def coarsened(values: Floats) -> Floats:
    """Each value moved to the nearest of its column's LEVELS quantiles; a column without values becomes 0.

    Boosting looks at no more levels than this anyway, and finds a few distinct values far faster than the quantiles
    of weighted ones.
    """
    out = np.empty_like(values)
    for column in range(values.shape[1]):
        own = values[:, column]
        present = ~np.isnan(own)
        if not present.any():
            out[:, column] = 0.0
            continue
        ordered = np.sort(own[present])
        levels = np.unique(ordered[np.linspace(0, len(ordered) - 1, LEVELS).round().astype(np.int64)])
        middles = (levels[1:] + levels[:-1]) / 2
        out[:, column] = np.where(present, levels[np.searchsorted(middles, own)], np.nan)
    return out


def expand(rows: Rows, edges: tuple[float, ...]) -> tuple[Indices, Indices, Flags, Doubles]:
    """Person-period form: (row, interval, whether it failed in it, weight) for each interval that the row entered and
    whose outcome is known. An interval cut by censoring is left out, whether or not the row failed in it: a prevented
    failure is no survival, and failures without the survivors beside them make the hazard too high.

    A row that didn't fail within the last edge stands for one interval in turn, with the weight of all.
    """
    failed = rows.failed_within(edges[-1])
    turn = np.arange(len(rows.groups)) % len(edges)
    parts: list[tuple[Indices, Indices, Flags, Doubles]] = []
    start = 0.0
    for interval, end in enumerate(edges):
        whole = rows.known_for >= end
        event = whole & failed & (rows.fails_in >= start) & (rows.fails_in < end)
        survived = whole & (rows.fails_in >= end) & (failed | (turn == interval))
        at_risk = np.flatnonzero(event | survived)
        weight = rows.weights[at_risk] * np.where(failed[at_risk], 1.0, len(edges))
        parts.append((at_risk, np.full(len(at_risk), interval, np.int64), event[at_risk], weight))
        start = end
    row, number, event, weight = (np.concatenate(column) for column in zip(*parts, strict=True))
    return row, number, event, weight


def hazards(trees: Boosted, values: Floats) -> Doubles:
    """[row, interval]"""
    out: Doubles = np.clip(trees.probabilities(values), P_FLOOR, 1 - P_FLOOR)
    return out


def cumulative(found: Doubles) -> Doubles:
    """P(failure by the end of each interval) [row, interval], from hazards."""
    survived = np.cumprod(1.0 - found, axis=-1).astype(np.float64)
    return np.clip(1.0 - survived, P_FLOOR, 1 - P_FLOOR)


def p_by(p: Doubles, edges: Doubles, days: Doubles) -> Doubles:
    """Cumulative probabilities [row, day] at `days`, by constant hazard between `edges` and beyond the last."""
    hazard = np.concatenate([np.zeros((len(p), 1)), -np.log1p(-np.clip(p, 0.0, 1 - 1e-9))], axis=1)
    knots = np.concatenate([[0.0], edges])
    out = np.empty((len(p), len(days)))
    for index, day in enumerate(days):
        right = min(int(np.searchsorted(knots, day, side="left")), len(knots) - 1)
        right = max(right, 1)
        share = (day - knots[right - 1]) / (knots[right] - knots[right - 1])
        total = hazard[:, right - 1] + (hazard[:, right] - hazard[:, right - 1]) * share
        out[:, index] = -np.expm1(-total)
    return out


def p_within(p: Doubles, edges: tuple[float, ...], days: float) -> Doubles:
    """P(failure within `days`) [row] from cumulative probabilities at `edges`, as it follows from the TOLD_DAYS."""
    return p_by(p_by(p, np.array(edges), TOLD_DAYS), TOLD_DAYS, np.array([days]))[:, 0]


def logit(p: Doubles) -> Doubles:
    clipped = np.clip(p, P_FLOOR, 1 - P_FLOOR)
    found: Doubles = np.log(clipped / (1 - clipped))
    return found


def expit(x: Doubles) -> Doubles:
    found: Doubles = 1.0 / (1.0 + np.exp(-x))
    return found


def edges_for(horizon_days: float) -> tuple[float, ...]:
    return EDGES if horizon_days <= EDGES[-1] else (*EDGES, float(horizon_days))


def assign_folds(failures_by_group: Indices, *, seed: int) -> Indices:
    """A fold for each group, failures spread evenly."""
    count = len(failures_by_group)
    folds = min(FOLDS, count)
    shuffled = np.random.default_rng(seed).permutation(count)
    by_failures = shuffled[np.argsort(-failures_by_group[shuffled], kind="stable")]
    out: Indices = np.empty(count, np.int64)
    out[by_failures] = np.arange(count) % folds
    return out
