"""Commands in the database. Every function works in its caller's transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row, dict_row, scalar_row
from psycopg.types.json import Jsonb

from anju_platform.commands.models import Act, OpenCommand, Order, State, Target
from anju_platform.commands.rules import after
from anju_platform.errors import Conflict, NotFound
from anju_platform.storage.notify import notify
from anju_platform.storage.queries import load_queries

_QUERIES = load_queries(__package__)


def target_asset(conn: psycopg.Connection, asset_key: str) -> Target:
    """NotFound when the key names no asset, Conflict when no gateway has ever announced it."""
    with conn.cursor(row_factory=dict_row) as cur:
        found = cur.execute(_QUERIES["target_asset"], {"key": asset_key}).fetchone()
    if found is None:
        raise NotFound(f"no such asset {asset_key}")
    if found["gateway_id"] is None:
        raise Conflict(f"no gateway has announced {asset_key}, so nobody can be told")
    return Target(**found)


def target_gateway(conn: psycopg.Connection, community: str, gateway: str) -> Target:
    """NotFound when there is no such gateway."""
    with conn.cursor(row_factory=dict_row) as cur:
        found = cur.execute(_QUERIES["target_gateway"], {"community": community, "gateway": gateway}).fetchone()
    if found is None:
        raise NotFound(f"no such gateway {community}/{gateway}")
    return Target(**found)


def insert(
    conn: psycopg.Connection, target: Target, order: Order, *, wire_id: str, issued_at: datetime, expires_at: datetime
) -> int:
    """The row id of the new command."""
    row = {
        "wire_id": wire_id,
        "community": target.community_id,
        "gateway": target.gateway_id,
        "asset_id": target.asset_id,
        "action": order.action,
        "params": Jsonb(order.params),
        "actor": order.actor,
        "why": order.why,
        "issued_at": issued_at,
        "expires_at": expires_at,
    }
    with conn.cursor(row_factory=scalar_row) as cur:
        command_id = int(cur.execute(_QUERIES["insert_command"], row).fetchone() or 0)
    conn.execute(_QUERIES["insert_log"], _log(command_id, Act.ASKED, issued_at, {"actor": order.actor}))
    notify(conn, target.community_id, "command", asset=target.asset, id=command_id)
    return command_id


def open_commands(conn: psycopg.Connection) -> list[OpenCommand]:
    """Those that are neither answered nor expired by the log, the oldest first."""
    with conn.cursor(row_factory=class_row(OpenCommand)) as cur:
        return cur.execute(_QUERIES["open_commands"]).fetchall()


def record(
    conn: psycopg.Connection,
    command_id: int,
    act: Act,
    *,
    at: datetime,
    detail: Mapping[str, Any] | None = None,
    answer: Mapping[str, Any] | None = None,
) -> None:
    """Write an act into the log, and its meaning into the command."""
    with conn.cursor(row_factory=dict_row) as cur:
        found = cur.execute(_QUERIES["lock_command"], {"id": command_id}).fetchone()
    if found is None:
        raise NotFound(f"no such command {command_id}")
    conn.execute(_QUERIES["insert_log"], _log(command_id, act, at, detail or {}))
    state = after(State(found["state"]), act)
    if state != found["state"]:
        values = {"id": command_id, "state": state, "answer": Jsonb(answer) if answer is not None else None}
        conn.execute(_QUERIES["set_state"], values)
        notify(conn, found["community_id"], "command", asset=found["asset"], id=command_id)


def find(conn: psycopg.Connection, wire_id: str, *, community: str, gateway: str) -> int | None:
    """The row of a command of this gateway; None when it has none of that id."""
    key = {"wire_id": wire_id, "community": community, "gateway": gateway}
    with conn.cursor(row_factory=scalar_row) as cur:
        found: int | None = cur.execute(_QUERIES["command_by_wire_id"], key).fetchone()
    return found


def _log(command_id: int, act: Act, at: datetime, detail: Mapping[str, Any]) -> dict[str, Any]:
    return {"command_id": command_id, "act": act, "at": at, "detail": Jsonb(dict(detail))}
