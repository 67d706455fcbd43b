"""REST: dead letters."""

from typing import Annotated

from fastapi import APIRouter, Query

from anju_contracts.names import NAME_PATTERN
from anju_platform.ingest.lists import DeadLetterView, list_dead_letters
from anju_platform.web.context import Conn
from anju_platform.web.cursor import decode_id_cursor
from anju_platform.web.fields import InCommunity
from anju_platform.web.paging import DEFAULT_LIMIT, CursorText, Limit, Page, page_of
from anju_platform.web.problems import problem_responses

router = APIRouter(tags=["operation"], responses=problem_responses(422, 503))


@router.get("/dead-letters", summary="Messages that could not be read, newest first")
def dead_letters(
    *,
    conn: Conn,
    community: InCommunity = None,
    reason: Annotated[str | None, Query(pattern=NAME_PATTERN, max_length=64, examples=["unknown_point"])] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorText = None,
) -> Page[DeadLetterView]:
    after = decode_id_cursor("dead-letters", cursor)
    rows = list_dead_letters(conn, community=community, reason=reason, after=after, limit=limit + 1)
    return page_of("dead-letters", rows, limit, lambda row: (row.id,))
