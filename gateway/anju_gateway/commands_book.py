"""What this gateway was told, on disk beside the outbox: no command is done twice, and no answer is forgotten."""

import logging
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from anju_contracts.command import Command
from anju_edge_agent.samples import us_of
from anju_gateway.disk import translated
from anju_gateway.errors import CorruptOutboxError, GatewayError
from anju_gateway.queries import load_queries
from anju_gateway.set_aside import set_aside

KEPT_AFTER = timedelta(hours=1)
"""An expired command is refused for its time; it is kept a little longer in case the clock is put back."""
MOST_COMMANDS = 10_000
log = logging.getLogger(__name__)


class BookError(GatewayError):
    """The book can't be written now, so nothing may be done."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response that the platform has not taken yet."""

    id: str
    correlation: bytes
    payload: bytes


class CommandBook:
    """Safe to use from any thread. A command stands in it before it is done.

    What it has forgotten, because it expired or because a broken file was set aside, it refuses: `knows` is true for
    whatever could have been done before without its knowing."""

    def __init__(self, path: Path, *, now: datetime) -> None:
        self._lock = threading.Lock()
        self._path = path
        try:
            try:
                self._connection = self._open(now)
            except CorruptOutboxError:
                set_aside(path, now=now)
                log.exception("the book of commands is corrupt and set aside")
                self._connection = self._open(now)
        except (sqlite3.Error, OSError) as exc:
            raise BookError(f"{path}: {exc}") from exc

    def knows(self, command: Command) -> bool:
        """Whether `command` was begun before, or may have been."""
        with self._using():
            if self._rows("command_seen", {"id": command.id}):
                return True
            ((since_us, forgotten_us, _count),) = self._rows("command_since")
            return us_of(command.issued_at) < int(since_us) or us_of(command.expires_at) <= int(forgotten_us)

    def is_full(self) -> bool:
        with self._using():
            ((_since, _forgotten, count),) = self._rows("command_since")
            return int(count) >= MOST_COMMANDS

    def forget(self, *, now: datetime) -> None:
        """Make room: what expired long ago is refused for its time."""
        before = {"before_us": us_of(now - KEPT_AFTER)}
        with self._using():
            self._rows("command_remember_forgotten", before)
            self._rows("command_forget", before)

    def begin(self, command: Command, correlation: bytes) -> None:
        """From here on `command` counts as done, whatever happens. BookError when that can't be kept."""
        row = {"id": command.id, "expires_us": us_of(command.expires_at), "correlation": correlation}
        with self._using():
            self._rows("command_begin", row)

    def finish(self, command_id: str, response: bytes) -> None:
        with self._using():
            self._rows("command_finish", {"id": command_id, "response": response})

    def unfinished(self) -> list[tuple[str, bytes]]:
        """Ids and correlation data of what was begun and never ended: this program did not live to see it."""
        with self._using():
            return [(str(found), bytes(correlation)) for found, correlation in self._rows("command_unfinished")]

    def untold(self) -> list[Answer]:
        """None while the file can't be read."""
        try:
            with self._using():
                return [Answer(*row) for row in self._rows("command_untold")]
        except BookError:
            return []

    def told(self, command_id: str) -> None:
        with self._using():
            self._rows("command_told", {"id": command_id})

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _open(self, now: datetime) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, check_same_thread=False, timeout=5.0)
        try:
            with translated(), connection:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
                queries = load_queries()
                connection.execute(queries["command_tables"])
                connection.execute(queries["command_untold_index"])
                connection.execute(queries["command_memory"])
                connection.execute(queries["command_begin_memory"], {"since_us": us_of(now)})
                connection.execute(queries["command_correct_memory"], {"since_us": us_of(now)})
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def _using(self) -> Iterator[None]:
        """One transaction; BookError when the disk refuses."""
        try:
            with self._lock, self._connection:
                yield
        except sqlite3.Error as exc:
            raise BookError(f"{self._path.name}: {exc}") from exc

    def _rows(self, query: str, parameters: Mapping[str, object] | None = None) -> list[Any]:
        return self._connection.execute(load_queries()[query], parameters or {}).fetchall()
