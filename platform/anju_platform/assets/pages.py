"""Pages: communities, the overview of one, its assets, and one asset on its time axis."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from psycopg import Connection

from anju_contracts.names import NAME_PATTERN
from anju_platform.assets import lists, overview
from anju_platform.assets.views import AssetDetail, CommunityView
from anju_platform.desk.lists import list_complaints
from anju_platform.errors import NotFound
from anju_platform.scoring.lists import current_risks
from anju_platform.scoring.views import PredictionView
from anju_platform.tickets.lists import count_open, list_tickets
from anju_platform.tickets.models import OPEN_STATES
from anju_platform.web import places
from anju_platform.web.context import Conn, Now
from anju_platform.web.cursor import decode_text_cursor
from anju_platform.web.fields import AssetKey, CommunityId
from anju_platform.web.paging import CursorText, page_of
from anju_platform.web.render import render

router = APIRouter(include_in_schema=False)

MAX_COMMUNITIES = 200
ROWS = 8
ROWS_OF_ASSET = 8
ASSETS_A_PAGE = 60
AHEAD_SINCE = timedelta(days=90)
CHARTED = 3
NOTABLE = 0.05

Values = dict[str, Any]


@router.get("/")
def home(*, request: Request, conn: Conn) -> Response:
    """The communities; the only one at once where there is no other."""
    communities = lists.list_communities(conn, limit=MAX_COMMUNITIES)
    if len(communities) == 1:
        return RedirectResponse(places.community(communities[0].id), 303)
    return render(request, "home.html", {"communities": communities})


@router.get("/c/{community}")
def community(*, request: Request, conn: Conn, now: Now, community: CommunityId) -> Response:
    found = lists.get_community(conn, community)
    values: Values = {"community": found}
    for read in PARTS.values():
        values |= read(conn, found, now)
    return render(request, "overview.html", values, zone=found.timezone)


@router.get("/c/{community}/parts/{part}")
def community_part(*, request: Request, conn: Conn, now: Now, community: CommunityId, part: str) -> Response:
    """One section of the overview, for live updates."""
    found = lists.get_community(conn, community)
    if part not in PARTS:
        raise NotFound(f"part {part!r} is unknown")
    values = {"community": found, **PARTS[part](conn, found, now)}
    return render(request, f"parts/{part}.html", values, zone=found.timezone)


def _figures(conn: Connection[Any], community: CommunityView, now: datetime) -> Values:
    return {
        "kinds": overview.count_kinds(conn, community.id),
        "open_by_origin": count_open(conn, community.id),
        "ahead": overview.ahead_of_complaints(conn, community.id, since=now - AHEAD_SINCE),
        "ahead_days": AHEAD_SINCE.days,
    }


def _tickets(conn: Connection[Any], community: CommunityView, _now: datetime) -> Values:
    return {"newest_tickets": list_tickets(conn, community=community.id, states=OPEN_STATES, limit=ROWS)}


def _risks(conn: Connection[Any], community: CommunityView, _now: datetime) -> Values:
    return {"at_risk": overview.assets_at_risk(conn, community.id, limit=ROWS)}


def _alarms(conn: Connection[Any], community: CommunityView, _now: datetime) -> Values:
    return {"alarms": overview.open_alarms(conn, community.id, limit=ROWS)}


def _complaints(conn: Connection[Any], community: CommunityView, _now: datetime) -> Values:
    return {"complaints": list_complaints(conn, community=community.id, limit=5)}


def _gateways(conn: Connection[Any], community: CommunityView, _now: datetime) -> Values:
    return {"gateways": lists.list_gateways(conn, community=community.id, limit=50)}


def _clock(_conn: Connection[Any], _community: CommunityView, _now: datetime) -> Values:
    return {}


PARTS: Mapping[str, Callable[[Connection[Any], CommunityView, datetime], Values]] = {
    "clock": _clock,
    "figures": _figures,
    "tickets": _tickets,
    "risks": _risks,
    "alarms": _alarms,
    "complaints": _complaints,
    "gateways": _gateways,
}


@router.get("/c/{community}/assets")
def assets(
    *,
    request: Request,
    conn: Conn,
    community: CommunityId,
    kind: Annotated[str | None, Query(pattern=f"^$|{NAME_PATTERN}", max_length=64)] = None,
    cursor: CursorText = None,
) -> Response:
    found = lists.get_community(conn, community)
    after = decode_text_cursor("asset-cards", cursor)
    rows = overview.list_asset_cards(conn, community, kind=kind or None, after=after, limit=ASSETS_A_PAGE + 1)
    values = {
        "community": found,
        "kind": kind or "",
        "kinds": overview.count_kinds(conn, community),
        "page": page_of("asset-cards", rows, ASSETS_A_PAGE, lambda row: (row.asset,)),
    }
    template = "parts/asset_rows.html" if cursor and "hx-request" in request.headers else "assets.html"
    return render(request, template, values, zone=found.timezone)


@router.get("/assets/{asset}")
def asset(*, request: Request, conn: Conn, asset: AssetKey) -> Response:
    detail = lists.asset_detail(conn, asset)
    found = lists.get_community(conn, detail.community)
    risks = current_risks(conn, asset)
    values = {
        "community": found,
        "asset": detail,
        "risks": risks,
        "notable": notable_risks(risks),
        "charted": choose_charted(detail, risks),
        "newest": max((point.at for point in detail.points if point.at), default=None),
        "alarms": overview.open_alarms(conn, detail.community, asset=asset, limit=ROWS_OF_ASSET),
        "tickets": list_tickets(conn, asset=asset, limit=ROWS_OF_ASSET),
        "events": lists.list_events(conn, asset=asset, begun=True, limit=ROWS_OF_ASSET),
        "repairs": lists.list_repairs(conn, asset, limit=ROWS_OF_ASSET),
        "complaints": list_complaints(conn, asset=asset, limit=ROWS_OF_ASSET),
    }
    return render(request, "asset.html", values, zone=found.timezone)


@router.get("/assets/{asset}/parts/latest")
def asset_latest(*, request: Request, conn: Conn, asset: AssetKey) -> Response:
    """The newest values of an asset, for live updates."""
    detail = lists.asset_detail(conn, asset)
    found = lists.get_community(conn, detail.community)
    return render(request, "parts/latest.html", {"community": found, "asset": detail}, zone=found.timezone)


def notable_risks(risks: list[PredictionView]) -> int:
    """How many of `risks`, which begin with the greatest, are worth a place of their own."""
    return max(sum(risk.p_30d >= NOTABLE for risk in risks), 2)


def choose_charted(asset: AssetDetail, risks: list[PredictionView]) -> list[str]:
    """The points to chart at first: those that the gravest risks name as reasons, then the asset's first gauges."""
    points = {point.code: point for point in asset.points}
    named = [reason.source for risk in risks for reason in risk.reasons if reason.source in points]
    gauges = [point.code for point in asset.points if point.kind == "gauge"]
    return list(dict.fromkeys([*named, *gauges, *points]))[:CHARTED]
