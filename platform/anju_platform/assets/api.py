"""REST: communities, assets, readings, events, repairs and gateways."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from anju_contracts.names import NAME_PATTERN
from anju_platform.assets import lists
from anju_platform.assets.lists import Window
from anju_platform.assets.readings import choose_points, list_hour_readings, list_raw_readings, read_series
from anju_platform.assets.timeline import Timeline, read_timeline
from anju_platform.assets.views import (
    AssetDetail,
    AssetView,
    CommunityView,
    EventView,
    GatewayView,
    HourReading,
    PointView,
    RawReading,
    RepairView,
    Series,
)
from anju_platform.errors import Invalid
from anju_platform.web.context import Conn, Now
from anju_platform.web.cursor import decode_moment_cursor, decode_text_cursor
from anju_platform.web.fields import AssetKey, CommunityId, InCommunity, Since, Until
from anju_platform.web.paging import DEFAULT_LIMIT, CursorText, Limit, Page, page_of
from anju_platform.web.problems import problem_responses

router = APIRouter(tags=["assets"], responses=problem_responses(422, 503))
FOUND_OR_NOT = problem_responses(404)
MAX_READINGS = 10_000
RAW_SPAN = timedelta(days=1)
HOUR_SPAN = timedelta(days=30)
AHEAD = timedelta(seconds=1)

_Name = {"pattern": NAME_PATTERN, "max_length": 64}
PointNames = Annotated[
    list[Annotated[str, Query(**_Name)]],
    Query(alias="point", max_length=32, description="May be repeated; all points of the asset where left out"),
]
EventCode = Annotated[str | None, Query(description="Only of this code", examples=["lift.door_close_fault"], **_Name)]


@router.get("/communities", summary="All communities")
def communities(*, conn: Conn, limit: Limit = DEFAULT_LIMIT, cursor: CursorText = None) -> Page[CommunityView]:
    after = decode_text_cursor("communities", cursor)
    rows = lists.list_communities(conn, after=after, limit=limit + 1)
    return page_of("communities", rows, limit, lambda row: (row.id,))


@router.get("/communities/{community}", summary="One community", responses=FOUND_OR_NOT)
def community(*, conn: Conn, community: CommunityId) -> CommunityView:
    return lists.get_community(conn, community)


@router.get("/assets", summary="Assets, in the order of their keys")
def assets(
    *,
    conn: Conn,
    community: InCommunity = None,
    kind: Annotated[str | None, Query(examples=["lift"], **_Name)] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorText = None,
) -> Page[AssetView]:
    after = decode_text_cursor("assets", cursor)
    rows = lists.list_assets(conn, community=community, kind=kind, after=after, limit=limit + 1)
    return page_of("assets", rows, limit, lambda row: (row.key,))


@router.get("/assets/{asset}", summary="One asset with its points and their newest readings", responses=FOUND_OR_NOT)
def asset(*, conn: Conn, asset: AssetKey) -> AssetDetail:
    return lists.asset_detail(conn, asset)


@router.get(
    "/assets/{asset}/readings",
    summary="Readings of an asset's points, newest first",
    description="Without `from` and `to`: the last day of readings, or the last 30 days by the hour, "
    "up to the newest reading that the asset has.",
    responses=FOUND_OR_NOT,
)
def readings(
    *,
    conn: Conn,
    now: Now,
    asset: AssetKey,
    point: PointNames = [],  # noqa: B006  FastAPI copies it
    since: Since = None,
    until: Until = None,
    resolution: Annotated[Literal["raw", "hour"], Query(description="As taken, or statistics by the hour")] = "raw",
    limit: Annotated[int, Query(ge=1, le=MAX_READINGS)] = 1000,
    cursor: CursorText = None,
) -> Page[RawReading] | Page[HourReading]:
    detail = lists.asset_detail(conn, asset)
    points = choose_points(detail.points, point)
    window = Window(*_window(detail.points, now, since, until, RAW_SPAN if resolution == "raw" else HOUR_SPAN))
    name = f"readings-{resolution}"
    after = decode_moment_cursor(name, cursor)
    if resolution == "raw":
        raw = list_raw_readings(conn, points, window=window, after=after, limit=limit + 1)
        return page_of(name, raw, limit, lambda row: (row.at, row.point_id))
    hours = list_hour_readings(conn, points, window=window, after=after, limit=limit + 1)
    return page_of(name, hours, limit, lambda row: (row.at, row.point_id))


@router.get(
    "/assets/{asset}/series",
    summary="Readings in buckets, for charts",
    description="The buckets are as short as 800 of them (130 of a counter) allow, from a minute to a week. "
    "Without `from` and `to`: the last 30 days of readings.",
    responses=FOUND_OR_NOT,
)
def series(
    *,
    conn: Conn,
    now: Now,
    asset: AssetKey,
    point: PointNames = [],  # noqa: B006  FastAPI copies it
    since: Since = None,
    until: Until = None,
) -> list[Series]:
    detail = lists.asset_detail(conn, asset)
    points = choose_points(detail.points, point)
    begin, end = _window(detail.points, now, since, until, HOUR_SPAN)
    return read_series(conn, points, since=begin, until=end)


@router.get(
    "/assets/{asset}/timeline",
    summary="Events, repairs, complaints, tickets and risk of an asset over time",
    description="Times are seconds since 1970, for charts. Without `from` and `to`: the last 30 days of readings.",
    responses=FOUND_OR_NOT,
)
def timeline(*, conn: Conn, now: Now, asset: AssetKey, since: Since = None, until: Until = None) -> Timeline:
    detail = lists.asset_detail(conn, asset)
    begin, end = _window(detail.points, now, since, until, HOUR_SPAN)
    return read_timeline(conn, detail.id, since=begin, until=end)


@router.get("/assets/{asset}/events", summary="Events of an asset, newest first", responses=FOUND_OR_NOT)
def asset_events(
    *,
    conn: Conn,
    asset: AssetKey,
    code: EventCode = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorText = None,
) -> Page[EventView]:
    key = lists.get_asset(conn, asset).key
    after = decode_moment_cursor("events", cursor)
    rows = lists.list_events(conn, asset=key, code=code, window=Window(since, until), after=after, limit=limit + 1)
    return page_of("events", rows, limit, lambda row: (row.at, row.id))


@router.get("/assets/{asset}/repairs", summary="Repairs of an asset, newest first", responses=FOUND_OR_NOT)
def asset_repairs(
    *,
    conn: Conn,
    asset: AssetKey,
    since: Since = None,
    until: Until = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorText = None,
) -> Page[RepairView]:
    key = lists.get_asset(conn, asset).key
    after = decode_moment_cursor("repairs", cursor)
    rows = lists.list_repairs(conn, key, window=Window(since, until), after=after, limit=limit + 1)
    return page_of("repairs", rows, limit, lambda row: (row.opened_at, row.id))


@router.get("/events", summary="Events, newest first")
def events(
    *,
    conn: Conn,
    community: InCommunity = None,
    code: EventCode = None,
    severity: Annotated[Literal["info", "minor", "major", "critical"] | None, Query()] = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorText = None,
) -> Page[EventView]:
    rows = lists.list_events(
        conn,
        community=community,
        code=code,
        severity=severity,
        window=Window(since, until),
        after=decode_moment_cursor("events", cursor),
        limit=limit + 1,
    )
    return page_of("events", rows, limit, lambda row: (row.at, row.id))


@router.get("/gateways", summary="Gateways with their state and watermark")
def gateways(
    *, conn: Conn, community: InCommunity = None, limit: Limit = DEFAULT_LIMIT, cursor: CursorText = None
) -> Page[GatewayView]:
    after = decode_text_cursor("gateways", cursor)
    rows = lists.list_gateways(conn, community=community, after=after, limit=limit + 1)
    return page_of("gateways", rows, limit, lambda row: (f"{row.community}/{row.id}",))


def _window(
    points: list[PointView], now: datetime, since: datetime | None, until: datetime | None, span: timedelta
) -> tuple[datetime, datetime]:
    """`since` to `until`; what is left out reaches to the newest reading, and back by `span`."""
    newest = max((point.at for point in points if point.at), default=now)
    end = until or max(newest, now) + AHEAD
    begin = since or min(end, newest + AHEAD) - span
    if begin >= end:
        raise Invalid("from", begin.isoformat(), f"before `to`, {end.isoformat()}")
    return begin, end
