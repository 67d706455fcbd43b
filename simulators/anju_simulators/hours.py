"""Time inside the simulation: hours since 2000-01-01 UTC as floats, and 30-day blocks of them.

Random numbers are drawn by block, so that the same hour has the same noise however a run is cut into pieces.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
BLOCK: Final = 720
"""Hours in a block."""
YEAR: Final = 8766.0
LOCAL_OFFSET: Final = 8
"""Hours that the residents' clocks are ahead of UTC (Asia/Shanghai, no daylight saving)."""


def to_hours(at: datetime) -> float:
    """Hours from `EPOCH` to `at`, which must have a time zone."""
    return (at - EPOCH).total_seconds() / 3600.0


def to_moment(hours: float) -> datetime:
    """The moment `hours` after `EPOCH`, to the second."""
    return EPOCH + timedelta(seconds=round(hours * 3600.0))


def block_of(hours: float) -> int:
    return int(hours // BLOCK)


def local_hour(hours: float) -> float:
    """The hour of the day on the residents' clocks, 0 to 24."""
    return (hours + LOCAL_OFFSET) % 24.0


def waking(hours: float, spread: float) -> float:
    """`hours`, or for the small hours of the night a moment from 06:30 local on; `spread` is 0 to 1."""
    clock = local_hour(hours)
    if 0.5 <= clock < 6.5:
        return hours + (6.5 - clock) + 2.0 * spread
    return hours
