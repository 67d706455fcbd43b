"""What can still be read of a broken outbox file, to be queued again under the new epoch."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from anju_contracts.envelope import Stream
from anju_gateway.queries import load_queries

ONE_BY_ONE = 16
MOST_MISSES = 64
"""In a row: the first ones step over a broken page, the later ones, in leaps, over a broken part of the file."""
_ENVELOPE = re.compile(rb'"epoch":"[^"\\]+","seq":\d+')


class Salvaged(NamedTuple):
    """A batch as it lay in the broken file, under its old number."""

    stream: Stream
    at_us: int
    samples: int
    payload: bytes


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
            if _is_whole(*row[1:]):
                yield Salvaged(Stream(row[1]), *row[2:])


def renumbered(payload: bytes, *, epoch: str, seq: int) -> bytes:
    """The same batch under another number. The label stands once in a payload: inside a JSON string its quotes would be
    escaped."""
    return _ENVELOPE.sub(f'"epoch":"{epoch}","seq":{seq}'.encode(), payload, count=1)


def _is_whole(stream: Any, at_us: Any, samples: Any, payload: Any) -> bool:
    numbers = isinstance(at_us, int) and isinstance(samples, int) and samples > 0
    return numbers and stream in set(Stream) and isinstance(payload, bytes) and bool(_ENVELOPE.search(payload))
