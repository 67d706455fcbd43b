"""What an agent hands over: samples and events, to a sink that keeps them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol

from anju_contracts.event import Event

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Sample(NamedTuple):
    """`at_us` is when the value was true, in microseconds since 1970 (UTC); `value` is finite and in the unit of
    the point; `quality` is one of anju_contracts.quality."""

    asset: str
    point: str
    at_us: int
    value: float
    quality: int = 0


class Sink(Protocol):
    """Where agents hand over. A call returns only when everything in it is on disk; what a call that raised was
    given may be handed over again."""

    def __call__(self, samples: Sequence[Sample], events: Sequence[Event]) -> None: ...


@dataclass(slots=True)
class Handover:
    """What an agent has gathered since it last handed over."""

    samples: list[Sample] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.samples or self.events)


def moment_of(at_us: int) -> datetime:
    """`at_us` microseconds since 1970 as an aware datetime in UTC, exactly."""
    return _EPOCH + timedelta(microseconds=at_us)


def us_of(at: datetime) -> int:
    """Microseconds since 1970 of an aware datetime, exactly."""
    return (at - _EPOCH) // timedelta(microseconds=1)
