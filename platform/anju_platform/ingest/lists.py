"""Reads dead letters, page by page; rows come back as what is shown."""

from datetime import datetime
from typing import Annotated, Any

from psycopg import Connection
from psycopg.rows import class_row
from pydantic import BaseModel, Field, PlainSerializer

from anju_platform.storage.queries import load_queries

QUERIES = load_queries(__package__)
SHOWN_BYTES = 4096

Payload = Annotated[
    bytes, PlainSerializer(lambda payload: payload[:SHOWN_BYTES].decode(errors="backslashreplace"), return_type=str)
]


class DeadLetterView(BaseModel):
    """A message that could not be read, or that speaks of points which nobody announced yet."""

    id: int
    received_at: datetime
    taken_at: datetime | None = Field(description="When the gateway took the batch, by its own clock")
    topic: str
    community: str | None
    gateway: str | None
    reason: str = Field(examples=["malformed"])
    detail: str
    payload: Payload = Field(description="Its first 4096 bytes as text; what is no UTF-8 as \\x escapes")
    names: list[str] = Field(description="The points that it waits for")
    replayed_at: datetime | None


def list_dead_letters(
    conn: Connection[Any],
    *,
    community: str | None = None,
    reason: str | None = None,
    after: int | None = None,
    limit: int,
) -> list[DeadLetterView]:
    """Newest first."""
    parameters = {"community": community, "reason": reason, "after": after, "limit": limit}
    with conn.cursor(row_factory=class_row(DeadLetterView)) as cur:
        return cur.execute(QUERIES["dead_letters_page"], parameters).fetchall()
