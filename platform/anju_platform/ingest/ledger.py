"""The ledger: which batch was committed, by (gateway, epoch, stream, seq)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from struct import Struct
from typing import Final, LiteralString

import psycopg

from anju_contracts.envelope import Stream
from anju_platform.ingest.models import EventBatch, LedgerKey, TelemetryBatch, ledger_key
from anju_platform.storage.copy import POSTGRES_EPOCH_US, as_stream, encode_texts, send_copy
from anju_platform.storage.queries import load_queries
from anju_platform.storage.samples import from_us, to_us

QUERIES = load_queries("anju_platform.ingest")
_COPY: Final[LiteralString] = (
    "COPY ledger (community_id, gateway_id, epoch, stream, seq, samples, historical, first_at, last_at, received_at,"
    " committed_at, taken_at) FROM STDIN (FORMAT BINARY)"
)
_FIELDS: Final = 12
_NULL: Final = b"\xff\xff\xff\xff"
_MOMENT: Final = Struct(">iq")
_FIXED: Final = Struct(">iqiii?iqiqiqiq")
"""From seq to committed_at, each with its width before it."""


def enter(
    conn: psycopg.Connection, batches: Sequence[TelemetryBatch | EventBatch], *, now: datetime, merge: bool
) -> set[LedgerKey]:
    """Enter `batches`; the keys that are new. In the order of the keys, so that two workers can't deadlock.

    Without `merge` psycopg.errors.UniqueViolation says that one is there already.
    """
    rows = {key: batch for batch in batches if (key := ledger_key(batch)) is not None}
    if not rows:
        return set()
    keys = sorted(rows)
    if merge:
        return _merge(conn, keys, [rows[key] for key in keys], now=now)
    send_copy(conn, _COPY, as_stream(_encoded(keys, rows, to_us(now))))
    return set(keys)


def _merge(
    conn: psycopg.Connection,
    keys: Sequence[LedgerKey],
    batches: Sequence[TelemetryBatch | EventBatch],
    *,
    now: datetime,
) -> set[LedgerKey]:
    found = conn.execute(
        QUERIES["enter_ledger"],
        {
            "communities": [key.community for key in keys],
            "gateways": [key.gateway for key in keys],
            "epochs": [key.epoch for key in keys],
            "streams": [str(key.stream) for key in keys],
            "seqs": [key.seq for key in keys],
            "samples": [batch.size for batch in batches],
            "historical": [_historical(batch) for batch in batches],
            "first_at": [from_us(_span_us(batch)[0]) for batch in batches],
            "last_at": [from_us(_span_us(batch)[1]) for batch in batches],
            "received_at": [batch.arrival.received_at for batch in batches],
            "taken_at": [_taken_at(batch) for batch in batches],
            "now": now,
        },
    )
    return {LedgerKey(row[0], row[1], row[2], Stream(row[3]), row[4]) for row in found}


def _encoded(
    keys: Sequence[LedgerKey], rows: Mapping[LedgerKey, TelemetryBatch | EventBatch], now_us: int
) -> Iterator[bytes]:
    """The rows of a binary COPY: what names the outbox is the same for most of them, the rest is of fixed width."""
    names: tuple[str, ...] = ()
    encoded_names = b""
    for key in keys:
        if key[:4] != names:
            names = key[:4]
            encoded_names = encode_texts(_FIELDS, names)
        batch = rows[key]
        first_us, last_us = _span_us(batch)
        yield encoded_names
        yield _FIXED.pack(
            8, key.seq, 4, batch.size, 1, _historical(batch),
            8, first_us - POSTGRES_EPOCH_US, 8, last_us - POSTGRES_EPOCH_US,
            8, to_us(batch.arrival.received_at) - POSTGRES_EPOCH_US, 8, now_us - POSTGRES_EPOCH_US,
        )  # fmt: skip
        yield _encoded_moment(_taken_at(batch))


def _encoded_moment(at: datetime | None) -> bytes:
    return _NULL if at is None else _MOMENT.pack(8, to_us(at) - POSTGRES_EPOCH_US)


def _taken_at(batch: TelemetryBatch | EventBatch) -> datetime | None:
    return batch.envelope.taken_at if batch.envelope is not None else None


def _historical(batch: TelemetryBatch | EventBatch) -> bool:
    return batch.envelope is not None and batch.envelope.historical


def _span_us(batch: TelemetryBatch | EventBatch) -> tuple[int, int]:
    """Between which moments the samples or events of `batch` lie, in microseconds since 1970."""
    if isinstance(batch, TelemetryBatch):
        return batch.first_at_us, batch.last_at_us
    return to_us(batch.first_at), to_us(batch.last_at)
