"""The probability from which tickets earn most, found by replaying the later slice on assets not seen."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from anju_ml.grid import DAY
from anju_ml.hazard import Doubles, expit, logit
from anju_ml.policy import Policy
from anju_ml.prepare import Prepared
from anju_ml.replay import open_over_time, worth
from anju_ml.target import Target
from anju_ml.training import Targets, Unseen, UnseenBy

STEPS: Final = np.arange(0.0, 5.01, 0.25)
"""Candidates: the break-even's log-odds plus so much."""
TICKETS_ENOUGH: Final = 8
"""With fewer tickets on the later slice a kind's own choice says little: then that of all kinds counts."""


@dataclass(frozen=True)
class Replayed:
    """What bars would have done: money, tickets, tickets that proved right among those whose outcome is known, and
    the sum of the probabilities they were opened with."""

    saving: float
    tickets: int
    settled: int
    right: int
    expected: float

    def __add__(self, other: "Replayed") -> "Replayed":
        return Replayed(
            self.saving + other.saving,
            self.tickets + other.tickets,
            self.settled + other.settled,
            self.right + other.right,
            self.expected + other.expected,
        )

    def share_right(self) -> float:
        """The mean of what came out and what the probabilities promised."""
        if not self.settled:
            return self.expected / max(self.tickets, 1)
        return (self.right / self.settled + self.expected / self.tickets) / 2


NOTHING: Final = Replayed(0.0, 0, 0, 0, 0.0)


def calibrated_p(target: Target, unseen: Unseen) -> Doubles:
    """P(failure by the last edge) [asset, origin]."""
    shape = unseen.hazards.shape
    p: Doubles = target.calibrator.apply(unseen.hazards.reshape(-1, shape[2]))[:, -1].reshape(shape[:2])
    return np.where(unseen.found.observed, p, 0.0)


def replayed(prepared: Prepared, target: Target, p: Doubles, unseen: Unseen, policy: Policy) -> Replayed:
    """The target's threshold on the later slice."""
    horizon = policy.horizon / DAY
    days = prepared.features.origins[prepared.later].astype(np.float64)
    opened = open_over_time(
        p,
        unseen.found,
        days,
        bar=target.threshold,
        horizon=horizon,
        cool_down=policy.cool_down / DAY,
        margin=policy.reopen_margin,
    )
    benefit = policy.benefit(target.kind, target.component)
    value = worth(opened, unseen.found, days, lead=policy.lead / DAY, horizon=horizon, benefit=benefit)
    promised = float(p[opened.assets, opened.origins].sum())
    right = int((value.hit & value.settled).sum())
    return Replayed(value.saving(policy.false_visit), len(opened.assets), int(value.settled.sum()), right, promised)


def choose_thresholds(prepared: Mapping[str, Prepared], targets: Targets, unseen: UnseenBy, policy: Policy) -> Targets:
    """Targets with the threshold that earned most over the kind's components together, of those under which enough
    tickets prove right for the crew to trust them."""
    tried = {
        kind: [_try(prepared[kind], found, unseen[kind], policy, float(step)) for step in STEPS]
        for kind, found in targets.items()
    }
    overall = [sum((each[index] for each in tried.values()), NOTHING) for index in range(len(STEPS))]
    common = _best(overall, policy)
    out: Targets = {}
    for kind, found in targets.items():
        own = _best(tried[kind], policy)
        step = float(STEPS[own if own is not None else common if common is not None else len(STEPS) - 1])
        out[kind] = {
            name: replace(target, threshold=bar_of(policy, kind, name, step)) for name, target in found.items()
        }
    return out


def bar_of(policy: Policy, kind: str, component: str, step: float) -> float:
    return float(expit(logit(np.array(policy.bar(kind, component))) + step))


def _try(
    prepared: Prepared, targets: Mapping[str, Target], unseen: Mapping[str, Unseen], policy: Policy, step: float
) -> Replayed:
    total = NOTHING
    for name, target in targets.items():
        tried = replace(target, threshold=bar_of(policy, target.kind, name, step))
        total += replayed(prepared, tried, calibrated_p(target, unseen[name]), unseen[name], policy)
    return total


def _best(tried: list[Replayed], policy: Policy) -> int | None:
    """The step that earned most among those that the crew would trust; None where tickets are too few to tell."""
    trusted = [
        index
        for index, each in enumerate(tried)
        if each.tickets >= TICKETS_ENOUGH and each.share_right() >= policy.trust
    ]
    return max(trusted, key=lambda index: tried[index].saving, default=None)
