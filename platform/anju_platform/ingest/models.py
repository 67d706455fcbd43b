"""Typed records of ingest: what arrived, what it was decoded into, and what became of it."""

from dataclasses import dataclass, field
from datetime import datetime

from anju_contracts.account import Account
from anju_contracts.birth import Birth
from anju_contracts.envelope import Envelope, Stream
from anju_contracts.event import Event
from anju_contracts.senml import Pack
from anju_contracts.state import GatewayState
from anju_contracts.topics import GatewayAddress
from anju_platform.storage.samples import Samples


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message as the broker delivered it. `session` numbers the connection that may acknowledge it."""

    topic: str
    payload: bytes
    received_at: datetime
    mid: int = 0
    qos: int = 0
    session: int = 0


@dataclass(frozen=True, slots=True)
class Letter:
    """A row of dead_letter. `names` are what an `unknown_point` waits for."""

    topic: str
    reason: str
    detail: str
    payload: bytes
    address: GatewayAddress | None = None
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A message that can't be decoded."""

    arrival: Arrival
    letter: Letter


@dataclass(frozen=True, slots=True)
class TelemetryBatch:
    """`samples` are of known points; `unknown` is the rest, to be looked up again when it is stored."""

    arrival: Arrival
    address: GatewayAddress
    envelope: Envelope | None
    samples: Samples
    unknown: Pack | None = None
    letters: tuple[Letter, ...] = ()
    size: int = 0
    """Samples in the message, whatever becomes of them."""
    first_at_us: int = 0
    last_at_us: int = 0


@dataclass(frozen=True, slots=True)
class EventBatch:
    arrival: Arrival
    address: GatewayAddress
    envelope: Envelope | None
    events: tuple[Event, ...]
    size: int
    first_at: datetime
    last_at: datetime
    letters: tuple[Letter, ...] = ()


@dataclass(frozen=True, slots=True)
class BirthNotice:
    arrival: Arrival
    address: GatewayAddress
    birth: Birth


@dataclass(frozen=True, slots=True)
class StateNotice:
    arrival: Arrival
    address: GatewayAddress
    state: GatewayState


@dataclass(frozen=True, slots=True)
class AccountNotice:
    arrival: Arrival
    address: GatewayAddress
    account: Account


Message = Unreadable | TelemetryBatch | EventBatch | BirthNotice | StateNotice | AccountNotice


@dataclass(frozen=True, slots=True)
class LedgerKey:
    """What makes a batch the same batch."""

    community: str
    gateway: str
    epoch: str
    stream: Stream
    seq: int


def ledger_key(batch: TelemetryBatch | EventBatch) -> LedgerKey | None:
    """None for a message without envelope: it has no ledger row and gets no receipt."""
    if batch.envelope is None:
        return None
    stream = Stream.TELEMETRY if isinstance(batch, TelemetryBatch) else Stream.EVENT
    return LedgerKey(batch.address.community, batch.address.gateway, batch.envelope.epoch, stream, batch.envelope.seq)


@dataclass(frozen=True, slots=True)
class Part:
    """Samples of one gateway's batch that go into telemetry; `live` ones move its watermark."""

    address: GatewayAddress
    samples: Samples
    live: bool


def part_of_batch(batch: TelemetryBatch, samples: Samples) -> Part:
    """Neither backfill nor a message published by hand counts as live."""
    return Part(batch.address, samples, batch.envelope is not None and not batch.envelope.historical)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one committed transaction means for the world outside of it."""

    messages: tuple[Message, ...]
    stored: Samples
    """Settled: sorted by point and time, one sample for each (point, at)."""
    watermarks: dict[GatewayAddress, int] = field(default_factory=dict)
    """Greatest time (microseconds since 1970) of live samples."""
    communities: frozenset[str] = frozenset()
    announced: frozenset[str] = frozenset()
    """Communities whose registry changed."""
    letters: tuple[Letter, ...] = ()
    events: int = 0
    repeated: int = 0
    """Batches that the ledger had already."""
