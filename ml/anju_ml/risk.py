"""What a model says about one component of one asset at one moment."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a probability is high, in a sentence for people and in numbers for a chart.

    `source` is what to draw: a point, an event code, `repairs`, `complaints`, `age` or `missing`;
    `since` and `until` are the window of the chart that shows it.
    """

    feature: str
    source: str
    zh: str
    en: str
    value: float
    usual: float | None
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Risk:
    """Probabilities that the component fails within a time after `as_of`; they never fall with the horizon.

    `low` and `high` are a 95 % interval of `p_30d`; `expected_at` is the median time of failure where it lies
    within twice the horizon, else None. `threshold` is the probability from which tickets pay, and from which
    enough of them proved right and needed on assets not seen (0: the policy's break-even alone decides).
    """

    asset_id: str
    component: str
    as_of: datetime
    p_24h: float
    p_72h: float
    p_7d: float
    p_30d: float
    low: float
    high: float
    expected_at: datetime | None
    reasons: tuple[Reason, ...] = ()
    kind: str = ""
    threshold: float = 0.0
