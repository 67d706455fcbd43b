"""REST: one gateway with its ledger and clock, the ledger of a community, faults of gateways."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from anju_contracts.names import NAME_PATTERN
from anju_platform.assets.lists import get_community
from anju_platform.reconcile import lists
from anju_platform.reconcile.views import FaultView, GatewayDetail, StreamView
from anju_platform.tickets.api import Actor, Note
from anju_platform.web.context import Conn, Now
from anju_platform.web.cursor import decode_id_cursor
from anju_platform.web.fields import CommunityId, InCommunity, RowId
from anju_platform.web.paging import DEFAULT_LIMIT, CursorText, Limit, Page, page_of
from anju_platform.web.problems import problem_responses

router = APIRouter(tags=["operation"], responses=problem_responses(422, 503))
FOUND_OR_NOT = problem_responses(404)

GatewayId = Annotated[
    str, Path(description="A gateway of the community", examples=["gw-1"], pattern=NAME_PATTERN, max_length=64)
]
OfGateway = Annotated[
    str | None,
    Query(description="Only of gateways of this name", examples=["gw-1"], pattern=NAME_PATTERN, max_length=64),
]


class Acknowledgement(BaseModel):
    """Somebody has seen a fault. It is news again when it grows."""

    actor: Actor
    note: Note = ""


@router.get(
    "/gateways/{community}/{gateway}",
    summary="One gateway with its ledger, its clock and what is wrong with it",
    responses=FOUND_OR_NOT,
)
def gateway(*, conn: Conn, community: CommunityId, gateway: GatewayId) -> GatewayDetail:
    return lists.get_gateway(conn, community, gateway)


@router.get(
    "/communities/{community}/ledger",
    summary="What became of everything that a community's gateways took, by outbox and stream",
    responses=FOUND_OR_NOT,
)
def ledger(*, conn: Conn, community: CommunityId) -> list[StreamView]:
    return lists.list_streams(conn, get_community(conn, community).id)


@router.get("/gateway-faults", summary="What is or was wrong with ledgers and clocks of gateways, newest first")
def faults(
    *,
    conn: Conn,
    community: InCommunity = None,
    gateway: OfGateway = None,
    is_open: Annotated[bool | None, Query(alias="open", description="Only those that hold, or are over")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorText = None,
) -> Page[FaultView]:
    after = decode_id_cursor("gateway-faults", cursor)
    rows = lists.list_faults(conn, community=community, gateway=gateway, is_open=is_open, after=after, limit=limit + 1)
    return page_of("gateway-faults", rows, limit, lambda row: (row.id,))


@router.post(
    "/gateway-faults/{fault}/acknowledge",
    summary="Note who has seen a fault of a gateway",
    responses=problem_responses(400, 403, 404, 413),
)
def acknowledge(*, conn: Conn, now: Now, fault: RowId, body: Acknowledgement) -> FaultView:
    return lists.acknowledge(conn, fault, actor=body.actor, note=body.note, now=now)
