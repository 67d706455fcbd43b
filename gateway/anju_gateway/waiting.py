"""What waits for the outbox's writer, and what is given up when the disk takes nothing for too long. Pure but for a
flag that agents wait on."""

import threading
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from sys import float_info
from typing import Annotated

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
_Finite = Annotated[float, msgspec.Meta(ge=-float_info.max, le=float_info.max)]
_Exact = Annotated[int, msgspec.Meta(gt=-(2**53), lt=2**53)]
"""A whole number that is the same as a float."""
_AtUs = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class _Writable(msgspec.Struct, array_like=True):
    """What msgspec checks: plain tuples, because it takes a Sample as it is, in a Struct, because for any other type it
    works the checks out at every call."""

    samples: list[tuple[str, str, _AtUs, _Finite | _Exact, int]]


def _held_lock() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock


@dataclass(slots=True, eq=False)
class Entry:
    """What one call handed over. Settled once: when it is on disk, or with an error when it isn't."""

    samples: Sequence[Sample]
    events: Sequence[Event]
    _error: OutboxError | None = None
    _unsettled: threading.Lock = field(default_factory=_held_lock)

    def settle(self, error: OutboxError | None = None) -> None:
        self._error = error
        self._unsettled.release()

    def wait(self, timeout_s: float = -1) -> bool:
        """Whether it is settled, after `timeout_s` at the latest; raises its error. For one thread, until it has an
        answer."""
        if not self._unsettled.acquire(timeout=timeout_s):
            return False
        if self._error is not None:
            raise self._error
        return True


@dataclass(slots=True)
class Waiting:
    """Everything for the next transaction, in the order it came."""

    entries: list[Entry] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    held: list[Event] = field(default_factory=list)
    refused: dict[Stream, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    shift_us: int = 0

    def __bool__(self) -> bool:
        return bool(self.entries or self.receipts or self.held or self.shift_us or self.drops())

    def refuse(self, entry: Entry, reason: str) -> None:
        """Give its samples up and count them; keep its events."""
        self.entries.remove(entry)
        self.refused[Stream.TELEMETRY][reason] += len(entry.samples)
        self.held += entry.events
        if len(self.held) > MOST_HELD:
            self.refused[Stream.EVENT][reason] += len(self.held) - MOST_HELD
            del self.held[:-MOST_HELD]

    def before(self, later: "Waiting") -> "Waiting":
        """Both, this first: what could not be written is tried again with what came meanwhile."""
        both = Waiting(
            self.entries + later.entries,
            self.receipts + later.receipts,
            self.held + later.held,
            shift_us=self.shift_us + later.shift_us,
        )
        for some in (self, later):
            for stream, drops in some.refused.items():
                both.refused[stream] += drops
        return both

    def work(self) -> Work:
        samples: list[Sample] = []
        events = self.held.copy()
        for entry in self.entries:
            samples += entry.samples
            events += entry.events
        return Work(samples, events, self.receipts, self.drops(), self.shift_us)

    def drops(self) -> Mapping[Stream, Mapping[str, int]]:
        return {stream: drops for stream, drops in self.refused.items() if drops.total()}


def check(samples: Sequence[Sample], events: Sequence[Event]) -> None:
    """OutboxError for what can't be written, so that nobody else's is refused for it."""
    try:
        msgspec.convert((samples,), _Writable)
        msgspec.msgpack.encode(events)
    except (TypeError, AttributeError, ValueError) as exc:
        raise OutboxError(f"{type(exc).__name__}: {exc}") from exc
