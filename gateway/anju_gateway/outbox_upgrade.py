"""Files of former versions. Version 1 kept each batch as the message to be published; what waits is put into today's
form. Version 2 wrote its account with every batch, which reads like one of today that was written a moment ago."""

import sqlite3
from typing import TypeVar

from anju_contracts.envelope import Envelope, Stream
from anju_contracts.errors import ContractError
from anju_contracts.event import Event, decode_events
from anju_contracts.senml import decode_pack, split_sample_name
from anju_edge_agent.samples import Sample, moment_of, us_of
from anju_gateway.disk import transaction
from anju_gateway.errors import CorruptOutboxError
from anju_gateway.packing import AnyKept, Kept, packed
from anju_gateway.queries import load_queries

VERSION_OF_MESSAGES, VERSION_OF_FULL_ACCOUNTS = 1, 2
FORMER_VERSIONS = frozenset({VERSION_OF_MESSAGES, VERSION_OF_FULL_ACCOUNTS})
T = TypeVar("T", Sample, Event)


def upgrade(db: sqlite3.Connection, *, former: int, version: int) -> None:
    """All or nothing; CorruptOutboxError where a batch of version 1 is no message."""
    with transaction(db):
        if former == VERSION_OF_MESSAGES:
            _rewrite_messages(db)
        db.execute(load_queries()["set_version"], {"version": version})


def _rewrite_messages(db: sqlite3.Connection) -> None:
    queries, after = load_queries(), 0
    while row := db.execute(queries["kept_batches"], {"after": after}).fetchone():
        after, stream, payload = row
        new = packed(Stream(stream), _kept(Stream(stream), payload))
        db.execute(queries["rewrite_batch"], {"rowid": after, "payload": new.payload, "bytes": new.size})


def _kept(stream: Stream, payload: bytes) -> AnyKept:
    try:
        return _samples(payload) if stream is Stream.TELEMETRY else _events(payload)
    except ContractError as exc:
        raise CorruptOutboxError(str(exc)) from exc


def _samples(payload: bytes) -> Kept[Sample]:
    pack = decode_pack(payload, now=moment_of(0))
    columns = zip(pack.names, pack.at_us, pack.values, pack.qualities, strict=True)
    return _named(pack.envelope, [Sample(*split_sample_name(name), at, v, q) for name, at, v, q in columns])


def _events(payload: bytes) -> Kept[Event]:
    batch = decode_events(payload)
    return _named(batch.envelope, batch.events)


def _named(envelope: Envelope | None, items: list[T]) -> Kept[T]:
    if envelope is None or envelope.taken_at is None:
        raise CorruptOutboxError("a batch without epoch, seq and taken_at")
    return Kept(envelope.epoch, envelope.seq, us_of(envelope.taken_at), items)
