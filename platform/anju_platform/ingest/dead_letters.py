"""What could not be stored, with its bytes and the reason; and its second chance once a birth announces the points."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg.rows import class_row

from anju_platform.ingest.models import Letter
from anju_platform.storage.queries import load_queries

QUERIES = load_queries("anju_platform.ingest")


@dataclass(frozen=True, slots=True)
class WaitingLetter:
    """A dead letter of unknown points, some of which are known by now."""

    id: int
    topic: str
    payload: bytes


def write_letters(conn: psycopg.Connection, letters: Iterable[Letter], *, received_at: datetime) -> None:
    rows = [
        {
            "received_at": received_at,
            "topic": storable(letter.topic),
            "community": letter.address.community if letter.address else None,
            "gateway": letter.address.gateway if letter.address else None,
            "reason": letter.reason,
            "detail": storable(letter.detail),
            "payload": letter.payload,
            "names": list(letter.names),
            "taken_at": letter.taken_at,
        }
        for letter in letters
    ]
    if rows:
        with conn.cursor() as cur:
            cur.executemany(QUERIES["insert_dead_letter"], rows)


def storable(text: str) -> str:
    """`text` as PostgreSQL takes it: without NUL and lone surrogates."""
    return text.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()


def lock_waiting(conn: psycopg.Connection, community: str, *, limit: int) -> list[WaitingLetter]:
    """Letters of `community` of which at least one name is known now, oldest first, locked until the commit."""
    with conn.cursor(row_factory=class_row(WaitingLetter)) as cur:
        return cur.execute(QUERIES["lock_waiting_letters"], {"community": community, "limit": limit}).fetchall()


def mark_replayed(conn: psycopg.Connection, ids: Iterable[int], *, now: datetime) -> None:
    conn.execute(QUERIES["mark_replayed"], {"ids": list(ids), "now": now})


def refuse_letter(conn: psycopg.Connection, community: str, detail: str) -> None:
    """Let the oldest letter that `lock_waiting` gives wait no longer: the database refuses what is in it."""
    with conn.transaction():
        for letter in lock_waiting(conn, community, limit=1):
            conn.execute(QUERIES["refuse_letter"], {"id": letter.id, "detail": storable(detail)})
