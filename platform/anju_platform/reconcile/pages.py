"""The page of a gateway: its ledger, its clock, what is wrong with it."""

from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response
from psycopg import Connection

from anju_contracts.account import Fault
from anju_platform.assets.lists import get_community
from anju_platform.reconcile.api import GatewayId
from anju_platform.reconcile.lists import get_gateway
from anju_platform.web.context import Conn
from anju_platform.web.fields import CommunityId
from anju_platform.web.render import render

router = APIRouter(include_in_schema=False)


@router.get("/c/{community}/gateways/{gateway}")
def gateway(*, request: Request, conn: Conn, community: CommunityId, gateway: GatewayId) -> Response:
    return _render(request, conn, community, gateway, "gateway.html")


@router.get("/c/{community}/gateways/{gateway}/part")
def gateway_part(*, request: Request, conn: Conn, community: CommunityId, gateway: GatewayId) -> Response:
    """What changes on the page, for live updates."""
    return _render(request, conn, community, gateway, "parts/gateway.html")


def _render(request: Request, conn: Connection[Any], community: str, gateway: str, template: str) -> Response:
    found = get_community(conn, community)
    detail = get_gateway(conn, community, gateway)
    told = msgspec.convert((detail.account or {}).get("faults", []), list[Fault])
    return render(request, template, {"community": found, "gateway": detail, "told": told}, zone=found.timezone)
