"""Whether a model may open tickets: what it would have earned on the later slice, on assets not seen, against the
best of the baselines there. It may where they win as the policy prices
them, or in what goes beyond chance: where failures are frequent any visit seems to be of use."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from anju_ml.baselines import Visit, calendar, three_repairs
from anju_ml.chance import beyond, by_chance
from anju_ml.counts import count_records
from anju_ml.grid import DAY
from anju_ml.history import History
from anju_ml.policy import Policy
from anju_ml.prepare import Prepared
from anju_ml.replay import NEEDED_DAYS, Doubles, Flags, Opened, Worth, worth
from anju_ml.target import Target
from anju_ml.thresholds import calibrated_p, opened_by
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
    saving, priced, tickets = 0.0, 0.0, 0
    for kind, each in prepared.items():
        for name, target in targets[kind].items():
            own = unseen[kind][name]
            opened = opened_by(each, target, calibrated_p(target, own, policy), own, policy)
            tickets += len(opened.assets)
            value = _worth(kind, name, own, opened, _days(each), policy=policy)
            priced += float(value.kept.sum()) - policy.false_visit * int((value.settled & ~value.useful).sum())
            every = {name: np.ones(len(opened.assets), np.bool_)}
            saving += saving_beyond_chance(kind, opened, every, _days(each), {name: own}, policy=policy)
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
    rival = max(
        sum(_visits_as_priced(arm[kind], prepared[kind], unseen[kind], policy) for kind in arm) for arm in arms.values()
    )
    better = bool(tickets > 0 and (saving > max(baselines[best], 0.0) or priced > max(rival, 0.0)))
    rivals = {name: round(value) for name, value in baselines.items()}
    metrics = {"later_slice": {"saving": round(saving), "tickets": tickets, "baselines": rivals}}
    return Verdict(better, "" if better else _why_not(saving, tickets, best, baselines[best]), metrics)


def _worth(kind: str, name: str, unseen: Unseen, opened: Opened, days: Doubles, *, policy: Policy) -> Worth:
    return worth(
        opened,
        unseen.found,
        days,
        lead=policy.lead / DAY,
        horizon=policy.horizon / DAY,
        benefit=policy.benefit(kind, name),
    )


def _visits_as_priced(visits: list[Visit], prepared: Prepared, unseen: Mapping[str, Unseen], policy: Policy) -> float:
    days = _days(prepared)
    kept, useful = 0.0, np.zeros(len(visits), np.bool_)
    assets = np.array([visit.asset for visit in visits], np.int64)
    positions = np.clip(np.searchsorted(days, [visit.day for visit in visits]), 0, len(days) - 1)
    for name, each in unseen.items():
        own = np.array([visit.component in (None, name) for visit in visits], np.bool_)
        value = _worth(prepared.grid.kind, name, each, Opened(assets[own], positions[own]), days, policy=policy)
        kept += float(value.kept.sum())
        useful[own] |= value.useful | ~value.settled
    return kept - policy.false_visit * int((~useful).sum())


def _days(prepared: Prepared) -> Doubles:
    return prepared.features.origins[prepared.later].astype(np.float64)


def _why_not(saving: float, tickets: int, best: str, earned: float) -> str:
    if not tickets:
        return "No risk on the later slice was high enough for a ticket to pay."
    rival = f"{best.replace('_', ' ')} {earned:.0f}" if earned > 0 else "no proactive visit 0"
    return f"On assets it hadn't seen, its {tickets} tickets would have saved {saving:.0f} CNY beyond chance; {rival}."


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
    origins = _days(prepared)
    positions = np.clip(np.searchsorted(origins, [visit.day for visit in visits]), 0, len(origins) - 1)
    opened = Opened(np.array([visit.asset for visit in visits], np.int64), positions)
    looked_at = {name: np.array([visit.component in (None, name) for visit in visits], np.bool_) for name in unseen}
    return saving_beyond_chance(kind, opened, looked_at, origins, unseen, policy=policy)


def saving_beyond_chance(
    kind: str,
    opened: Opened,
    looked_at: Mapping[str, Flags],
    days: Doubles,
    unseen: Mapping[str, Unseen],
    *,
    policy: Policy,
) -> float:
    """Money kept by visits, each looking at the components that `looked_at` [visit] says, less what as many visits on
    any days would seem to keep. `days` are the moments of the origins of `unseen`."""
    useful, settled = np.zeros(len(opened.assets), np.bool_), np.ones(len(opened.assets), np.bool_)
    kept, spared = 0.0, np.ones(len(opened.assets))
    for name, each in unseen.items():
        own = looked_at[name]
        benefit, lead = policy.benefit(kind, name), policy.lead / DAY
        value = worth(
            Opened(opened.assets[own], opened.origins[own]),
            each.found,
            days,
            lead=lead,
            horizon=policy.horizon / DAY,
            benefit=1.0,
        )
        known = int(value.settled.sum())
        useful[own] |= value.useful
        settled[own] &= value.settled | value.useful
        at_all, too_late = by_chance(each.found, NEEDED_DAYS, policy), by_chance(each.found, lead, policy)
        kept += benefit * _beyond(float(value.kept.sum()), known, at_all - too_late)
        spared[own] *= 1.0 - at_all
    judged = useful | settled
    seemed = float((1.0 - spared)[judged].mean()) if judged.any() else 0.0
    return kept - policy.false_visit * (int(judged.sum()) - _beyond(int(useful.sum()), int(judged.sum()), seemed))


def _beyond(hits: float, of: int, chance: float) -> float:
    return of * beyond(hits / of, chance) if of else 0.0
