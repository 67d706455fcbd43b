"""What a visit on any day would seem to be worth, and what goes beyond that.

Where failures are frequent any visit comes before some failure, yet finds nothing worn. So of tickets and of every
other way of working only what goes beyond chance counts.
"""

import numpy as np

from anju_ml.dataset import Outcomes
from anju_ml.grid import DAY
from anju_ml.policy import Policy


def by_chance(found: Outcomes, days: float) -> float:
    """P(failure within `days`) of a day picked at random, by Kaplan and Meier over all days watched, so that preventive
    work, which ends most watches of some parts, is no survival; beyond what was watched by the mean hazard."""
    until = np.minimum(found.fails_in, found.known_for)[found.observed]
    if not len(until) or days <= 0.0:
        return 0.0
    whole = int(np.ceil(days))
    day = np.clip(until, 0.0, whole).astype(np.int64)
    failed = (found.fails_in <= found.known_for)[found.observed]
    ended, failures = (np.bincount(each, minlength=whole + 1)[:whole] for each in (day, day[failed]))
    watched = len(until) - np.cumsum(ended) + ended
    hazard = np.where(watched > 0, failures / np.maximum(watched, 1), failures.sum() / watched.sum())
    hazard[-1] *= days - (whole - 1)
    return float(1.0 - np.prod(1.0 - hazard))


def by_chance_of_settled(found: Outcomes, days: float, policy: Policy) -> float:
    """The same of a day whose outcome is known: what shares of settled visits are to be held against, as both leave out
    what preventive work cut off. Where the record is too short, by constant hazard from days within the horizon."""
    for span in (days, policy.horizon / DAY):
        known = found.settled_for(span)
        if known.any():
            share = float(found.failed_within(span)[known].mean())
            return float(1.0 - (1.0 - share) ** (days / span))
    return 0.0


def beyond(share: float, chance: float) -> float:
    """Share that was right for what it saw, where `share` was right and anything is with probability `chance`."""
    return float(max((share - chance) / (1.0 - chance), 0.0)) if chance < 1.0 else 0.0
