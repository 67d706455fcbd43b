"""How long raw readings are kept. Rollups, events and repairs stay for ever."""

from datetime import UTC, datetime, time, timedelta

import psycopg
from psycopg.rows import scalar_row

from anju_platform.storage.queries import load_queries

QUERIES = load_queries("anju_platform.storage")


def kept_since(now: datetime, *, telemetry_days: int) -> datetime:
    """The beginning of the oldest day (UTC) whose readings are kept. Older readings are refused: their hours
    can't be recomputed any more."""
    return datetime.combine((now.astimezone(UTC) - timedelta(days=telemetry_days)).date(), time(), UTC)


def drop_old_days(conn: psycopg.Connection, *, cutoff: datetime) -> int:
    """Drop the days of telemetry before `cutoff`, but none while hours before it wait for their rollup; how many
    went. Each goes in a transaction of its own."""
    dropped = 0
    while _drop_oldest_day(conn, cutoff=cutoff):
        dropped += 1
    return dropped


def _drop_oldest_day(conn: psycopg.Connection, *, cutoff: datetime) -> bool:
    with conn.transaction(), conn.cursor(row_factory=scalar_row) as cur:
        if cur.execute(QUERIES["rollups_wait_before"], {"cutoff": cutoff}).fetchone():
            return False
        return bool(cur.execute(QUERIES["drop_oldest_day_before"], {"cutoff": cutoff}).fetchone())


def forget_old_bookkeeping(conn: psycopg.Connection, *, cutoff: datetime) -> int:
    """Delete from before `cutoff`: ledger rows, dead letters that wait for nothing, their counts by day, and faults
    that are over; how many ledger rows went. Nothing is reconciled meanwhile."""
    with conn.transaction(), conn.cursor(row_factory=scalar_row) as cur:
        conn.execute(QUERIES["hold_reconciliation"])
        conn.execute(QUERIES["delete_old_dead_letters"], {"cutoff": cutoff})
        conn.execute(QUERIES["delete_old_faults"], {"cutoff": cutoff})
        conn.execute(QUERIES["delete_old_letter_days"], {"cutoff": cutoff})
        gone = cur.execute(QUERIES["delete_old_ledger"], {"cutoff": cutoff}).fetchone()
        return int(gone or 0)
