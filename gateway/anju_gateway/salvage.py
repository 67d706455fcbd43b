"""What can still be read of a broken outbox file, to be queued again under the new epoch."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from anju_contracts.envelope import Stream
from anju_gateway.errors import CorruptOutboxError
from anju_gateway.packing import AnyKept, unpack
from anju_gateway.queries import load_queries

ONE_BY_ONE = 16
MOST_MISSES = 64
"""In a row: the first ones step over a broken page, the later ones, in leaps, over a broken part of the file."""


class Salvaged(NamedTuple):
    """A batch as it lay in the broken file, under its old number."""

    stream: Stream
    at_us: int
    kept: AnyKept


def salvaged(path: Path) -> Iterator[Salvaged]:
    """The batches of the file at `path` that can be read, oldest first."""
    after, misses = 0, 0
    with closing(sqlite3.connect(path)) as db:
        while misses < MOST_MISSES:
            try:
                row = db.execute(load_queries()["salvage"], {"after": after}).fetchone()
            except sqlite3.Error:
                after += 2 ** max(0, misses - ONE_BY_ONE)
                misses += 1
                continue
            if row is None:
                return
            after, misses = row[0], 0
            batch = _whole(*row[1:])
            if batch is not None:
                yield batch


def _whole(stream: Any, at_us: Any, payload: Any) -> Salvaged | None:
    if not (stream in set(Stream) and isinstance(at_us, int) and isinstance(payload, bytes)):
        return None
    try:
        kept = unpack(Stream(stream), payload)
    except CorruptOutboxError:
        return None
    return Salvaged(Stream(stream), at_us, kept) if kept.items else None
