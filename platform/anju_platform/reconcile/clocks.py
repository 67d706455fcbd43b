"""How far a gateway's clock is off, from when its accounts say they were written and when they came. Pure.

A message can come late but never early, so the least of (received - written) over a window comes closest to the
clock's true offset. Accounts are written and sent in one go and never wait in the outbox, so backfill can't blur it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from anju_contracts.clock import Clock

WINDOW_S: Final = 600.0
"""Real seconds for which an observation counts."""
MOST_OBSERVATIONS: Final = 30
WRONG_ABOVE_S: Final = 30.0
RIGHT_BELOW_S: Final = 10.0
"""Raised above the one, cleared below the other, so that a clock near the limit doesn't flap."""


@dataclass(frozen=True, slots=True)
class Observation:
    """A message written at `told_at` by the gateway's clock came at `received_at` by the platform's."""

    told_at: datetime
    received_at: datetime


def watched(known: Sequence[Observation], new: Observation) -> list[Observation]:
    """The observations that count, `new` being the last.

    Where the gateway's time went back although the message came later, its clock was set back: what was observed
    before says nothing any more.
    """
    kept = [] if known and new.told_at < known[-1].told_at else list(known)
    return [*kept, new][-MOST_OBSERVATIONS:]


def offset_s(observations: Sequence[Observation], *, clock: Clock) -> float:
    """The gateway's clock minus the platform's, in real seconds: positive for one that is ahead. Only what came within
    the window before the last observation counts."""
    until = observations[-1].received_at
    counted = [one for one in observations if clock.real_s((until - one.received_at).total_seconds()) <= WINDOW_S]
    return -clock.real_s(min((one.received_at - one.told_at).total_seconds() for one in counted))


def is_wrong(offset: float, *, was_wrong: bool) -> bool:
    return abs(offset) > (RIGHT_BELOW_S if was_wrong else WRONG_ABOVE_S)
