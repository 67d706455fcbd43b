"""Pages: the list of tickets, and one ticket with its evidence and what can be done with it.

The forms are plain posts that end in a redirect, so that they work without JavaScript; htmx follows the redirect
and swaps the ticket in place.
"""

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from functools import partial
from typing import Annotated, Any, TypeVar
from urllib.parse import quote, unquote

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from psycopg import Connection
from pydantic import BaseModel, Field

from anju_contracts.codes import CODES
from anju_contracts.kinds import KINDS
from anju_platform.assets.lists import Window, asset_detail, get_community, list_events
from anju_platform.assets.views import AssetDetail, EventView
from anju_platform.errors import Conflict, Invalid
from anju_platform.tickets import service
from anju_platform.tickets.lists import count_open, list_tickets, ticket_detail
from anju_platform.tickets.models import CloseReason, Finding, Origin, RepairAction, State
from anju_platform.tickets.views import TicketDetail
from anju_platform.tickets.visit_plan import visit_plan
from anju_platform.web import places
from anju_platform.web.context import Conn, Now
from anju_platform.web.cursor import decode_moment_cursor
from anju_platform.web.fields import MAX_VERSION, NO_CONTROL_PATTERN, CommunityId, RowId
from anju_platform.web.language import COOKIE_AGE_S
from anju_platform.web.paging import CursorText, page_of
from anju_platform.web.problems import problem_from
from anju_platform.web.render import render

router = APIRouter(include_in_schema=False)

Choice = TypeVar("Choice", bound=StrEnum)
TICKETS_A_PAGE = 30
EVENTS_BEFORE = timedelta(days=7)
EVENTS_AFTER = timedelta(days=1)
MAX_EVENTS = 8
ACTOR_COOKIE = "anju_actor"
OPEN = "open"
"""The state filter of the page that means new and accepted."""
STATE_FILTERS = {OPEN: (State.NEW, State.ACCEPTED), "resolved": (State.RESOLVED,), "closed": (State.CLOSED,), "all": ()}
REASONS = (CloseReason.WITHDRAWN, CloseReason.DUPLICATE, CloseReason.LAPSED)


class VisitForm(BaseModel):
    """What the forms of a ticket send. `version` is the ticket's when the page was made."""

    actor: str = Field(default="", max_length=64)
    version: int | None = Field(default=None, ge=1, le=MAX_VERSION)
    finding: str = Field(default="", max_length=20)
    action: str = Field(default="", max_length=20)
    component: str = Field(default="", max_length=64)
    reason: str = Field(default="", max_length=20)
    note: str = Field(default="", max_length=service.MAX_NOTE, pattern=NO_CONTROL_PATTERN)


@router.get("/c/{community}/tickets")
def tickets(
    *,
    request: Request,
    conn: Conn,
    community: CommunityId,
    state: Annotated[str, Query(pattern="^(open|resolved|closed|all)$")] = OPEN,
    origin: Annotated[str, Query(pattern="^(|proactive|alarm|complaint|request)$")] = "",
    cursor: CursorText = None,
) -> Response:
    found = get_community(conn, community)
    rows = list_tickets(
        conn,
        community=community,
        states=STATE_FILTERS[state],
        origins=[Origin(origin)] if origin else [],
        after=decode_moment_cursor("tickets", cursor),
        limit=TICKETS_A_PAGE + 1,
    )
    values = {
        "community": found,
        "state": state,
        "origin": origin,
        "states": list(STATE_FILTERS),
        "origins": list(Origin),
        "open_by_origin": count_open(conn, community),
        "page": page_of("tickets", rows, TICKETS_A_PAGE, lambda row: (row.opened_at, row.id)),
    }
    template = "parts/ticket_rows.html" if cursor and "hx-request" in request.headers else "tickets.html"
    return render(request, template, values, zone=found.timezone)


@router.get("/tickets/{ticket}")
def ticket(*, request: Request, conn: Conn, ticket: RowId) -> Response:
    return _page(request, conn, ticket_detail(conn, ticket))


@router.post("/tickets/{ticket}/accept")
def accept(*, request: Request, conn: Conn, now: Now, ticket: RowId, form: Annotated[VisitForm, Form()]) -> Response:
    def act() -> None:
        service.accept(conn, ticket, actor=form.actor.strip(), now=now, expected_version=form.version)

    return _act(request, conn, ticket, form, act)


