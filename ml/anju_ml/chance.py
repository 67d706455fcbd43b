"""What a visit on any day would seem to be worth, and what goes beyond that.

Where failures are frequent any visit comes before some failure, yet finds nothing worn. So of tickets and of every
other way of working only what goes beyond chance counts.
"""

from anju_ml.dataset import Outcomes
from anju_ml.grid import DAY
from anju_ml.policy import Policy


def by_chance(found: Outcomes, days: float, policy: Policy) -> float:
    """P(failure within `days`) of a day picked at random: the share of such days on record or, where the record is too
    short for that, by constant hazard from those that came before a failure within the horizon."""
    for span in (days, policy.horizon / DAY):
        known = found.settled_for(span)
        if known.any():
            share = float(found.failed_within(span)[known].mean())
            return float(1.0 - (1.0 - share) ** (days / span))
    return 0.0


def beyond(share: float, chance: float) -> float:
    """Share that was right for what it saw, where `share` was right and anything is with probability `chance`."""
    return float(max((share - chance) / (1.0 - chance), 0.0)) if chance < 1.0 else 0.0
