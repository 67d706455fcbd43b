"""The one clock that every program of a deployment is given, so that a demo can run a day in seconds.

Only data time scales: when a reading was taken, when a ticket is due. Transport time-outs, back-off
and message expiry are real seconds and use `time.monotonic`.
"""

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from anju_contracts.errors import ContractError

CLOCK_VARIABLE = "ANJU_CLOCK"
_SCALED = re.compile(r"^scaled:(?P<start>[^@]+)@(?P<since>[^*]+)\*(?P<speed>[0-9.eE+-]+)$")
_EXPECTED = "'real', or 'scaled:<simulated start>@<real start>*<speed>' with RFC 3339 times in UTC"


class Clock(Protocol):
    """Tells the deployment's time."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""

    def real_s(self, data_s: float) -> float:
        """How many real seconds pass while `data_s` seconds pass on this clock."""


@dataclass(frozen=True, slots=True)
class RealClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def real_s(self, data_s: float) -> float:
        return data_s

    def __str__(self) -> str:
        return "real"


@dataclass(frozen=True, slots=True)
class ScaledClock:
    """Runs `speed` times as fast as the machine's clock, and showed `start` when that showed `since`."""

    start: datetime
    since: datetime
    speed: float

    def now(self) -> datetime:
        return self.start + timedelta(seconds=(time.time() - self.since.timestamp()) * self.speed)

    def real_s(self, data_s: float) -> float:
        return data_s / self.speed

    def __str__(self) -> str:
        return f"scaled:{rfc3339(self.start)}@{rfc3339(self.since)}*{self.speed!r}"


def rfc3339(at: datetime) -> str:
    """`at` in UTC with a Z, to the microsecond when it has any."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_clock(text: str) -> Clock:
    """The clock that `text` names (the form that `str(clock)` gives); ContractError otherwise."""
    if text in ("", "real"):
        return RealClock()
    found = _SCALED.match(text)
    if not found:
        raise ContractError("clock", CLOCK_VARIABLE, text, _EXPECTED)
    try:
        start, since = (datetime.fromisoformat(found[part]) for part in ("start", "since"))
        speed = float(found["speed"])
    except ValueError as exc:
        raise ContractError("clock", CLOCK_VARIABLE, text, _EXPECTED) from exc
    if start.tzinfo is None or since.tzinfo is None or speed <= 0:
        raise ContractError("clock", CLOCK_VARIABLE, text, _EXPECTED)
    return ScaledClock(start, since, speed)
