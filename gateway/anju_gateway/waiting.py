"""What waits for the outbox's writer, and what is given up when the disk takes nothing for too long. Pure but for a
flag that agents wait on."""

import threading
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite

import msgspec

from anju_contracts.envelope import Stream
from anju_contracts.event import Event
from anju_contracts.receipt import Receipt
from anju_edge_agent.samples import Sample
from anju_gateway.errors import OutboxError
from anju_gateway.outbox_file import Work

MOST_HELD = 1_000
"""Events of asked devices that are kept in memory while the disk takes nothing; beyond, the oldest are counted as
dropped."""
_EXACT = 2**53
"""Whole numbers below it are exact as a float."""


@dataclass(slots=True, eq=False)
class Entry:
    """What one call handed over; `settled` is set when it is on disk, or with `error` when it isn't."""

    samples: Sequence[Sample]
    events: Sequence[Event]
    settled: threading.Event = field(default_factory=threading.Event)
    error: OutboxError | None = None

    def settle(self, error: OutboxError | None = None) -> None:
        self.error = error
        self.settled.set()


@dataclass(slots=True)
class Waiting:
    """Everything for the next transaction, in the order it came."""

    entries: list[Entry] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    held: deque[Event] = field(default_factory=deque)
    refused: dict[Stream, Counter[str]] = field(default_factory=lambda: {stream: Counter() for stream in Stream})
    shift_us: int = 0

    def __bool__(self) -> bool:
        return bool(self.entries or self.receipts or self.held or self.shift_us or self.drops())

    def refuse(self, entry: Entry, reason: str) -> None:
        """Give its samples up and count them; keep its events."""
        self.entries.remove(entry)
        self.refused[Stream.TELEMETRY][reason] += len(entry.samples)
        self.held += entry.events
        while len(self.held) > MOST_HELD:
            self.held.popleft()
            self.refused[Stream.EVENT][reason] += 1

    def before(self, later: "Waiting") -> "Waiting":
        """Both, this first: what could not be written is tried again with what came meanwhile."""
        return Waiting(
            self.entries + later.entries,
            self.receipts + later.receipts,
            self.held + later.held,
            {stream: self.refused[stream] + later.refused[stream] for stream in Stream},
            self.shift_us + later.shift_us,
        )

    def work(self) -> Work:
        return Work(
            [sample for entry in self.entries for sample in entry.samples],
            [*self.held, *(event for entry in self.entries for event in entry.events)],
            self.receipts,
            self.drops(),
            self.shift_us,
        )

    def drops(self) -> Mapping[Stream, Mapping[str, int]]:
        return {stream: drops for stream, drops in self.refused.items() if drops.total()}


def check(samples: Sequence[Sample], events: Sequence[Event]) -> None:
    """OutboxError for what can't be written, so that nobody else's is refused for it."""
    try:
        bad = [] if not samples or _are_plain(samples) else [one for one in samples if not _is_writable(one)]
        msgspec.msgpack.encode(events)
    except (TypeError, AttributeError, ValueError) as exc:
        raise OutboxError(f"{type(exc).__name__}: {exc}") from exc
    if bad:
        raise OutboxError(f"sample: got {bad[0]!r}, expected names, whole microseconds and a finite number")


def _are_plain(samples: Sequence[Sample]) -> bool:
    """Whether they surely can be written, told by the column, because agents wait for it. TypeError for a name that is
    no text."""
    assets, points, at_us, values, qualities = zip(*samples, strict=True)
    "".join(assets), "".join(points)
    return {*map(type, values)} == {float} and isfinite(sum(values)) and type(sum(at_us) + sum(qualities)) is int


def _is_writable(one: Sample) -> bool:
    is_exact = type(one.value) is float or (type(one.value) is not bool and abs(one.value) < _EXACT)
    return is_exact and isfinite(one.value) and type(one.at_us + one.quality) is int
