"""The database session of an ingest: never stuck behind another ingest that was paused in mid-transaction."""

from datetime import timedelta
from typing import Final

import psycopg
from psycopg.rows import scalar_row

from anju_platform.storage.queries import load_queries
from anju_platform.storage.telemetry import prepare_session

QUERIES = load_queries("anju_platform.ingest")
LOCK_TIMEOUT: Final = timedelta(seconds=5)
SILENT_FOR: Final = timedelta(seconds=10)
"""No ingest lets its own transaction wait this long: it computes for milliseconds between two statements."""


def begin_session(conn: psycopg.Connection, *, lock_timeout: timedelta = LOCK_TIMEOUT) -> None:
    """Once for each connection."""
    prepare_session(conn)
    conn.execute(QUERIES["limit_session"], {"lock_timeout": f"{lock_timeout // timedelta(milliseconds=1)}ms"})


def end_stuck_sessions(conn: psycopg.Connection, *, silent_for: timedelta = SILENT_FOR) -> int:
    """End the transactions of other ingests that have stood still for `silent_for`; how many."""
    with conn.cursor(row_factory=scalar_row) as cur:
        return int(cur.execute(QUERIES["end_stuck_sessions"], {"silent_for": silent_for}).fetchone() or 0)
