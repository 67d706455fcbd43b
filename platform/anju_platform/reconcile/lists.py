"""Reads ledgers, clocks and faults; rows come back as what is shown."""

from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row, scalar_row

from anju_platform.assets.lists import list_gateways
from anju_platform.errors import NotFound
from anju_platform.reconcile.check import read_balances, read_gaps
from anju_platform.reconcile.models import Balance
from anju_platform.reconcile.rules import SHOWN_RANGES
from anju_platform.reconcile.views import ClockView, FaultView, GatewayDetail, StreamView
from anju_platform.storage.queries import load_queries

QUERIES = load_queries(__package__)
Conn = Connection[Any]


def get_gateway(conn: Conn, community: str, gateway: str) -> GatewayDetail:
    """NotFound when there is no such gateway."""
    found = [one for one in list_gateways(conn, community=community, gateway=gateway, limit=1) if one.id == gateway]
    if not found:
        raise NotFound(f"gateway {community}/{gateway} is unknown")
    key = {"community": community, "gateway": gateway}
    with conn.cursor(row_factory=class_row(ClockView)) as cur:
        clock = cur.execute(QUERIES["clock_of_gateway"], key).fetchone()
    with conn.cursor(row_factory=scalar_row) as scalars:
        ahead = scalars.execute(QUERIES["count_letters_ahead"], key).fetchone()
    return GatewayDetail(
        **dict(found[0]),
        clock=clock,
        ledger=list_streams(conn, community, gateway),
        open_faults=list_faults(conn, community=community, gateway=gateway, is_open=True, limit=100),
        letters_ahead=ahead or 0,
    )


def list_streams(conn: Conn, community: str, gateway: str | None = None) -> list[StreamView]:
    """By gateway, the outbox in use first."""
    return [_stream(conn, balance) for balance in read_balances(conn, community, gateway)]


def _stream(conn: Conn, balance: Balance) -> StreamView:
    return StreamView(
        community=balance.community,
        gateway=balance.gateway,
        epoch=balance.epoch,
        current=balance.current,
        stream=balance.stream,
        produced=balance.produced,
        committed=balance.committed,
        queued=balance.queued,
        dropped=balance.dropped,
        stored=balance.stored_samples,
        lost=balance.lost_samples,
        last_seq=balance.last_seq,
        missing_batches=balance.missing_batches,
        gaps=read_gaps(conn, balance)[:SHOWN_RANGES],
        received_at=balance.received_at,
    )


def list_faults(
    conn: Conn,
    *,
    community: str | None = None,
    gateway: str | None = None,
    is_open: bool | None = None,
    fault: int | None = None,
    after: int | None = None,
    limit: int,
) -> list[FaultView]:
    """Newest first."""
    parameters = {
        "community": community,
        "gateway": gateway,
        "is_open": is_open,
        "id": fault,
        "after": after,
        "limit": limit,
    }
    with conn.cursor(row_factory=class_row(FaultView)) as cur:
        return cur.execute(QUERIES["faults_page"], parameters).fetchall()


def acknowledge(conn: Conn, fault: int, *, actor: str, note: str, now: datetime) -> FaultView:
    """Note who has seen it; it stays open as long as it is so. NotFound when there is no such fault."""
    conn.execute(QUERIES["acknowledge_fault"], {"id": fault, "actor": actor, "note": note, "now": now})
    found = list_faults(conn, fault=fault, limit=1)
    if not found:
        raise NotFound(f"fault {fault} is unknown")
    return found[0]
