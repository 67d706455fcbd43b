"""A trained model: from a history to risks."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np

from anju_ml.errors import TooPoor
from anju_ml.explain import explain
from anju_ml.failures import find_failures
from anju_ml.grid import DAY, Grid, daily_grids
from anju_ml.hazard import edges_for
from anju_ml.history import History
from anju_ml.policy import Policy
from anju_ml.predicting import Block, predict_block, risks_of
from anju_ml.prepare import Prepared, prepare
from anju_ml.risk import Reason, Risk
from anju_ml.target import KindModel, Target
from anju_ml.thresholds import choose_thresholds
from anju_ml.training import calibrated, fit_targets
from anju_ml.verdict import Verdict, judge_model

__all__ = ["Model", "Reason", "Risk", "train"]

FAILURES_AT_LEAST: Final = 8
DAYS_AT_LEAST: Final = 45
ASSETS_AT_LEAST: Final = 3
EXPLAINED_FROM: Final = 0.5
"""Share of a ticket's threshold from which a risk gets its reasons."""


@dataclass(frozen=True)
class Model:
    """`metrics` are plain JSON values. `opens_tickets` is False when the model doesn't beat the best baseline on
    assets it has not seen; `why_not` then says so in a sentence."""

    kinds: Mapping[str, KindModel]
    policy: Policy
    trained_at: datetime
    seed: int
    metrics: Mapping[str, Any]
    opens_tickets: bool = True
    why_not: str = ""

    def predict(self, history: History, *, as_of: datetime) -> list[Risk]:
        """Risks of every component of every asset observed in `history`; what came after `as_of` is ignored."""
        known = history.known_at(as_of).tidy()
        risks: list[Risk] = []
        for kind, grid in daily_grids(known, anchor=as_of).items():
            if kind in self.kinds:
                blocks = predict_block(self.kinds[kind], known, grid, np.array([grid.days]))
                risks += self._risks(blocks, grid)
        return risks

    def _risks(self, block: Block, grid: Grid) -> list[Risk]:
        found = risks_of(self.kinds[grid.kind], block, grid, position=0)
        bar = {
            name: max(target.threshold, self.policy.bar(grid.kind, name))
            for name, target in self.kinds[grid.kind].targets.items()
        }
        chosen = [index for index, risk in enumerate(found) if risk.p_30d >= EXPLAINED_FROM * bar[risk.component]]
        reasons = explain(self.kinds[grid.kind], block, grid, [found[index] for index in chosen], position=0)
        for index, why in zip(chosen, reasons, strict=True):
            found[index] = replace(found[index], reasons=why)
        return found


def train(
    history: History, *, as_of: datetime, horizon: timedelta, lead: timedelta, policy: Policy, seed: int = 0
) -> Model:
    """A model from what was known at `as_of`; raises TooPoor when that is too little."""
    known = history.known_at(as_of).tidy()
    check_rich_enough(known, as_of=as_of)
    policy = replace(policy, horizon=horizon, lead=lead)
    return train_on(known, daily_grids(known, anchor=as_of), as_of=as_of, policy=policy, seed=seed)


def train_on(known: History, grids: Mapping[str, Grid], *, as_of: datetime, policy: Policy, seed: int) -> Model:
    """As `train`, from what was known at `as_of` and grids that may reach beyond it."""
    failures = find_failures(known)
    edges = edges_for(policy.horizon / DAY)
    prepared = {
        kind: prepare(known, failures, grid, as_of=as_of, horizon_days=edges[-1], seed=seed)
        for kind, grid in grids.items()
    }
    targets, unseen = fit_targets(prepared, edges=edges, seed=seed)
    if not any(targets.values()):
        raise TooPoor(f"{len(failures)} failures on record, but none with days enough before it to learn from")
    targets = {kind: calibrated(found, unseen[kind], edges[-1]) for kind, found in targets.items()}
    targets = choose_thresholds(prepared, targets, unseen, policy)
    verdict = judge_model(prepared, targets, unseen, known, policy, as_of=as_of, seed=seed)
    return _model(prepared, targets, verdict, policy=policy, as_of=as_of, seed=seed)


def _model(
    prepared: Mapping[str, Prepared],
    targets: Mapping[str, dict[str, Target]],
    verdict: Verdict,
    *,
    policy: Policy,
    as_of: datetime,
    seed: int,
) -> Model:
    metrics = {
        "trained_at": as_of.isoformat(),
        "first_day": min(each.grid.start for each in prepared.values()).isoformat(),
        "assets": sum(len(each.grid.assets) for each in prepared.values()),
        "failures": sum(sum(each.failures.values()) for each in prepared.values()),
        "components": {
            f"{kind}/{name}": {
                "weights": {sort: round(weight, 3) for sort, weight in target.weights.items()},
                "failures": target.failures,
                "threshold": round(target.threshold, 4),
                "slope": round(target.calibrator.slope, 3),
            }
            for kind, found in targets.items()
            for name, target in found.items()
        },
        **verdict.metrics,
    }
    kinds = {kind: KindModel(each.layout, targets[kind]) for kind, each in prepared.items() if targets[kind]}
    return Model(kinds, policy, as_of, seed, metrics, verdict.opens_tickets, verdict.why_not)


def check_rich_enough(known: History, *, as_of: datetime) -> None:
    """Raises TooPoor with a plain sentence when nothing could be learned."""
    span = known.span()
    days = 0.0 if span is None else (as_of - span[0]) / DAY
    if days < DAYS_AT_LEAST:
        raise TooPoor(f"the history reaches back {days:.0f} days before {as_of:%Y-%m-%d}; {DAYS_AT_LEAST} are needed")
    if len(known.assets) < ASSETS_AT_LEAST:
        raise TooPoor(f"{len(known.assets)} asset(s) on record; {ASSETS_AT_LEAST} are needed to tell wear from chance")
    if known.assets["kind"].is_unique().all():
        raise TooPoor("no two assets on record are of one kind; of an only one nothing can be told from its peers")
    if not any(len(frame) for frame in (*known.readings, known.events)):
        raise TooPoor(f"no reading and no event before {as_of:%Y-%m-%d}")
    failures = len(find_failures(known))
    if failures < FAILURES_AT_LEAST:
        raise TooPoor(
            f"{failures} failures (corrective repairs with a fault found) before {as_of:%Y-%m-%d}; "
            f"{FAILURES_AT_LEAST} are needed"
        )
