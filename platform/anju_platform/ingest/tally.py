"""What is derived from committed readings and may lag a second: latest values, watermarks, notifications.

Coalesced in memory and written together. When it is lost, it is rebuilt from telemetry at the next start.
"""

from datetime import datetime
from typing import Final

import psycopg

from anju_contracts.topics import GatewayAddress
from anju_platform.ingest.models import Outcome
from anju_platform.storage.notify import notify
from anju_platform.storage.queries import load_queries
from anju_platform.storage.samples import Samples, from_us, newest, settle
from anju_platform.storage.telemetry import merge_latest, rebuild_latest

QUERIES = load_queries("anju_platform.ingest")
_COMPACT_ROWS: Final = 200_000


class Tally:
    """Bounded by the number of points, not by what comes in between two flushes."""

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self._parts: list[Samples] = []
        self._rows = 0
        self._watermarks: dict[GatewayAddress, int] = {}
        self._communities: set[str] = set()

    def add(self, outcome: Outcome) -> None:
        if len(outcome.stored):
            part = newest(outcome.stored)
            self._parts.append(part)
            self._rows += len(part)
        if self._rows > _COMPACT_ROWS:
            self._compact()
        for address, at_us in outcome.watermarks.items():
            self._watermarks[address] = max(at_us, self._watermarks.get(address, at_us))
        self._communities |= outcome.communities

    def flush(self, conn: psycopg.Connection) -> None:
        """Write what has gathered, in a transaction; it is kept when that fails, unless the database has become another
        one (put back from a backup) that doesn't know these points: it would fail for ever."""
        if not (self._parts or self._watermarks):
            return
        try:
            self._write(conn, self._compact())
        except psycopg.errors.ForeignKeyViolation:
            self._clear()
            raise
        self._clear()

    def _write(self, conn: psycopg.Connection, latest: Samples) -> None:
        with conn.transaction():
            merge_latest(conn, latest)
            _advance_watermarks(conn, self._watermarks)
            for community in sorted(self._communities):
                notify(conn, community, "readings")

    def _compact(self) -> Samples:
        compact = newest(settle(Samples.concat(self._parts)))
        self._parts, self._rows = [compact], len(compact)
        return compact


def _advance_watermarks(conn: psycopg.Connection, watermarks: dict[GatewayAddress, int]) -> None:
    rows = sorted((address.community, address.gateway, from_us(at_us)) for address, at_us in watermarks.items())
    params = {
        "communities": [row[0] for row in rows],
        "gateways": [row[1] for row in rows],
        "moments": [row[2] for row in rows],
    }
    conn.execute(QUERIES["advance_watermarks"], params)


def rebuild(conn: psycopg.Connection, *, now: datetime) -> int:
    """Bring latest values and watermarks up to what is in telemetry; how many latest values were behind."""
    with conn.transaction():
        behind = rebuild_latest(conn)
        conn.execute(QUERIES["rebuild_watermarks"], {"now": now})
    return behind
