"""Reads commands; rows come back as what is shown."""

from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from anju_platform.assets.lists import ALWAYS, NEWEST, MomentKey, moment_parameters
from anju_platform.commands.views import CommandAct, CommandDetail, CommandView
from anju_platform.errors import NotFound
from anju_platform.storage.queries import load_queries

QUERIES = load_queries(__package__)


def list_commands(
    conn: Connection[Any],
    *,
    now: datetime,
    community: str | None = None,
    asset: str | None = None,
    command_id: int | None = None,
    after: MomentKey = NEWEST,
    limit: int,
) -> list[CommandView]:
    """Newest first. One whose time is over counts as expired, also before that is written down."""
    parameters = {"community": community, "asset": asset, "id": command_id, "now": now}
    with conn.cursor(row_factory=class_row(CommandView)) as cur:
        return cur.execute(QUERIES["commands_page"], parameters | moment_parameters(ALWAYS, after, limit)).fetchall()


def command_detail(conn: Connection[Any], command_id: int, *, now: datetime) -> CommandDetail:
    """NotFound when there is no such command."""
    found = list_commands(conn, now=now, command_id=command_id, limit=1)
    if not found:
        raise NotFound(f"no such command {command_id}")
    with conn.cursor(row_factory=class_row(CommandAct)) as cur:
        log = cur.execute(QUERIES["log_of_command"], {"id": command_id}).fetchall()
    return CommandDetail(**found[0].model_dump(), log=log)
