"""Whether a model may open tickets: what it would have earned on the later slice, on assets not seen, against the
best of the baselines there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from anju_ml.baselines import Visit, calendar, three_repairs
from anju_ml.counts import count_records
from anju_ml.grid import DAY
from anju_ml.history import History
from anju_ml.policy import Policy
from anju_ml.prepare import Prepared
from anju_ml.replay import Opened, worth
from anju_ml.target import Target
from anju_ml.thresholds import Replayed, calibrated_p, replayed
from anju_ml.training import Unseen


@dataclass(frozen=True)
class Verdict:
    opens_tickets: bool
    why_not: str
    metrics: dict[str, Any] = field(default_factory=dict)


def judge_model(
    prepared: Mapping[str, Prepared],
    targets: Mapping[str, Mapping[str, Target]],
    unseen: Mapping[str, Mapping[str, Unseen]],
    history: History,
    policy: Policy,
    *,
    as_of: datetime,
    seed: int,
) -> Verdict:
    """Compare savings (money) of the model, of three repairs in 90 days and of the calendar on the later slice."""
    total = Replayed()
    for kind, each in prepared.items():
        for name, target in targets[kind].items():
            total += replayed(
                each, target, calibrated_p(target, unseen[kind][name], policy), unseen[kind][name], policy
            )
    saving, tickets = total.saving, total.tickets
    grids = {kind: each.grid for kind, each in prepared.items()}
    days = {kind: each.features.origins[each.later] for kind, each in prepared.items()}
    arms = {"calendar": calendar(grids, days, visits=tickets)}
    horizon = int(policy.horizon / DAY)
    arms["three_repairs"] = {
        kind: three_repairs(count_records(history, each.grid, each.layout), each.layout, days[kind], horizon=horizon)
        for kind, each in prepared.items()
    }
    baselines = {name: _saving(arm, prepared, unseen, policy) for name, arm in arms.items()}
    best = max(baselines, key=lambda name: baselines[name])
    better = tickets > 0 and saving > max(baselines[best], 0.0)
    rivals = {name: round(value) for name, value in baselines.items()}
    metrics = {"later_slice": {"saving": round(saving), "tickets": tickets, "baselines": rivals}}
    return Verdict(better, "" if better else _why_not(saving, tickets, best, baselines[best]), metrics)


def _why_not(saving: float, tickets: int, best: str, earned: float) -> str:
    if not tickets:
        return "No risk on the later slice was high enough for a ticket to pay."
    rival = f"{best.replace('_', ' ')} {earned:.0f}" if earned > 0 else "no proactive visit 0"
    return f"On assets it hadn't seen, its {tickets} tickets would have saved {saving:.0f} CNY; {rival}."


def _saving(
    arm: Mapping[str, list[Visit]],
    prepared: Mapping[str, Prepared],
    unseen: Mapping[str, Mapping[str, Unseen]],
    policy: Policy,
) -> float:
    return sum(_saving_of_kind(kind, visits, prepared[kind], unseen[kind], policy) for kind, visits in arm.items())


def _saving_of_kind(
    kind: str, visits: list[Visit], prepared: Prepared, unseen: Mapping[str, Unseen], policy: Policy
) -> float:
    """Visits to a whole asset are of use when they are for any of its components."""
    origins = prepared.features.origins[prepared.later]
    positions = np.clip(np.searchsorted(origins, [visit.day for visit in visits]), 0, len(origins) - 1)
    assets = np.array([visit.asset for visit in visits], np.int64)
    useful = np.zeros(len(visits), np.bool_)
    kept = 0.0
    for name, each in unseen.items():
        own = np.array([visit.component in (None, name) for visit in visits], np.bool_)
        value = worth(
            Opened(assets[own], positions[own]),
            each.found,
            origins.astype(np.float64),
            lead=policy.lead / DAY,
            horizon=policy.horizon / DAY,
            benefit=policy.benefit(kind, name),
        )
        kept += float(value.kept.sum())
        useful[own] |= value.useful | ~value.settled
    return kept - policy.false_visit * int((~useful).sum())
