"""Hourly rollups: recomputed from telemetry wherever an hour no longer matches it; late data are no special case."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import psycopg
from psycopg.rows import class_row, scalar_row

from anju_platform.storage.queries import load_queries

QUERIES = load_queries("anju_platform.storage")
PATIENCE: Final = timedelta(hours=2)
"""An hour this long over by the clock is rolled up though its community's watermark stands still."""


@dataclass(frozen=True, slots=True)
class DueSpan:
    """Due hours of one community within one day: `since` is the first of them, `until` the end of the last."""

    community_id: str
    since: datetime
    until: datetime


def rollups_are_due(conn: psycopg.Connection, *, now: datetime) -> bool:
    """Whether an hour is over, by its community's watermark or by PATIENCE, and its rollup does not match."""
    with conn.cursor(row_factory=scalar_row) as cur:
        return bool(cur.execute(QUERIES["rollups_are_due"], {"over_by": now - PATIENCE}).fetchone())


def due_spans(conn: psycopg.Connection, *, now: datetime) -> list[DueSpan]:
    with conn.cursor(row_factory=class_row(DueSpan)) as cur:
        return cur.execute(QUERIES["due_spans"], {"over_by": now - PATIENCE}).fetchall()


def recompute(conn: psycopg.Connection, span: DueSpan) -> int:
    """Recompute the hours of `span` in one transaction; how many rollups changed.

    What is due is forgotten first: a commit that comes between leaves a note of its own for the next run.
    """
    params = {"community": span.community_id, "since": span.since, "until": span.until}
    with conn.transaction():
        conn.execute(QUERIES["forget_due"], params)
        return conn.execute(QUERIES["recompute_rollups"], params).rowcount


def recompute_due(conn: psycopg.Connection, *, now: datetime) -> tuple[int, int]:
    """Recompute every hour that is due, a transaction for each community and day; (spans, rollups changed)."""
    spans = due_spans(conn, now=now)
    conn.commit()
    return len(spans), sum(recompute(conn, span) for span in spans)
