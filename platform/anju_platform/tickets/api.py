"""REST: tickets."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from anju_contracts.names import NAME_PATTERN
from anju_platform.assets.lists import get_asset
from anju_platform.tickets import service
from anju_platform.tickets.lists import list_tickets, ticket_detail
from anju_platform.tickets.models import CloseReason, Finding, Origin, RepairAction, State
from anju_platform.tickets.views import TicketDetail, TicketView
from anju_platform.web.context import Conn, Now
from anju_platform.web.cursor import decode_moment_cursor
from anju_platform.web.fields import (
    MAX_VERSION,
    NO_CONTROL_PATTERN,
    VISIBLE_PATTERN,
    AssetKey,
    InCommunity,
    Moment,
    OfAsset,
    RowId,
)
from anju_platform.web.paging import DEFAULT_LIMIT, CursorText, Limit, Page, page_of
from anju_platform.web.problems import problem_responses

router = APIRouter(tags=["tickets"], responses=problem_responses(422, 503))

States = Annotated[list[State], Query(alias="state", max_length=4, description="May be repeated")]
Origins = Annotated[list[Origin], Query(alias="origin", max_length=4, description="May be repeated")]


@router.get("/tickets", summary="Tickets, newest first")
def tickets(
    *,
    conn: Conn,
    community: InCommunity = None,
    asset: OfAsset = None,
    states: States = [],  # noqa: B006  FastAPI copies it
    origins: Origins = [],  # noqa: B006  FastAPI copies it
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorText = None,
) -> Page[TicketView]:
    rows = list_tickets(
        conn,
        community=community,
        asset=asset,
        states=states,
        origins=origins,
        after=decode_moment_cursor("tickets", cursor),
        limit=limit + 1,
    )
    return page_of("tickets", rows, limit, lambda row: (row.opened_at, row.id))


@router.get("/assets/{asset}/tickets", summary="Tickets of an asset, newest first", responses=problem_responses(404))
def asset_tickets(
    *, conn: Conn, asset: AssetKey, limit: Limit = DEFAULT_LIMIT, cursor: CursorText = None
) -> Page[TicketView]:
    key = get_asset(conn, asset).key
    rows = list_tickets(conn, asset=key, after=decode_moment_cursor("tickets", cursor), limit=limit + 1)
    return page_of("tickets", rows, limit, lambda row: (row.opened_at, row.id))


@router.get("/tickets/{ticket}", summary="One ticket with its log and evidence", responses=problem_responses(404))
def ticket(*, conn: Conn, ticket: RowId) -> TicketDetail:
    return ticket_detail(conn, ticket)


Actor = Annotated[
    str, Field(min_length=1, max_length=64, pattern=VISIBLE_PATTERN, description="Who did it", examples=["wang"])
]
Note = Annotated[str, Field(max_length=2000, pattern=NO_CONTROL_PATTERN, examples=["门机皮带更换"])]
At = Annotated[Moment | None, Field(description="When it was done; now where left out; never later than now")]
Version = Annotated[
    int | None,
    Field(ge=1, le=MAX_VERSION, description="Refuse (409) unless the ticket is still at this version", examples=[None]),
]


class Acceptance(BaseModel):
    """Somebody takes a ticket on."""

    actor: Actor
    at: At = None
    note: Note = ""
    version: Version = None


class Resolution(BaseModel):
    """What a visit found and did. `component` may be left out where the ticket names it."""

    actor: Actor
    finding: Finding
    action: RepairAction
    component: Annotated[str | None, Field(pattern=NAME_PATTERN, max_length=64, examples=["door_operator"])] = None
    note: Note = ""
    at: At = None
    version: Version = None


class Closing(BaseModel):
    """The end of a ticket. A resolved one needs no reason; any other one does."""

    actor: Actor
    reason: Annotated[CloseReason | None, Field(examples=[None])] = None
    note: Note = ""
    at: At = None
    version: Version = None


class Remark(BaseModel):
    """A note in a ticket's log."""

    actor: Actor
    text: Annotated[str, Field(min_length=1, max_length=2000, pattern=NO_CONTROL_PATTERN, examples=["备件明天到"])]
    at: At = None


CHANGES = problem_responses(400, 403, 404, 409, 413)


@router.post("/tickets/{ticket}/accept", summary="Take a ticket on", responses=CHANGES)
def accept(*, conn: Conn, now: Now, ticket: RowId, body: Acceptance) -> TicketDetail:
    service.accept(conn, ticket, actor=body.actor, at=body.at, note=body.note, expected_version=body.version, now=now)
    return ticket_detail(conn, ticket)


@router.post("/tickets/{ticket}/resolve", summary="Write down what the visit found and did", responses=CHANGES)
def resolve(*, conn: Conn, now: Now, ticket: RowId, body: Resolution) -> TicketDetail:
    service.resolve(
        conn,
        ticket,
        actor=body.actor,
        finding=body.finding,
        action=body.action,
        component=body.component,
        note=body.note,
        at=body.at,
        expected_version=body.version,
        now=now,
    )
    return ticket_detail(conn, ticket)


@router.post("/tickets/{ticket}/close", summary="Close a ticket", responses=CHANGES)
def close(*, conn: Conn, now: Now, ticket: RowId, body: Closing) -> TicketDetail:
    service.close(
        conn,
        ticket,
        actor=body.actor,
        reason=body.reason,
        note=body.note,
        at=body.at,
        expected_version=body.version,
        now=now,
    )
    return ticket_detail(conn, ticket)


@router.post("/tickets/{ticket}/notes", summary="Add a note to a ticket's log", responses=CHANGES)
def note(*, conn: Conn, now: Now, ticket: RowId, body: Remark) -> TicketDetail:
    service.remark(conn, ticket, actor=body.actor, text=body.text, at=body.at, now=now)
    return ticket_detail(conn, ticket)
