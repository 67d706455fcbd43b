"""Reads communities, assets, events, repairs and gateways, page by page; rows come back as what is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row, dict_row

from anju_platform.assets.views import (
    AssetDetail,
    AssetView,
    CommunityView,
    EventView,
    GatewayView,
    PointView,
    RepairView,
)
from anju_platform.errors import NotFound
from anju_platform.storage.queries import load_queries
from anju_platform.web.fields import Titles

QUERIES = load_queries(__package__)
Conn = Connection[Any]
MomentKey = tuple[datetime | None, int | None]
NEWEST: MomentKey = (None, None)


@dataclass(frozen=True, slots=True)
class Window:
    """From `since` (inclusive) to `until` (exclusive); None is open."""

    since: datetime | None = None
    until: datetime | None = None


ALWAYS = Window()


def list_communities(conn: Conn, *, after: str | None = None, limit: int) -> list[CommunityView]:
    return _communities(conn, {"id": None, "after": after, "limit": limit})


def get_community(conn: Conn, community: str) -> CommunityView:
    """NotFound when there is no such community."""
    found = _communities(conn, {"id": community, "after": None, "limit": 1})
    if not found:
        raise NotFound(f"community {community!r} is unknown")
    return found[0]


def _communities(conn: Conn, parameters: dict[str, Any]) -> list[CommunityView]:
    with conn.cursor(row_factory=dict_row) as cur:
        rows = cur.execute(QUERIES["communities_page"], parameters).fetchall()
    return [CommunityView(**row, label=Titles(zh=row["label_zh"], en=row["label_en"])) for row in rows]


def list_assets(
    conn: Conn, *, community: str | None = None, kind: str | None = None, after: str | None = None, limit: int
) -> list[AssetView]:
    parameters = {"community": community, "kind": kind, "key": None, "after": after, "limit": limit}
    with conn.cursor(row_factory=dict_row) as cur:
        return [_asset(row) for row in cur.execute(QUERIES["assets_page"], parameters)]


def get_asset(conn: Conn, key: str) -> AssetView:
    """NotFound when no asset has that key."""
    parameters = {"community": None, "kind": None, "key": key, "after": None, "limit": 1}
    with conn.cursor(row_factory=dict_row) as cur:
        row = cur.execute(QUERIES["assets_page"], parameters).fetchone()
    if row is None:
        raise NotFound(f"asset {key!r} is unknown")
    return _asset(row)


def asset_detail(conn: Conn, key: str) -> AssetDetail:
    """The asset with its points; NotFound when no asset has that key."""
    asset = get_asset(conn, key)
    return AssetDetail(**dict(asset), points=list_points(conn, asset.id))


def list_points(conn: Conn, asset_id: int) -> list[PointView]:
    with conn.cursor(row_factory=dict_row) as cur:
        return [
            PointView(**row, label=_titles_or_none(row["label_zh"], row["label_en"]))
            for row in cur.execute(QUERIES["points_of_asset"], {"asset_id": asset_id})
        ]


def list_events(
    conn: Conn,
    *,
    community: str | None = None,
    asset: str | None = None,
    code: str | None = None,
    severity: str | None = None,
    begun: bool = False,
    window: Window = ALWAYS,
    after: MomentKey = NEWEST,
    limit: int,
) -> list[EventView]:
    """Newest first; with `begun` only what began or happened, no clears by themselves."""
    parameters = {
        "begun": begun,
        "community": community,
        "asset": asset,
        "code": code,
        "severity": severity,
        **moment_parameters(window, after, limit),
    }
    with conn.cursor(row_factory=class_row(EventView)) as cur:
        return cur.execute(QUERIES["events_page"], parameters).fetchall()


def list_repairs(
    conn: Conn, asset: str, *, window: Window = ALWAYS, after: MomentKey = NEWEST, limit: int
) -> list[RepairView]:
    parameters = {"asset": asset, **moment_parameters(window, after, limit)}
    with conn.cursor(row_factory=class_row(RepairView)) as cur:
        return cur.execute(QUERIES["repairs_page"], parameters).fetchall()


def list_gateways(
    conn: Conn, *, community: str | None = None, gateway: str | None = None, after: str | None = None, limit: int
) -> list[GatewayView]:
    """In the order of `community/gateway`, after the one named so."""
    parameters = {"community": community, "gateway": gateway, "after": after, "limit": limit}
    with conn.cursor(row_factory=class_row(GatewayView)) as cur:
        return cur.execute(QUERIES["gateways_page"], parameters).fetchall()


def moment_parameters(window: Window, after: MomentKey, limit: int) -> dict[str, Any]:
    """The parameters that every list ordered by time takes."""
    return {
        "since": window.since,
        "until": window.until,
        "after_at": after[0],
        "after_id": after[1],
        "limit": limit,
    }


def _asset(row: dict[str, Any]) -> AssetView:
    return AssetView(**row, label=Titles(zh=row["label_zh"] or row["code"], en=row["label_en"] or row["code"]))


def _titles_or_none(zh: str | None, en: str | None) -> Titles | None:
    name: Sequence[str] = [text for text in (zh, en) if text]
    return Titles(zh=zh or name[0], en=en or name[0]) if name else None
