"""What readings cost on disk, and how long the pages' queries take as the table grows, on every flavour there is."""

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

import numpy as np
import psycopg

from anju_platform.assets.readings import step_for
from anju_platform.storage.copy import ROLLUPS, copy_in
from anju_platform.storage.hourly import hourly
from anju_platform.storage.queries import load_queries
from anju_platform.storage.samples import HOUR_US, Samples, days_of, settle, to_us
from anju_platform.storage.telemetry import KnownDays, insert_samples
from anju_simulators.services import Flavour, flavours
from benchmarks.figures import Absent, Figure, NotMeasuredError, percentile
from benchmarks.stage import Bench, database_on, postgres

POINTS = 2_000
POINTS_OF_ASSET = 10
STEP_S = 60
HOURS_AT_ONCE = 4
ROWS_AN_HOUR = POINTS * 3_600 // STEP_S
BYTES_A_ROW = 150
"""For the question whether the disk has room; rows, index, rollups and WAL."""
ASKED = 40
START = datetime(2026, 1, 5, tzinfo=UTC)
SIZES: LiteralString = """
    SELECT sum(pg_table_size(inhrelid))::bigint, sum(pg_indexes_size(inhrelid))::bigint FROM pg_inherits
    WHERE inhparent = 'telemetry'::regclass
"""
ROLLUP_SIZE: LiteralString = "SELECT pg_total_relation_size('rollup_hour'), count(*) FROM rollup_hour"
ENABLE: LiteralString = """
    ALTER TABLE telemetry
    SET (timescaledb.compress, timescaledb.compress_segmentby = 'point_id', timescaledb.compress_orderby = 'at')
"""
QUERIES = load_queries("anju_platform.assets")


def run(bench: Bench) -> Iterator[Figure | Absent]:
    if not flavours():
        raise NotMeasuredError("PostgreSQL is not here; make services")
    sizes = (240_000, 960_000) if bench.quick else (10_000_000, 100_000_000)
    for flavour in flavours():
        with postgres(bench.folder, flavour) as server, database_on(server) as url:
            _check_room(bench, sizes[-1])
            with psycopg.connect(url, autocommit=True) as conn:
                yield from _grow(bench, flavour, conn, sizes)
                if flavour == "timescale":
                    yield _columnstore(conn, sizes[-1])


def _check_room(bench: Bench, rows: int) -> None:
    free = bench.free_bytes
    if free < rows * BYTES_A_ROW * 1.3:
        raise NotMeasuredError(
            f"{rows:,} rows need {rows * BYTES_A_ROW / 1e9:.0f} GB and room; {free / 1e9:.0f} GB are free"
        )


def _grow(bench: Bench, flavour: Flavour, conn: psycopg.Connection, sizes: Sequence[int]) -> Iterator[Figure]:
    load = _Loader(conn)
    for rows in sizes:
        bench.tell(f"{flavour}, {rows:,} rows")
        rates = [load.block() for _ in range(load.blocks_to(rows))]
        conn.execute("ANALYZE telemetry")
        conn.execute("ANALYZE rollup_hour")
        at = f"{rows // 1_000_000}M" if rows >= 1_000_000 else f"{rows // 1_000}k"
        heap, index = conn.execute(SIZES).fetchone() or (0, 0)
        parts = {"table": round(heap / load.rows, 1), "index": round(index / load.rows, 1)}
        how = f"{load.rows:,} readings of {POINTS:,} points, a minute apart, in the order of arrival; table and index"
        yield Figure(f"bytes_{flavour}_{at}", "bytes a point", [(heap + index) / load.rows], how, more={"of_it": parts})
        rollup_bytes, rollups = conn.execute(ROLLUP_SIZE).fetchone() or (0, 1)
        how = "an hour of a point, with its indexes"
        yield Figure(f"rollup_{flavour}_{at}", "bytes a rollup", [rollup_bytes / rollups], how)
        how = "COPY in blocks of four hours while the table grew to this size, rollups not counted"
        yield Figure(f"load_{flavour}_{at}", "points/s", rates, how)
        yield from _ask(conn, flavour, at, until=load.until)