@router.post("/tickets/{ticket}/resolve")
def resolve(*, request: Request, conn: Conn, now: Now, ticket: RowId, form: Annotated[VisitForm, Form()]) -> Response:
    def act() -> None:
        service.resolve(
            conn,
            ticket,
            actor=form.actor.strip(),
            finding=_choice(Finding, "finding", form.finding),
            action=_choice(RepairAction, "action", form.action),
            component=form.component or None,
            note=form.note.strip(),
            now=now,
            expected_version=form.version,
        )

    return _act(request, conn, ticket, form, act)


@router.post("/tickets/{ticket}/close")
def close(*, request: Request, conn: Conn, now: Now, ticket: RowId, form: Annotated[VisitForm, Form()]) -> Response:
    def act() -> None:
        service.close(
            conn,
            ticket,
            actor=form.actor.strip(),
            reason=_choice(CloseReason, "reason", form.reason) if form.reason else None,
            note=form.note.strip(),
            now=now,
            expected_version=form.version,
        )

    return _act(request, conn, ticket, form, act)


@router.post("/tickets/{ticket}/notes")
def note(*, request: Request, conn: Conn, now: Now, ticket: RowId, form: Annotated[VisitForm, Form()]) -> Response:
    def act() -> None:
        service.remark(conn, ticket, actor=form.actor.strip(), text=form.note.strip(), now=now)

    return _act(request, conn, ticket, form, act)


def _act(request: Request, conn: Connection[Any], ticket_id: int, form: VisitForm, act: Callable[[], None]) -> Response:
    """Back to the ticket's page; the same page with what was filled in and what is wrong when `act` refuses."""
    try:
        with conn.transaction():
            act()
    except (Conflict, Invalid) as exc:
        return _page(request, conn, ticket_detail(conn, ticket_id), form=form, refused=exc)
    response = RedirectResponse(places.ticket(ticket_id), 303)
    response.set_cookie(
        ACTOR_COOKIE, quote(form.actor.strip()), max_age=COOKIE_AGE_S, samesite="lax", httponly=True, path="/"
    )
    return response


def _page(
    request: Request,
    conn: Connection[Any],
    ticket: TicketDetail,
    *,
    form: VisitForm | None = None,
    refused: Conflict | Invalid | None = None,
) -> Response:
    found = get_community(conn, ticket.community)
    asset = asset_detail(conn, ticket.asset) if ticket.asset else None
    values = {
        "community": found,
        "ticket": ticket,
        "asset": asset,
        "events": _events_around(conn, ticket),
        "source_kind": partial(source_kind, asset),
        "prediction": ticket.predictions[-1] if ticket.predictions else None,
        "plan": visit_plan(ticket.log),
        "components": components_of(ticket),
        "findings": list(Finding),
        "actions": list(RepairAction),
        "reasons": REASONS,
        "form": form
        or VisitForm(actor=unquote(request.cookies.get(ACTOR_COOKIE, "")), component=ticket.component or ""),
        "refused": refused,
        "refused_field": refused.field if isinstance(refused, Invalid) else None,
    }
    status = 200 if refused is None else problem_from(refused).status
    return render(request, "ticket.html", values, zone=found.timezone, status=status)


def _events_around(conn: Connection[Any], ticket: TicketDetail) -> list[EventView]:
    if ticket.asset is None:
        return []
    window = Window(ticket.opened_at - EVENTS_BEFORE, ticket.opened_at + EVENTS_AFTER)
    return list_events(conn, asset=ticket.asset, begun=True, window=window, limit=MAX_EVENTS)


def source_kind(asset: AssetDetail | None, source: str) -> str:
    """What a reason's source is: `point`, `event`, or nothing that has a chart."""
    if asset and any(point.code == source for point in asset.points):
        return "point"
    return "event" if source in CODES or "." in source else ""


def components_of(ticket: TicketDetail) -> list[str]:
    """What a visit may name: the parts that Anju knows of the kind, and the ticket's own."""
    kind = KINDS.get(ticket.kind or "")
    known = [component.name for component in kind.components] if kind else []
    own = [ticket.component] if ticket.component and ticket.component not in known else []
    return own + known


def _choice(kind: type[Choice], field: str, value: str) -> Choice:
    try:
        return kind(value)
    except ValueError as exc:
        raise Invalid(field, value, "one of " + ", ".join(kind)) from exc
