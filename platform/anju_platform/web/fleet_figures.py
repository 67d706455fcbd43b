"""The figures of the fleet for a scrape, which ends in time even when the database does not answer."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock, Thread
from typing import Final

import psycopg
from psycopg_pool import PoolTimeout

from anju_platform.errors import PlatformError

WITHIN_S: Final = 3.0
"""Prometheus gives a scrape 10 s by default; the figures of the process itself are worth more than none."""


class FleetFigures:
    """Asked for in a thread of their own, never twice at once: a database that hangs costs one connection."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._asked: Future[bytes] | None = None

    def ask(self, query: Callable[[], bytes], *, within_s: float = WITHIN_S) -> bytes | None:
        """What `query` gives; None when the database can't be reached, or says nothing within `within_s`."""
        with self._lock:
            if self._asked is None or self._asked.done():
                self._asked = Future()
                Thread(target=_answer, args=(self._asked, query), name="fleet-figures", daemon=True).start()
            asked = self._asked
        try:
            return asked.result(within_s)
        except (TimeoutError, psycopg.Error, PoolTimeout, PlatformError):
            return None


def _answer(asked: "Future[bytes]", query: Callable[[], bytes]) -> None:
    try:
        asked.set_result(query())
    except BaseException as exc:  # it is raised where the result is asked for
        asked.set_exception(exc)
