"""Storing what gateways say of themselves: births, states, accounts."""

from datetime import datetime
from typing import Final

import msgspec
import psycopg
from psycopg.rows import scalar_row
from psycopg.types.json import Jsonb

from anju_contracts.clock import Clock
from anju_contracts.topics import GatewayAddress
from anju_platform.assets.registry import ensure_community, record_birth
from anju_platform.ingest.decode import not_after
from anju_platform.ingest.models import AccountNotice, BirthNotice, Letter, StateNotice
from anju_platform.reconcile.accounts import take_account
from anju_platform.storage.notify import notify
from anju_platform.storage.queries import load_queries

QUERIES = load_queries("anju_platform.ingest")
TOO_MANY_POINTS: Final = "too_many_points"


def store_birth(conn: psycopg.Connection, notice: BirthNotice, *, most_points: int, now: datetime) -> Letter | None:
    """Store what it announces; the letter of one with which its gateway would have more than `most_points`. The caller
    owns the registry of the community."""
    points = sum(max(1, len(asset.points)) for asset in notice.birth.assets) + _other_points(conn, notice)
    if points > most_points:
        detail = f"birth: got {points} points of {notice.address} in all, expected at most {most_points}"
        return Letter(notice.arrival.topic, TOO_MANY_POINTS, detail, notice.arrival.payload, notice.address)
    record_birth(conn, notice.birth, at=not_after(notice.birth.at, now), now=now)
    notify(conn, notice.address.community, "gateway")
    return None


def _other_points(conn: psycopg.Connection, notice: BirthNotice) -> int:
    assets = [asset.id for asset in notice.birth.assets]
    with conn.cursor(row_factory=scalar_row) as cur:
        found = cur.execute(QUERIES["count_other_points"], _params(notice.address) | {"assets": assets}).fetchone()
    return int(found or 0)


def store_state(conn: psycopg.Connection, notice: StateNotice, *, now: datetime) -> None:
    _ensure_gateway(conn, notice.address, now=now)
    state = {"state": str(notice.state.state), "at": not_after(notice.state.at, now)}
    changed = conn.execute(QUERIES["record_state"], _params(notice.address) | state)
    if changed.rowcount:
        notify(conn, notice.address.community, "gateway")


def store_account(conn: psycopg.Connection, notice: AccountNotice, *, now: datetime, clock: Clock) -> None:
    _ensure_gateway(conn, notice.address, now=now)
    if take_account(conn, notice.address, notice.account, received_at=notice.arrival.received_at, clock=clock):
        account = {"account": Jsonb(msgspec.to_builtins(notice.account)), "at": not_after(notice.account.at, now)}
        conn.execute(QUERIES["record_account"], _params(notice.address) | account)


def _ensure_gateway(conn: psycopg.Connection, address: GatewayAddress, *, now: datetime) -> None:
    """What a gateway says of itself may come before its birth."""
    ensure_community(conn, address.community, None, now=now)
    conn.execute(QUERIES["ensure_gateway"], _params(address))


def _params(address: GatewayAddress) -> dict[str, object]:
    return {"community": address.community, "gateway": address.gateway}
