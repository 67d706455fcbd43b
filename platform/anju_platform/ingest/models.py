"""Typed records of ingest: what arrived, what it was decoded into, and what became of it.

What is made for every message is a struct, which is made in a tenth of the time that a frozen dataclass takes.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

import msgspec

from anju_contracts.account import Account
from anju_contracts.birth import Birth
from anju_contracts.envelope import Envelope, Stream
from anju_contracts.event import Event
from anju_contracts.senml import Pack
from anju_contracts.state import GatewayState
from anju_contracts.topics import GatewayAddress
from anju_platform.storage.samples import Samples


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """A message as the broker delivered it. `session` numbers the connection that may acknowledge it."""

    topic: str
    payload: bytes
    received_at: datetime
    mid: int = 0
    qos: int = 0
    session: int = 0


@dataclass(frozen=True, slots=True)
class Letter:
    """A row of dead_letter. `names` are what an `unknown_point` waits for, `taken_at` is when the gateway took the
    batch, where it says so."""

    topic: str
    reason: str
    detail: str
    payload: bytes
    address: GatewayAddress | None = None
    names: tuple[str, ...] = ()
    taken_at: datetime | None = None


class Unreadable(msgspec.Struct, frozen=True):
    """A message that can't be decoded."""

    arrival: Arrival
    letter: Letter


class TelemetryBatch(msgspec.Struct, frozen=True):
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


class EventBatch(msgspec.Struct, frozen=True):
    arrival: Arrival
    address: GatewayAddress
    envelope: Envelope | None
    events: tuple[Event, ...]
    size: int
    first_at: datetime
    last_at: datetime
    letters: tuple[Letter, ...] = ()


class BirthNotice(msgspec.Struct, frozen=True):
    arrival: Arrival
    address: GatewayAddress
    birth: Birth


class StateNotice(msgspec.Struct, frozen=True):
    arrival: Arrival
    address: GatewayAddress
    state: GatewayState


class AccountNotice(msgspec.Struct, frozen=True):
    arrival: Arrival
    address: GatewayAddress
    account: Account


class Deferred(msgspec.Struct, frozen=True):
    """A message of a gateway beyond its limits: neither stored nor receipted, so that the gateway keeps it and sends
    it again later; acknowledged to the broker, so that it is in nobody's way."""

    arrival: Arrival
    reason: str


Message = Deferred | Unreadable | TelemetryBatch | EventBatch | BirthNotice | StateNotice | AccountNotice


class LedgerKey(NamedTuple):
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


def dated(letter: Letter, batch: TelemetryBatch | EventBatch) -> Letter:
    """`letter` with the time at which the gateway took `batch`, which it comes from."""
    taken_at = batch.envelope.taken_at if batch.envelope is not None else None
    return letter if taken_at is None else replace(letter, taken_at=taken_at)


class Part(msgspec.Struct, frozen=True):
    """Samples of one gateway's batch that go into telemetry; `live` ones move its watermark."""

    address: GatewayAddress
    samples: Samples
    live: bool
    first_at_us: int
    last_at_us: int


def part_of_batch(batch: TelemetryBatch, samples: Samples) -> Part:
    """`samples`, of which there must be some, are all or a part of those of `batch`. Neither backfill nor a message
    published by hand counts as live."""
    live = batch.envelope is not None and not batch.envelope.historical
    if len(samples) == batch.size:
        return Part(batch.address, samples, live, batch.first_at_us, batch.last_at_us)
    return Part(batch.address, samples, live, int(samples.at_us.min()), int(samples.at_us.max()))


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
    not_kept: tuple[Letter, ...] = ()
    """Letters beyond the allowance of their gateways, which are only counted."""
    events: int = 0
    repeated: int = 0
    """Batches that the ledger had already."""
