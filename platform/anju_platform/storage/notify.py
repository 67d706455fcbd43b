"""What has changed, told to whoever listens on the channel `anju_change` once the transaction commits."""

from typing import Final, Literal

import msgspec
import psycopg

from anju_platform.storage.queries import load_queries

CHANNEL: Final = "anju_change"
Topic = Literal["ticket", "event", "readings", "prediction", "gateway", "complaint", "command"]


class Change(msgspec.Struct, frozen=True):
    """The payload of a notification; `asset` is an asset key, `id` the row that changed."""

    community: str
    topic: str
    asset: str | None = None
    id: int | None = None


def notify(
    conn: psycopg.Connection,
    community: str,
    topic: Topic,
    *,
    asset: str | None = None,
    id: int | None = None,  # noqa: A002
) -> None:
    """Tell listeners of this change when the transaction commits; never when it rolls back."""
    payload = msgspec.json.encode(Change(community, topic, asset, id)).decode()
    conn.execute(load_queries("anju_platform.storage")["notify"], {"payload": payload})
