"""Reads tickets, page by page; rows come back as what is shown."""

from collections.abc import Sequence
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row, dict_row

from anju_platform.assets.lists import NEWEST, MomentKey
from anju_platform.desk.lists import list_complaints
from anju_platform.errors import NotFound
from anju_platform.scoring.lists import predictions_of_ticket
from anju_platform.storage.queries import load_queries
from anju_platform.tickets.models import Origin, State
from anju_platform.tickets.views import LogEntry, TicketDetail, TicketView
from anju_platform.web.fields import Titles

QUERIES = load_queries(__package__)
Conn = Connection[Any]
MAX_EVIDENCE = 50


def list_tickets(
    conn: Conn,
    *,
    community: str | None = None,
    asset: str | None = None,
    ticket_id: int | None = None,
    states: Sequence[State] = (),
    origins: Sequence[Origin] = (),
    after: MomentKey = NEWEST,
    limit: int,
) -> list[TicketView]:
    """Newest first; all states, or origins, where none is given."""
    parameters = {
        "community": community,
        "asset": asset,
        "id": ticket_id,
        "states": list(states) or None,
        "origins": list(origins) or None,
        "after_at": after[0],
        "after_id": after[1],
        "limit": limit,
    }
    with conn.cursor(row_factory=dict_row) as cur:
        return [_ticket(row) for row in cur.execute(QUERIES["tickets_page"], parameters)]


def count_open(conn: Conn, community: str) -> dict[Origin, int]:
    """Tickets nobody has resolved yet, of every origin."""
    counts = dict(conn.execute(QUERIES["open_counts"], {"community": community}).fetchall())
    return {origin: counts.get(origin, 0) for origin in Origin}


def get_ticket(conn: Conn, ticket_id: int) -> TicketView:
    """NotFound when there is no such ticket."""
    found = list_tickets(conn, ticket_id=ticket_id, limit=1)
    if not found:
        raise NotFound(f"ticket {ticket_id} is unknown")
    return found[0]


def ticket_detail(conn: Conn, ticket_id: int) -> TicketDetail:
    """With log and evidence; NotFound when there is no such ticket."""
    ticket = get_ticket(conn, ticket_id)
    with conn.cursor(row_factory=class_row(LogEntry)) as cur:
        log = cur.execute(QUERIES["ticket_log_page"], {"ticket_id": ticket_id}).fetchall()
    return TicketDetail(
        **dict(ticket),
        log=log,
        predictions=predictions_of_ticket(conn, ticket_id),
        complaints=list_complaints(conn, ticket_id=ticket_id, limit=MAX_EVIDENCE),
    )


def _ticket(row: dict[str, Any]) -> TicketView:
    asset = Titles(zh=row["asset_zh"], en=row["asset_en"]) if row["asset"] else None
    return TicketView(**row, title=Titles(zh=row["title_zh"], en=row["title_en"]), asset_label=asset)
