"""What a visit on any day would seem to be worth, and what goes beyond that.

Where failures are frequent any visit comes before some failure, yet finds nothing worn. So of tickets and of every
other way of working only what goes beyond chance counts.
"""

import numpy as np

from anju_ml.dataset import Outcomes
from anju_ml.grid import DAY
from anju_ml.policy import Policy


def by_chance(found: Outcomes, days: float, policy: Policy) -> float:
    """P(failure within `days`) of a day picked at random, by constant hazard: failures over the days watched, of the
    horizon after each day of the record. Where preventive work ends most watches, only this counts these as well."""
    watched = np.minimum(found.fails_in, found.known_for)[found.observed]
    span = policy.horizon / DAY
    failed = (found.fails_in <= found.known_for)[found.observed] & (watched < span)
    exposure = float(np.clip(watched, 0.0, span).sum())
    return float(-np.expm1(-failed.sum() / exposure * days)) if exposure > 0 else 0.0


def beyond(share: float, chance: float) -> float:
    """Share that was right for what it saw, where `share` was right and anything is with probability `chance`."""
    return float(max((share - chance) / (1.0 - chance), 0.0)) if chance < 1.0 else 0.0
