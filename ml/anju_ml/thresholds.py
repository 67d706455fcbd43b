"""The probability from which tickets open: it earns next to the most, and of such tickets enough prove needed.

Found by replaying the later slice day by day on assets not seen, at every bar in turn. A small fleet has few tickets to
tell from; there the probabilities' own promise counts. Whatever any ticket on any day would have shown counts for
nothing. All components go by one bar, since their probabilities are calibrated, unless theirs pays from a higher one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from sklearn.isotonic import IsotonicRegression

from anju_ml.chance import beyond, by_chance
from anju_ml.grid import DAY
from anju_ml.hazard import Doubles, expit, p_within
from anju_ml.policy import NEEDED_WITHIN, Policy
from anju_ml.prepare import Prepared
from anju_ml.replay import Opened, open_over_time
from anju_ml.target import Target
from anju_ml.training import Targets, Unseen, UnseenBy

CANDIDATES: Final = expit(np.arange(-1.25, 3.51, 0.125))
"""Probabilities, from 0.22 to 0.97."""
FOLLOWED_DAYS: Final = NEEDED_WITHIN / DAY
"""A ticket was needed when the component failed or was found worn so soon."""
PROMISED_TICKETS: Final = 30.0
"""The probabilities' promise counts as so many tickets whose outcome is known."""
WORTH_SHARE: Final = 0.95
"""A bar is as good as the one that earns most when it earns so much of that. The highest such bar is taken: what is
given up is little, and the crew goes out less often for nothing."""


@dataclass(frozen=True)
class Shares:
    """Shares of tickets that prove right and needed."""

    right: float
    needed: float

    def suffice(self, policy: Policy) -> bool:
        return self.right >= policy.trust and self.needed >= policy.needed

    def beyond(self, chance: "Shares") -> "Shares":
        """What of them isn't chance."""
        return Shares(beyond(self.right, chance.right), beyond(self.needed, chance.needed))


@dataclass(frozen=True)
class Replayed:
    """What a bar would have done: by ticket what its probability was (`p`), when the component failed next
    (`fails_in`), for how long that is known (`known_for`) and when a visit found it worn (`worn_in`), in days; and how
    many tickets were opened a whole horizon before the end of the record (`settled`). `chance`: what as many tickets on
    any days would show."""

    p: Doubles = field(default_factory=lambda: np.empty(0))
    fails_in: Doubles = field(default_factory=lambda: np.empty(0))
    known_for: Doubles = field(default_factory=lambda: np.empty(0))
    worn_in: Doubles = field(default_factory=lambda: np.empty(0))
    settled: int = 0
    chance: Shares = field(default_factory=lambda: Shares(0.0, 0.0))

    @property
    def tickets(self) -> int:
        return len(self.p)

    def failed_by(self, days: float) -> float:
        """Share of the tickets whose component failed within `days`, by Kaplan and Meier: a record that ends, or a
        preventive repair, says nothing of what would have come after it."""
        return _happened_by(days, self.fails_in, self.known_for)

    def needed_by(self, days: float) -> float:
        """The same of those that failed or were found worn."""
        return _happened_by(days, np.minimum(self.fails_in, self.worn_in), self.known_for)

    def _chance_with(self, other: "Replayed") -> Shares:
        total = max(self.tickets + other.tickets, 1)
        return Shares(
            (self.tickets * self.chance.right + other.tickets * other.chance.right) / total,
            (self.tickets * self.chance.needed + other.tickets * other.chance.needed) / total,
        )

    def __add__(self, other: "Replayed") -> "Replayed":
        return Replayed(
            np.concatenate([self.p, other.p]),
            np.concatenate([self.fails_in, other.fails_in]),
            np.concatenate([self.known_for, other.known_for]),
            np.concatenate([self.worn_in, other.worn_in]),
            self.settled + other.settled,
            self._chance_with(other),
        )


def _happened_by(days: float, happens_in: Doubles, known_for: Doubles) -> float:
    """Share to which it happened within `days`, by Kaplan and Meier."""
    until = np.minimum(happens_in, known_for)
    happened = happens_in <= known_for
    spared = 1.0
    for day in np.unique(until[happened & (until < days)]):
        spared *= 1.0 - (happened & (until == day)).sum() / (until >= day).sum()
    return 1.0 - spared


def promised(found: Replayed, bar: float, policy: Policy) -> Shares:
    """What the probabilities of the tickets promise beyond chance; that of a ticket right at the bar where there is
    none."""
    p = found.p if found.tickets else np.array([bar])
    return Shares(float(p.mean()), float(needed_p(p, policy).mean())).beyond(found.chance)


def needed_p(p: Doubles, policy: Policy) -> Doubles:
    """P(failure within FOLLOWED_DAYS) from that of one within the horizon, by constant hazard."""
    found: Doubles = 1.0 - (1.0 - p) ** max(FOLLOWED_DAYS * DAY / policy.horizon, 1.0)
    return found


def estimated(found: Replayed, prior: Shares, strength: float, policy: Policy) -> Shares:
    """What came out beyond chance, shrunk to `prior` as if that were `strength` tickets."""
    total = found.settled + strength
    right = found.failed_by(policy.horizon / DAY) - found.failed_by(policy.lead / DAY)
    seen = Shares(right, found.needed_by(FOLLOWED_DAYS)).beyond(found.chance)
    return Shares(
        (found.settled * seen.right + strength * prior.right) / total,
        (found.settled * seen.needed + strength * prior.needed) / total,
    )


