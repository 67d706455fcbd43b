"""Reads complaints, page by page; rows come back as what is shown."""

from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from anju_platform.assets.lists import ALWAYS, NEWEST, MomentKey, Window, moment_parameters
from anju_platform.desk.views import ComplaintView
from anju_platform.storage.queries import load_queries

QUERIES = load_queries(__package__)


def list_complaints(
    conn: Connection[Any],
    *,
    community: str | None = None,
    asset: str | None = None,
    ticket_id: int | None = None,
    complaint_id: int | None = None,
    window: Window = ALWAYS,
    after: MomentKey = NEWEST,
    limit: int,
) -> list[ComplaintView]:
    """Newest first."""
    parameters = {
        "community": community,
        "asset": asset,
        "ticket_id": ticket_id,
        "id": complaint_id,
        **moment_parameters(window, after, limit),
    }
    with conn.cursor(row_factory=class_row(ComplaintView)) as cur:
        return cur.execute(QUERIES["complaints_page"], parameters).fetchall()