@dataclass
class _Loader:
    """Fills the table hour by hour as gateways do: all points of a minute, then the next minute."""

    conn: psycopg.Connection
    hours: int = 0

    def __post_init__(self) -> None:
        self._days = KnownDays()
        self._random = np.random.default_rng(1)

    @property
    def rows(self) -> int:
        return self.hours * ROWS_AN_HOUR

    @property
    def until(self) -> datetime:
        return START + timedelta(hours=self.hours)

    def blocks_to(self, rows: int) -> int:
        return -(-(rows - self.rows) // (ROWS_AN_HOUR * HOURS_AT_ONCE))

    def block(self) -> float:
        """Readings and rollups of the next hours; rows of readings a second."""
        steps = HOURS_AT_ONCE * 3_600 // STEP_S
        at_us = to_us(START) + self.hours * HOUR_US + np.repeat(np.arange(steps), POINTS) * STEP_S * 1_000_000
        points = np.tile(np.arange(1, POINTS + 1), steps)
        values = np.round(220 + points % 50 + self._random.normal(0, 2, len(points)), 2)
        samples = Samples(points, at_us, values, np.zeros(len(points), np.int16))
        self._days.ensure(self.conn, days_of(at_us))
        began_s = time.monotonic()
        with self.conn.transaction():
            insert_samples(self.conn, samples)
        took_s = time.monotonic() - began_s
        with self.conn.transaction():
            copy_in(self.conn, ROLLUPS, hourly(settle(samples)))
        self.hours += HOURS_AT_ONCE
        return len(points) / took_s


def _ask(conn: psycopg.Connection, flavour: str, at: str, *, until: datetime) -> Iterator[Figure]:
    """The queries behind an asset's page, each for assets chosen at random."""
    for name, what in (
        ("readings_raw", "the newest 100 readings of an asset of 10 points"),
        ("series_fine", "the chart of an asset's 10 points over a day"),
        ("series_coarse", "the chart of an asset's 10 points over 30 days"),
    ):
        chance = random.Random(1)
        waits = [_asked_once(conn, name, chance.randrange(POINTS // POINTS_OF_ASSET), until) for _ in range(ASKED)]
        p99 = {"p99": percentile(waits, 99)}
        yield Figure(f"{name}_{flavour}_{at}", "ms", [percentile(waits, 50)], f"{what}; median of {ASKED}", more=p99)


def _asked_once(conn: psycopg.Connection, name: str, asset: int, until: datetime) -> float:
    """Milliseconds until all rows are here."""
    parameters = _parameters(name, asset, until)
    began_s = time.monotonic()
    conn.execute(QUERIES[name], parameters).fetchall()
    return (time.monotonic() - began_s) * 1000


def _parameters(name: str, asset: int, until: datetime) -> Mapping[str, Any]:
    point_ids = list(range(asset * POINTS_OF_ASSET + 1, (asset + 1) * POINTS_OF_ASSET + 1))
    span = timedelta(days=30 if name == "series_coarse" else 1)
    return {
        "point_ids": point_ids,
        "since": until - span,
        "until": until,
        "step_s": step_for(span, "gauge"),
        "after_at": None,
        "after_id": None,
        "limit": 100,
    }


def _columnstore(conn: psycopg.Connection, rows: int) -> Figure | Absent:
    name = "bytes_columnstore"
    try:
        conn.execute(ENABLE)
        conn.execute("SELECT count(compress_chunk(chunk)) FROM show_chunks('telemetry') AS chunk")
        found = conn.execute("SELECT hypertable_size('telemetry')").fetchone()
    except psycopg.errors.FeatureNotSupported as exc:
        return Absent(name, f"this build of TimescaleDB has no columnstore: {str(exc).splitlines()[0]}")
    return Figure(name, "bytes a point", [(found[0] if found else 0) / rows], "all chunks in the columnstore")
