"""The ledger: which batch was committed, by (gateway, epoch, stream, seq)."""

from collections.abc import Sequence
from datetime import datetime

import psycopg

from anju_contracts.envelope import Stream
from anju_platform.ingest.models import EventBatch, LedgerKey, TelemetryBatch, ledger_key
from anju_platform.storage.queries import load_queries
from anju_platform.storage.samples import from_us

QUERIES = load_queries("anju_platform.ingest")


def enter(conn: psycopg.Connection, batches: Sequence[TelemetryBatch | EventBatch], *, now: datetime) -> set[LedgerKey]:
    """Enter `batches`; the keys that are new. In the order of the keys, so that two workers can't deadlock."""
    rows = {key: batch for batch in batches if (key := ledger_key(batch)) is not None}
    keys = sorted(rows, key=lambda key: (key.community, key.gateway, key.epoch, key.stream, key.seq))
    if not keys:
        return set()
    spans = [_span(rows[key]) for key in keys]
    found = conn.execute(
        QUERIES["enter_ledger"],
        {
            "communities": [key.community for key in keys],
            "gateways": [key.gateway for key in keys],
            "epochs": [key.epoch for key in keys],
            "streams": [str(key.stream) for key in keys],
            "seqs": [key.seq for key in keys],
            "samples": [span[0] for span in spans],
            "historical": [_historical(rows[key]) for key in keys],
            "first_at": [span[1] for span in spans],
            "last_at": [span[2] for span in spans],
            "received_at": [rows[key].arrival.received_at for key in keys],
            "now": now,
        },
    )
    return {LedgerKey(row[0], row[1], row[2], Stream(row[3]), row[4]) for row in found}


def _historical(batch: TelemetryBatch | EventBatch) -> bool:
    return batch.envelope is not None and batch.envelope.historical


def _span(batch: TelemetryBatch | EventBatch) -> tuple[int, datetime, datetime]:
    """How many samples or events the message held, and between which moments."""
    if isinstance(batch, TelemetryBatch):
        return batch.size, from_us(batch.first_at_us), from_us(batch.last_at_us)
    return batch.size, batch.first_at, batch.last_at