def calibrated_p(target: Target, unseen: Unseen, policy: Policy) -> Doubles:
    """P(failure within the horizon) [asset, origin], as decisions are told it."""
    shape = unseen.hazards.shape
    by_edge = target.calibrator.apply(unseen.hazards.reshape(-1, shape[2]))
    p = p_within(by_edge, target.edges, policy.horizon / DAY).reshape(shape[:2])
    return np.where(unseen.found.observed, p, 0.0)


def opened_by(prepared: Prepared, target: Target, p: Doubles, unseen: Unseen, policy: Policy) -> Opened:
    """The tickets of the target's threshold on the later slice."""
    return open_over_time(
        p,
        unseen.found,
        prepared.features.origins[prepared.later].astype(np.float64),
        bar=target.threshold,
        horizon=policy.horizon / DAY,
        cool_down=policy.cool_down / DAY,
        margin=policy.reopen_margin,
    )


def replayed(
    prepared: Prepared, target: Target, p: Doubles, unseen: Unseen, *, chance: Shares, policy: Policy
) -> Replayed:
    """What became of these tickets."""
    opened = opened_by(prepared, target, p, unseen, policy)
    place = opened.assets, opened.origins
    return Replayed(
        p=p[place],
        fails_in=unseen.found.fails_in[place],
        known_for=unseen.found.known_for[place],
        worn_in=unseen.found.worn_in[place],
        settled=int((unseen.found.recorded_for[opened.origins] >= policy.horizon / DAY).sum()),
        chance=chance,
    )


Tried = list[Replayed]
"""By candidate: what it would have done."""


def choose_thresholds(prepared: Mapping[str, Prepared], targets: Targets, unseen: UnseenBy, policy: Policy) -> Targets:
    """Targets with the highest threshold that earns nearly as much as any, yet no lower than where enough tickets prove
    right and needed for the crew to trust them."""
    tried = {
        (kind, name): _try_all(prepared[kind], target, unseen[kind][name], policy)
        for kind, found in targets.items()
        for name, target in found.items()
    }
    overall = [sum((each[index] for each in tried.values()), Replayed()) for index in range(len(CANDIDATES))]
    shares = _shares(overall, policy)
    earned = np.array([_earned(tried, index, share.needed, policy) for index, share in enumerate(shares)])
    bar = max(_lowest_trusted(shares, policy), _highest_worthwhile(earned))
    return {
        kind: {name: replace(target, threshold=max(bar, policy.bar(kind, name))) for name, target in found.items()}
        for kind, found in targets.items()
    }


def _shares(overall: Tried, policy: Policy) -> list[Shares]:
    """By candidate: what came out, shrunk to what was promised."""
    found = [
        estimated(each, promised(each, float(bar), policy), PROMISED_TICKETS, policy)
        for bar, each in zip(CANDIDATES, overall, strict=True)
    ]
    return rising(found, np.array([each.settled + PROMISED_TICKETS for each in overall]))


def _earned(tried: Mapping[tuple[str, str], Tried], index: int, needed: float, policy: Policy) -> float:
    """Money that the tickets of a candidate keep, where so many of them are needed."""
    return sum(
        each[index].tickets * (needed * policy.benefit(*problem) - (1.0 - needed) * policy.false_visit)
        for problem, each in tried.items()
    )


def _highest_worthwhile(earned: Doubles) -> float:
    """The highest candidate that earns WORTH_SHARE of the most; the highest of all where tickets only cost, the lowest
    where there was none."""
    if not earned.any():
        return float(CANDIDATES[0])
    worthwhile = np.flatnonzero((earned >= WORTH_SHARE * earned.max()) & (earned > 0.0))
    return float(CANDIDATES[worthwhile[-1] if len(worthwhile) else -1])


def _try_all(prepared: Prepared, target: Target, unseen: Unseen, policy: Policy) -> Tried:
    p, pays_from = calibrated_p(target, unseen, policy), policy.bar(target.kind, target.component)
    chance = _chance(unseen, policy)
    return [
        replayed(
            prepared, replace(target, threshold=max(pays_from, float(bar))), p, unseen, chance=chance, policy=policy
        )
        for bar in CANDIDATES
    ]


def _chance(unseen: Unseen, policy: Policy) -> Shares:
    """What tickets on any days would show."""
    within, too_late, in_the_end = (
        by_chance(unseen.found, days) for days in (policy.horizon / DAY, policy.lead / DAY, FOLLOWED_DAYS)
    )
    return Shares(within - too_late, in_the_end)


def rising(shares: list[Shares], weights: Doubles) -> list[Shares]:
    """`shares` by ascending bar, smoothed so that a higher bar never has a lower one: the outcome of a few tickets
    is no dip."""
    by_bar = np.arange(len(shares))
    smooth = [
        IsotonicRegression().fit_transform(by_bar, values, sample_weight=weights)
        for values in ([each.right for each in shares], [each.needed for each in shares])
    ]
    return [Shares(float(right), float(needed)) for right, needed in zip(*smooth, strict=True)]


def _lowest_trusted(shares: list[Shares], policy: Policy) -> float:
    """The lowest candidate from which on tickets are trusted; the highest where none is."""
    trusted = [each.suffice(policy) for each in shares]
    return float(next((bar for bar, enough in zip(CANDIDATES, trusted, strict=True) if enough), CANDIDATES[-1]))
