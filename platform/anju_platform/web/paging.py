"""A page of a list: at most `limit` items, and the cursor of the next page where there is one."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field

from anju_platform.web.cursor import MAX_LENGTH, encode_cursor

T = TypeVar("T")

DEFAULT_LIMIT = 50
MAX_LIMIT = 500

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="At most this many items")]
CursorText = Annotated[
    str | None,
    Query(max_length=MAX_LENGTH, description="The `next` of the answer before, for the page after it", examples=[None]),
]


class Page(BaseModel, Generic[T]):
    """`next` is null on the last page."""

    items: list[T]
    next: str | None = Field(description="Give it back as `cursor` for the items that follow")


def page_of(
    list_name: str, rows: Sequence[T], limit: int, key: Callable[[T], Sequence[str | int | datetime]]
) -> Page[T]:
    """The page of `rows`, which were read with one more than `limit`."""
    shown = list(rows[:limit])
    following = encode_cursor(list_name, key(shown[-1])) if len(rows) > limit else None
    return Page(items=shown, next=following)
