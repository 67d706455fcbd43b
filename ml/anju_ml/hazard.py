"""Discrete-time hazard by gradient boosting: P(failure in an interval | none before), from features and interval.

Probabilities of longer horizons follow from shorter ones, so they never fall. Every model is several members,
each fitted without a share of the assets; these are predicted by that member alone, which gives honest
probabilities for calibration and for choosing when to open tickets.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier

from anju_ml.grid import Floats
from anju_ml.screening import screen

EDGES: Final = (1.0, 3.0, 7.0, 14.0, 30.0)
"""Ends of the intervals in days; a longer horizon adds its own."""
FOLDS: Final = 5
NEGATIVES_AT_MOST: Final = 6000
NEGATIVES_PER_POSITIVE: Final = 6
COLUMNS_AT_MOST: Final = 48
P_FLOOR: Final = 1e-7
Doubles = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Rows:
    """Training rows: features [row, feature], and for each row its group (asset), when it failed next, and for how
    long that is known (days)."""

    values: Floats
    groups: Indices
    fails_in: Doubles
    known_for: Doubles

    def take(self, rows: Indices | Flags) -> "Rows":
        return Rows(self.values[rows], self.groups[rows], self.fails_in[rows], self.known_for[rows])


@dataclass(frozen=True)
class Member:
    """One estimator over the chosen `columns` and the number of the interval as last column."""

    columns: Indices
    estimator: Any

    def hazards(self, values: Floats, intervals: int) -> Doubles:
        """[row, interval]"""
        chosen = values[:, self.columns]
        out = np.empty((len(values), intervals))
        for interval in range(intervals):
            step = np.full((len(values), 1), interval, np.float32)
            out[:, interval] = self.estimator.predict_proba(np.hstack([chosen, step]))[:, 1]
        return np.clip(out, P_FLOOR, 1 - P_FLOOR)


@dataclass(frozen=True)
class Hazard:
    """`edges`: ends of the intervals in days. `members[k]` never saw the assets of fold k."""

    edges: tuple[float, ...]
    members: tuple[Member, ...]

    def predict(self, values: Floats) -> tuple[Doubles, Doubles]:
        """Hazards [row, interval] of the members' mean log-odds, and the spread of the members' log-odds of failure
        within the last edge [row]."""
        logits: list[Doubles] = []
        wholes: list[Doubles] = []
        for member in self.members:
            hazards = member.hazards(values, len(self.edges))
            logits.append(logit(hazards))
            wholes.append(logit(cumulative(hazards)[:, -1]))
        spread = np.array(wholes).std(axis=0).astype(np.float64)
        return expit(np.array(logits).mean(axis=0)), spread

    def predict_unseen(self, values: Floats, folds: Indices) -> Doubles:
        """Hazards [row, interval] of each row from the member that never saw its fold."""
        out = np.empty((len(values), len(self.edges)))
        for fold, member in enumerate(self.members):
            rows = folds == fold
            if rows.any():
                out[rows] = member.hazards(values[rows], len(self.edges))
        return out


def fit_hazard(rows: Rows, folds: Indices, *, edges: tuple[float, ...], always: Sequence[int], seed: int) -> Hazard:
    """A hazard from `rows`; `folds` gives each row's fold, `always` the columns that screening may not drop."""
    members = []
    for fold in range(int(folds.max()) + 1):
        kept = thin(rows.take(folds != fold), edges[-1], seed=seed + fold)
        members.append(_fit_member(*kept, edges=edges, always=always, seed=seed + fold))
    return Hazard(edges, tuple(members))


def thin(rows: Rows, horizon: float, *, seed: int) -> tuple[Rows, Doubles]:
    """All rows that failed within the horizon, a sample of the others, and weights that make up for it."""
    failed = (rows.fails_in < horizon) & (rows.fails_in <= rows.known_for)
    positive, negative = np.flatnonzero(failed), np.flatnonzero(~failed)
    wanted = min(max(NEGATIVES_PER_POSITIVE * len(positive), 1500), NEGATIVES_AT_MOST, len(negative))
    chosen = np.random.default_rng(seed).choice(negative, wanted, replace=False)
    kept = np.sort(np.concatenate([positive, chosen]))
    weights = np.where(failed[kept], 1.0, len(negative) / max(wanted, 1))
    return rows.take(kept), weights


def _fit_member(rows: Rows, weights: Doubles, *, edges: tuple[float, ...], always: Sequence[int], seed: int) -> Member:
    failed = (rows.fails_in < edges[-1]) & (rows.fails_in <= rows.known_for)
    columns = screen(rows.values, failed, most=COLUMNS_AT_MOST, always=always)
    row, interval, event = expand(rows, edges)
    step = interval.astype(np.float32)[:, None]
    values = np.hstack([rows.values[row][:, columns], step])
    estimator = HistGradientBoostingClassifier(
        learning_rate=0.06,
        max_iter=120,
        max_leaf_nodes=12,
        min_samples_leaf=20,
        l2_regularization=3.0,
        max_features=0.5,
        max_bins=64,
        early_stopping=False,
        random_state=seed,
    )
    if not event.any():
        event[0] = True
    estimator.fit(values, event.astype(np.int8), sample_weight=weights[row] / weights[row].mean())
    return Member(columns, estimator)


def expand(rows: Rows, edges: tuple[float, ...]) -> tuple[Indices, Indices, Flags]:
    """Person-period form: (row, interval, whether it failed in it) for each interval that the row entered and whose
    outcome is known. An interval cut by censoring is left out: a prevented failure is no survival."""
    found_rows, found_intervals, found_events = [], [], []
    start = 0.0
    for interval, end in enumerate(edges):
        event = (rows.fails_in >= start) & (rows.fails_in < end) & (rows.fails_in <= rows.known_for)
        survived = (rows.fails_in >= end) & (rows.known_for >= end)
        at_risk = np.flatnonzero(event | survived)
        found_rows.append(at_risk)
        found_intervals.append(np.full(len(at_risk), interval, np.int64))
        found_events.append(event[at_risk])
        start = end
    return np.concatenate(found_rows), np.concatenate(found_intervals), np.concatenate(found_events)


def cumulative(hazards: Doubles) -> Doubles:
    """P(failure by the end of each interval) [row, interval]."""
    survived = np.cumprod(1.0 - hazards, axis=-1).astype(np.float64)
    return np.clip(1.0 - survived, P_FLOOR, 1 - P_FLOOR)


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
