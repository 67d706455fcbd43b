"""Two checks of every backtest against leaks: cut the future off, and take the labels' meaning away."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import numpy as np
import polars as pl

from anju_ml.engine_tasks import Ground
from anju_ml.failures import find_failures
from anju_ml.features import compute_features
from anju_ml.grid import DAY, Grid, daily_grids
from anju_ml.hazard import cumulative, edges_for
from anju_ml.history import History
from anju_ml.layout import learn_layout, origin_of
from anju_ml.policy import Policy
from anju_ml.prepare import prepare
from anju_ml.screening import auc
from anju_ml.training import fit_targets

SIGMAS: Final = 3.0
AUC_SPREAD: Final = 0.29
"""Of one random case among many others: 1 / sqrt(12)."""


def future_cut(history: History, grids: Mapping[str, Grid], *, start: datetime) -> dict[str, Any]:
    """Whether features at `start` are the same, number by number, when everything later is deleted first."""
    known = history.known_at(start).tidy()
    short = daily_grids(known, anchor=start)
    same = all(_same_features(history, known, grid, short[kind], start) for kind, grid in grids.items())
    return {"same_features": same, "passed": same}


def shuffled(on: Ground, start: datetime) -> dict[str, Any]:
    """Whether hazards learned from failures dealt to random assets tell nothing about assets not seen."""
    found = _shuffled_auc(on.history.known_at(start).tidy(), on.grids, start=start, policy=on.policy, seed=on.seed)
    if found is None:
        return {"auc": None, "passed": True}
    measured, failures = found
    chance = 0.5 + SIGMAS * AUC_SPREAD / np.sqrt(failures)
    return {"auc": round(measured, 3), "at_most": round(float(chance), 3), "passed": bool(measured <= chance)}


def _same_features(history: History, known: History, grid: Grid, cut: Grid, start: datetime) -> bool:
    origin = origin_of(grid, start)
    if cut.start != grid.start:
        return False
    layout = learn_layout(known, cut, origin=origin)
    whole = compute_features(history, grid, layout, np.array([origin]))
    short = compute_features(known, cut, layout, np.array([origin]))
    return np.array_equal(whole.common, short.common, equal_nan=True) and all(
        np.array_equal(whole.own[name], short.own[name], equal_nan=True) for name in whole.own
    )


def _shuffled_auc(
    known: History, grids: Mapping[str, Grid], *, start: datetime, policy: Policy, seed: int
) -> tuple[float, int] | None:
    """AUC on assets not seen for the component with most failures of the kind with most, and how many there were;
    None where there are too few to learn from."""
    failures = find_failures(known).join(known.assets.select("asset_id", "kind"), on="asset_id")
    counts = failures.group_by("kind").len().sort(["len", "kind"], descending=[True, False])
    grid = grids[counts["kind"][0]]
    dealt = _deal(failures.filter(pl.col("kind") == grid.kind), grid, seed)
    horizon = policy.horizon / DAY
    prepared = prepare(known, dealt, grid, as_of=start, horizon_days=horizon, seed=seed)
    most = max(prepared.failures, key=lambda name: prepared.failures[name])
    counts_of_most = {name: (number if name == most else 0) for name, number in prepared.failures.items()}
    alone = {grid.kind: replace(prepared, failures=counts_of_most)}
    _, unseen = fit_targets(alone, edges=edges_for(horizon), seed=seed)
    if most not in unseen.get(grid.kind, {}):
        return None
    found = unseen[grid.kind][most].found
    settled = found.settled_for(horizon)
    p = cumulative(unseen[grid.kind][most].hazards[settled])[:, -1]
    failed = found.failed_within(horizon)[settled]
    if not failed.any() or failed.all():
        return None
    ahead = found.failed_within(horizon).astype(np.int8)
    number = int(np.count_nonzero(np.diff(ahead, axis=1) < 0)) + int(np.count_nonzero(ahead[:, -1]))
    return auc(p[failed], p[~failed]), max(number, 1)


def _deal(failures: pl.DataFrame, grid: Grid, seed: int) -> pl.DataFrame:
    """The same failures, each with another asset of the kind."""
    rng = np.random.default_rng(seed)
    names = rng.choice(list(grid.assets), len(failures))
    return failures.with_columns(pl.Series("asset_id", names.tolist(), dtype=pl.String)).sort("asset_id", "onset")
