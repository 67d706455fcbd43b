"""Storing what gateways say of themselves: births, states, accounts."""

from datetime import datetime

import msgspec
import psycopg
from psycopg.types.json import Jsonb

from anju_contracts.clock import Clock
from anju_contracts.topics import GatewayAddress
from anju_platform.assets.registry import ensure_community, record_birth
from anju_platform.ingest.decode import not_after
from anju_platform.ingest.models import AccountNotice, BirthNotice, StateNotice
from anju_platform.ingest.registry_lock import own_registry
from anju_platform.reconcile.accounts import take_account
from anju_platform.storage.notify import notify
from anju_platform.storage.queries import load_queries

QUERIES = load_queries("anju_platform.ingest")


def store_birth(conn: psycopg.Connection, notice: BirthNotice, *, now: datetime) -> None:
    own_registry(conn, notice.address.community)
    record_birth(conn, notice.birth, at=not_after(notice.birth.at, now), now=now)
    notify(conn, notice.address.community, "gateway")


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
