"""The probability from which tickets open: it pays, and of such tickets enough prove needed.

Found by replaying the later slice day by day on assets not seen. A small fleet has few tickets to tell from; there
the probabilities' own promise counts, and of one kind what all kinds have shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from anju_ml.grid import DAY
from anju_ml.hazard import Doubles, expit
from anju_ml.policy import Policy
from anju_ml.prepare import Prepared
from anju_ml.replay import NEEDED_DAYS, open_over_time, worth
from anju_ml.target import Target
from anju_ml.training import Targets, Unseen, UnseenBy

CANDIDATES: Final = expit(np.arange(-1.0, 3.51, 0.25))
"""Probabilities, from 0.27 to 0.97."""
PROMISED_TICKETS: Final = 15.0
"""The probabilities' promise counts as so many tickets whose outcome is known."""
OVERALL_TICKETS: Final = 25.0
"""And for one kind what all kinds together have shown as so many."""


@dataclass(frozen=True)
class Replayed:
    """What a bar would have done: money; tickets; of those whose outcome is known, how many there are (`settled`),
    came to a failure within the horizon (`right`) or within NEEDED_DAYS (`needed`); and how many of all tickets the
    probabilities promised to be `promised_right` and `promised_needed`."""

    saving: float = 0.0
    tickets: int = 0
    settled: int = 0
    right: int = 0
    needed: int = 0
    promised_right: float = 0.0
    promised_needed: float = 0.0

    def __add__(self, other: "Replayed") -> "Replayed":
        return Replayed(
            self.saving + other.saving,
            self.tickets + other.tickets,
            self.settled + other.settled,
            self.right + other.right,
            self.needed + other.needed,
            self.promised_right + other.promised_right,
            self.promised_needed + other.promised_needed,
        )


@dataclass(frozen=True)
class Shares:
    """Estimated shares of tickets that prove right and needed."""

    right: float
    needed: float

    def suffice(self, policy: Policy) -> bool:
        return self.right >= policy.trust and self.needed >= policy.needed


def promised(found: Replayed, bar: float, policy: Policy) -> Shares:
    """What the probabilities of the tickets promise; that of a ticket right at the bar where there is none."""
    if not found.tickets:
        return Shares(bar, float(needed_p(np.array(bar), policy)))
    return Shares(found.promised_right / found.tickets, found.promised_needed / found.tickets)


def needed_p(p: Doubles, policy: Policy) -> Doubles:
    """P(failure within NEEDED_DAYS) from that of one within the horizon, by constant hazard."""
    found: Doubles = 1.0 - (1.0 - p) ** max(NEEDED_DAYS * DAY / policy.horizon, 1.0)
    return found


def estimated(found: Replayed, prior: Shares, strength: float) -> Shares:
    """What came out, shrunk to `prior` as if that were `strength` tickets."""
    total = found.settled + strength
    return Shares((found.right + strength * prior.right) / total, (found.needed + strength * prior.needed) / total)


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
    said = p[opened.assets, opened.origins]
    whole = value.settled & (unseen.found.recorded_for[opened.origins] >= horizon)
    return Replayed(
        saving=value.saving(policy.false_visit),
        tickets=len(opened.assets),
        settled=int(whole.sum()),
        right=int((value.hit & whole).sum()),
        needed=int((value.useful & whole).sum()),
        promised_right=float(said.sum()),
        promised_needed=float(needed_p(said, policy).sum()),
    )


def choose_thresholds(prepared: Mapping[str, Prepared], targets: Targets, unseen: UnseenBy, policy: Policy) -> Targets:
    """Targets with the lowest threshold that pays and under which enough tickets prove right and needed for the crew
    to trust them, over the kind's components together."""
    tried = {kind: _try_all(prepared[kind], found, unseen[kind], policy) for kind, found in targets.items()}
    overall = [sum((each[index] for each in tried.values()), Replayed()) for index in range(len(CANDIDATES))]
    common = [
        estimated(each, promised(each, float(bar), policy), PROMISED_TICKETS)
        for bar, each in zip(CANDIDATES, overall, strict=True)
    ]
    out: Targets = {}
    for kind, found in targets.items():
        shares = [
            estimated(each, prior, OVERALL_TICKETS) if each.tickets else prior
            for each, prior in zip(tried[kind], common, strict=True)
        ]
        bar = _lowest_trusted(shares, policy)
        out[kind] = {
            name: replace(target, threshold=max(policy.bar(kind, name), bar)) for name, target in found.items()
        }
    return out


def _try_all(
    prepared: Prepared, targets: Mapping[str, Target], unseen: Mapping[str, Unseen], policy: Policy
) -> list[Replayed]:
    """By candidate: what it would have done to all components together."""
    total = [Replayed()] * len(CANDIDATES)
    for name, target in targets.items():
        p = calibrated_p(target, unseen[name])
        for index, bar in enumerate(CANDIDATES):
            tried = replace(target, threshold=max(policy.bar(target.kind, name), float(bar)))
            total[index] += replayed(prepared, tried, p, unseen[name], policy)
    return total


def _lowest_trusted(shares: list[Shares], policy: Policy) -> float:
    """The lowest candidate from which on tickets are trusted; the highest where none is."""
    trusted = [each.suffice(policy) for each in shares]
    return float(next((bar for bar, enough in zip(CANDIDATES, trusted, strict=True) if enough), CANDIDATES[-1]))
