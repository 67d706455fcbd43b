"""REST: complaints."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from anju_contracts.names import NAME_PATTERN
from anju_platform.assets.lists import Window, get_asset
from anju_platform.desk import service
from anju_platform.desk.categories import CATEGORIES
from anju_platform.desk.lists import list_complaints
from anju_platform.desk.service import MAX_REQUEST_ID, MAX_TEXT
from anju_platform.desk.views import ComplaintView
from anju_platform.tickets.lists import get_ticket
from anju_platform.tickets.views import TicketView
from anju_platform.web.context import Conn, Now
from anju_platform.web.cursor import decode_moment_cursor
from anju_platform.web.fields import (
    ASSET_KEY_PATTERN,
    NO_CONTROL_PATTERN,
    VISIBLE_PATTERN,
    AssetKey,
    InCommunity,
    Moment,
    OfAsset,
    Since,
    Titles,
    Until,
    titles,
)
from anju_platform.web.paging import DEFAULT_LIMIT, CursorText, Limit, Page, page_of
from anju_platform.web.problems import problem_responses

router = APIRouter(tags=["complaints"], responses=problem_responses(422, 503))

_CATEGORIES = ", ".join(CATEGORIES)


class Report(BaseModel):
    """What a resident reports. Give the asset where it is known, at least the community otherwise."""

    asset: Annotated[str | None, Field(pattern=ASSET_KEY_PATTERN, max_length=129, examples=["jinxiu:lift-01"])] = None
    community: Annotated[str | None, Field(pattern=NAME_PATTERN, max_length=64, examples=["jinxiu"])] = None
    category: Annotated[
        str, Field(pattern=NAME_PATTERN, max_length=64, description=f"One of {_CATEGORIES}", examples=["noise"])
    ]
    text: Annotated[str, Field(max_length=MAX_TEXT, pattern=NO_CONTROL_PATTERN, examples=["电梯关门时有异响"])] = ""
    channel: Annotated[str, Field(pattern=NAME_PATTERN, max_length=64, examples=["app"])] = "app"
    at: Annotated[Moment | None, Field(description="When it was noticed; now where left out; never later")] = None
    request_id: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=MAX_REQUEST_ID,
            pattern=VISIBLE_PATTERN,
            description="Of the client's own choosing: sent again, the report is taken only once",
            examples=["5f0c7d0e-1"],
        ),
    ] = None


class Reported(BaseModel):
    """The complaint as stored, and the ticket that it opened or joined."""

    complaint: ComplaintView
    ticket: TicketView


class CategoryView(BaseModel):
    """What can be complained about; `kinds` are those it fits, all where there is none."""

    name: str = Field(examples=["noise"])
    label: Titles
    kinds: list[str]


@router.post(
    "/complaints",
    status_code=201,
    summary="Report a problem",
    description="One problem has one ticket: the report joins the open ticket about it, or opens one.",
    responses=problem_responses(400, 403, 404, 409, 413),
)
def report(conn: Conn, now: Now, body: Report) -> Reported:
    done = service.report(conn, **body.model_dump(), now=now)
    complaint = list_complaints(conn, complaint_id=done.complaint.id, limit=1)[0]
    return Reported(complaint=complaint, ticket=get_ticket(conn, done.ticket.id))


@router.get("/complaint-categories", summary="What can be complained about")
def categories() -> list[CategoryView]:
    return [
        CategoryView(name=each.name, label=titles(each.label), kinds=sorted(each.kinds)) for each in CATEGORIES.values()
    ]


@router.get("/complaints", summary="Complaints, newest first")
def complaints(
    *,
    conn: Conn,
    community: InCommunity = None,
    asset: OfAsset = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorText = None,
) -> Page[ComplaintView]:
    after = decode_moment_cursor("complaints", cursor)
    rows = list_complaints(
        conn, community=community, asset=asset, window=Window(since, until), after=after, limit=limit + 1
    )
    return page_of("complaints", rows, limit, lambda row: (row.at, row.id))


@router.get(
    "/assets/{asset}/complaints", summary="Complaints about an asset, newest first", responses=problem_responses(404)
)
def asset_complaints(
    *, conn: Conn, asset: AssetKey, limit: Limit = DEFAULT_LIMIT, cursor: CursorText = None
) -> Page[ComplaintView]:
    key = get_asset(conn, asset).key
    after = decode_moment_cursor("complaints", cursor)
    rows = list_complaints(conn, asset=key, after=after, limit=limit + 1)
    return page_of("complaints", rows, limit, lambda row: (row.at, row.id))
