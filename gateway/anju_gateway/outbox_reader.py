"""Reading the outbox beside its writer, on a connection of its own."""

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from anju_contracts.envelope import Stream
from anju_gateway.disk import connect, translated
from anju_gateway.errors import CorruptOutboxError
from anju_gateway.packing import AnyKept, message_of, unpack
from anju_gateway.queries import load_queries

log = logging.getLogger(__name__)


class QueuedBatch(NamedTuple):
    """A batch as it waits in the outbox; `at_us` is when it was taken."""

    seq: int
    at_us: int
    samples: int
    kept: AnyKept

    def message(self, *, historical: bool) -> bytes:
        return message_of(self.kept, historical=historical)


class OutboxReader:
    """Safe to use from any thread. `on_corrupt` is told when the file shows to be broken, before another question is
    asked."""

    def __init__(self, path: Path, on_corrupt: Callable[[CorruptOutboxError], None]) -> None:
        self._path = path
        self._on_corrupt = on_corrupt
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None

    def read(self, stream: Stream, *, after: int, up_to: int, most: int) -> list[QueuedBatch] | None:
        """Queued batches with `after` < seq <= `up_to`, in order; None while the file can't be read."""
        query = {"stream": stream.value, "after": after, "up_to": up_to, "most": most}
        rows = self._select("batches", query)
        try:
            return (
                None if rows is None else [QueuedBatch(seq, at, n, unpack(stream, kept)) for seq, at, n, kept in rows]
            )
        except CorruptOutboxError as exc:
            self._on_corrupt(exc)
            return None

    def last_before(self, stream: Stream, at_us: int) -> int:
        """The seq of the last queued batch that was taken before `at_us`; 0 when there is none. Batches lie in order of
        time (but for a clock that was put right), so that halving finds it in a backlog of any length."""
        first, last = self._ends(stream)
        found = 0
        while first <= last:
            rows = self._select("taken", {"stream": stream.value, "seq": (first + last) // 2, "last": last})
            if not rows or rows[0][1] >= at_us:
                last = (first + last) // 2 - 1
            else:
                found = rows[0][0]
                first = found + 1
        return found

    def close(self) -> None:
        """The next question opens the file again."""
        with self.paused():
            pass

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Questions wait, and nothing holds the file: SQLite spoils one whose name is given to another meanwhile."""
        with self._lock:
            if self._db is not None:
                self._db.close()
                self._db = None
            yield

    def _ends(self, stream: Stream) -> tuple[int, int]:
        rows = self._select("ends", {"stream": stream.value})
        return (rows[0][0], rows[0][1]) if rows else (1, 0)

    def _select(self, query: str, parameters: Mapping[str, object]) -> list[Any] | None:
        with self._lock:
            try:
                with translated():
                    if self._db is None:
                        self._db = connect(self._path)
                    return self._db.execute(load_queries()[query], parameters).fetchall()
            except CorruptOutboxError as exc:
                self._on_corrupt(exc)
            except sqlite3.Error as exc:
                log.warning("the outbox can't be read", extra={"reason": str(exc)})
        return None
