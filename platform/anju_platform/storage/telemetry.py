"""Writing readings: straight into the table, or by way of a staging table where some are there already."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from importlib.resources import files

import psycopg

from anju_platform.storage.copy import STAGED_SAMPLES, TELEMETRY, copy_in
from anju_platform.storage.queries import load_queries
from anju_platform.storage.samples import Samples

QUERIES = load_queries("anju_platform.storage")


def prepare_session(conn: psycopg.Connection) -> None:
    """Make the staging tables of this session; once for each connection that merges."""
    with conn.transaction():
        conn.execute(files("anju_platform.storage").joinpath("staging.sql").read_bytes())


@dataclass
class KnownDays:
    """The days that telemetry has room for, as far as one connection knows."""

    days: set[date] = field(default_factory=set)

    def ensure(self, conn: psycopg.Connection, days: Iterable[date]) -> None:
        """Make room for `days` in a transaction of its own; concurrent calls are harmless."""
        missing = sorted(set(days) - self.days)
        if missing:
            with conn.transaction():
                conn.execute(QUERIES["ensure_days"], {"days": missing})
            self.days.update(missing)


def insert_samples(conn: psycopg.Connection, settled: Samples) -> None:
    """The fast way. psycopg.errors.UniqueViolation when one (point, at) is there already."""
    copy_in(conn, TELEMETRY, (settled.point_ids, settled.at_us, settled.values, settled.qualities))


def merge_samples(conn: psycopg.Connection, settled: Samples) -> int:
    """The safe way: of two samples for one (point, at) the better one stays. How many rows were written."""
    _stage(conn, settled)
    return conn.execute(QUERIES["merge_telemetry"]).rowcount


def merge_latest(conn: psycopg.Connection, newest: Samples) -> None:
    """Let `newest` (one sample a point) become the latest values where they are newer than what stands there."""
    _stage(conn, newest)
    conn.execute(QUERIES["merge_latest"])


def _stage(conn: psycopg.Connection, samples: Samples) -> None:
    conn.execute(QUERIES["clear_staged_samples"])
    copy_in(conn, STAGED_SAMPLES, (samples.point_ids, samples.at_us, samples.values, samples.qualities))


def rebuild_latest(conn: psycopg.Connection) -> int:
    """Catch up latest values with telemetry, for points where a newer reading was committed; how many changed."""
    return conn.execute(QUERIES["rebuild_latest"]).rowcount


def mark_rollups_due(conn: psycopg.Connection, hours: Iterable[tuple[str, datetime]]) -> None:
    """Note, in the transaction that changed telemetry, the (community, hour) whose rollups no longer match."""
    pairs = sorted(set(hours))
    communities, starts = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    conn.execute(QUERIES["mark_rollups_due"], {"communities": communities, "hours": starts})
