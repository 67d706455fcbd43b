"""Whether a model may open tickets: what it would have earned on the later slice, on assets not seen, against the
best of the baselines there.

It may where its tickets win as the policy prices them, or in what goes beyond chance: where failures are frequent any
visit seems to be of use, so that the calendar seems to earn much.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from anju_ml.baselines import Visit, calendar, three_repairs
from anju_ml.chance import beyond, by_chance_of_settled
from anju_ml.counts import count_records
from anju_ml.grid import DAY
from anju_ml.history import History
from anju_ml.policy import Policy
from anju_ml.prepare import Prepared
from anju_ml.replay import NEEDED_DAYS, Doubles, Flags, Opened, worth
from anju_ml.target import Target
from anju_ml.thresholds import calibrated_p, opened_by
from anju_ml.training import Unseen


@dataclass(frozen=True)
class Verdict:
    opens_tickets: bool
    why_not: str
    metrics: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Savings:
    """Money kept by visits, less false visits: `priced` as they are, and in what goes `beyond_chance`."""

    priced: float = 0.0
    beyond_chance: float = 0.0

    def __add__(self, other: "Savings") -> "Savings":
        return Savings(self.priced + other.priced, self.beyond_chance + other.beyond_chance)

    def beats(self, rivals: Sequence["Savings"]) -> bool:
        """Whether these are more than nothing and than any of `rivals`, in one of the two ways of counting."""
        priced = self.priced > max(0.0, *(each.priced for each in rivals))
        return priced or self.beyond_chance > max(0.0, *(each.beyond_chance for each in rivals))


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
    found, tickets = Savings(), 0
    for kind, each in prepared.items():
        for name, target in targets[kind].items():
            own = unseen[kind][name]
            opened = opened_by(each, target, calibrated_p(target, own, policy), own, policy)
            tickets += len(opened.assets)
            every = {name: np.ones(len(opened.assets), np.bool_)}
            found += savings_of(kind, opened, every, _days(each), {name: own}, policy=policy)
    grids = {kind: each.grid for kind, each in prepared.items()}
    days = {kind: each.features.origins[each.later] for kind, each in prepared.items()}
    arms = {"calendar": calendar(grids, days, visits=tickets)}
    horizon = int(policy.horizon / DAY)
    arms["three_repairs"] = {
        kind: three_repairs(count_records(history, each.grid, each.layout), each.layout, days[kind], horizon=horizon)
        for kind, each in prepared.items()
    }
    baselines = {name: _savings_of_arm(arm, prepared, unseen, policy) for name, arm in arms.items()}
    better = tickets > 0 and found.beats(list(baselines.values()))
    rivals = {name: round(each.beyond_chance) for name, each in baselines.items()}
    metrics = {"later_slice": {"saving": round(found.beyond_chance), "tickets": tickets, "baselines": rivals}}
    return Verdict(better, "" if better else _why_not(found, tickets, baselines), metrics)


def _days(prepared: Prepared) -> Doubles:
    return prepared.features.origins[prepared.later].astype(np.float64)


def _why_not(found: Savings, tickets: int, baselines: Mapping[str, Savings]) -> str:
    if not tickets:
        return "No risk on the later slice was high enough for a ticket to pay."
    best = max(baselines, key=lambda name: baselines[name].beyond_chance)
    earned = baselines[best].beyond_chance
    rival = f"{best.replace('_', ' ')} {earned:.0f}" if earned > 0 else "no proactive visit 0"
    saved = f"{found.beyond_chance:.0f} CNY beyond chance"
    return f"On assets it hadn't seen, its {tickets} tickets would have saved {saved}; {rival}."


def _savings_of_arm(
    arm: Mapping[str, list[Visit]],
    prepared: Mapping[str, Prepared],
    unseen: Mapping[str, Mapping[str, Unseen]],
    policy: Policy,
) -> Savings:
    parts = (_savings_of_visits(kind, visits, prepared[kind], unseen[kind], policy) for kind, visits in arm.items())
    return sum(parts, Savings())


def _savings_of_visits(
    kind: str, visits: list[Visit], prepared: Prepared, unseen: Mapping[str, Unseen], policy: Policy
) -> Savings:
    """Visits to a whole asset are of use when they are for any of its components."""
    days = _days(prepared)
    positions = np.clip(np.searchsorted(days, [visit.day for visit in visits]), 0, len(days) - 1)
    opened = Opened(np.array([visit.asset for visit in visits], np.int64), positions)
    looked_at = {name: np.array([visit.component in (None, name) for visit in visits], np.bool_) for name in unseen}
    return savings_of(kind, opened, looked_at, days, unseen, policy=policy)


def savings_of(
    kind: str,
    opened: Opened,
    looked_at: Mapping[str, Flags],
    days: Doubles,
    unseen: Mapping[str, Unseen],
    *,
    policy: Policy,
) -> Savings:
    """What visits kept, each looking at the components that `looked_at` [visit] says; beyond chance is that less
    what as many visits on any days would seem to keep. `days` are the moments of the origins of `unseen`."""
    count, lead = len(opened.assets), policy.lead / DAY
    useful, settled, spared = np.zeros(count, np.bool_), np.ones(count, np.bool_), np.ones(count)
    kept = Savings()
    for name, each in unseen.items():
        own, benefit = looked_at[name], policy.benefit(kind, name)
        visited = Opened(opened.assets[own], opened.origins[own])
        value = worth(visited, each.found, days, lead=lead, horizon=policy.horizon / DAY, benefit=1.0)
        at_all, too_late = (by_chance_of_settled(each.found, days, policy) for days in (NEEDED_DAYS, lead))
        hits = float(value.kept.sum())
        kept += Savings(benefit * hits, benefit * _beyond(hits, int(value.settled.sum()), at_all - too_late))
        useful[own] |= value.useful
        settled[own] &= value.settled
        spared[own] *= 1.0 - at_all
    judged = useful | settled
    seemed = float((1.0 - spared)[judged].mean()) if judged.any() else 0.0
    seen = _beyond(int(useful.sum()), int(judged.sum()), seemed)
    false, idle = int(judged.sum()) - int(useful.sum()), int(judged.sum()) - seen
    return kept + Savings(-policy.false_visit * false, -policy.false_visit * idle)


def _beyond(hits: float, of: int, chance: float) -> float:
    return of * beyond(hits / of, chance) if of else 0.0
