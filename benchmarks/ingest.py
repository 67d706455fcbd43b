"""How fast is what gateways publish stored? Publisher, broker, `anju ingest` and database share the machine."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from itertools import count
from typing import LiteralString

import numpy as np
import psycopg

from anju_contracts.birth import encode_birth
from anju_contracts.topics import Channel, filter_for
from anju_platform.storage.copy import TELEMETRY, encode_rows
from anju_platform.storage.samples import days_of
from anju_platform.storage.telemetry import KnownDays
from benchmarks.broker_client import publish_retained
from benchmarks.figures import Figure, Goal, NotMeasuredError, alternate
from benchmarks.fleet import EPOCH, Fleet, birth_of, columns_of
from benchmarks.programs import Helper, Program, PublisherProcess, program, wait_until
from benchmarks.publisher import Plan
from benchmarks.stage import Bench, Stage, database_on, stage

CHUNK_BYTES = 1 << 20
_numbers = count(1)
LAST_ONES: LiteralString = """
    SELECT count(*) FROM ledger
    WHERE community_id = ANY(%(communities)s) AND gateway_id = 'gw-1' AND epoch = %(epoch)s AND stream = 'telemetry'
        AND seq = %(seq)s
"""
STORED: LiteralString = "SELECT coalesce(sum(samples), 0) FROM ledger"
HOW_500 = (
    "batches of 500 points at QoS 1 through Mosquitto into {flavour} until the last row is committed, with unique"
    " (point, at), ledger, latest values and receipts; reference: one binary COPY of the same rows, already encoded"
)
HOW_1 = "batches of 1 point; reference: a bare paho-mqtt subscriber of the same topics, with manual acknowledgement"


def fleet(bench: Bench, *, batch: int) -> tuple[Fleet, int]:
    """What is published, and how many batches."""
    batches = bench.size(4_000, quick=400) if batch == 500 else bench.size(60_000, quick=4_000)
    start_s = int(time.time()) - 7_200
    return Fleet(gateways=20, assets=50, points=10, batch=batch, start_s=start_s), batches


def run_500(bench: Bench) -> Iterator[Figure]:
    with stage(bench) as on:
        load, batches = fleet(bench, batch=500)
        reference, ours = alternate(
            bench.rounds, lambda: copy_rate(on, load, batches), lambda: ingest_rate(on, load, batches)
        )
        how = HOW_500.format(flavour=on.server.flavour)
        goal = Goal("ratio", least=0.65)
        yield Figure("ingest_500", "points/s", ours, how, "binary COPY", reference, goal)


def run_1(bench: Bench) -> Iterator[Figure]:
    with stage(bench) as on:
        load, batches = fleet(bench, batch=1)
        reference, ours = alternate(
            bench.rounds, lambda: drain_rate(on, load, batches), lambda: ingest_rate(on, load, batches)
        )
        yield Figure("ingest_1", "messages/s", ours, HOW_1, "bare paho", reference, Goal("ratio", least=0.7))


def copy_rate(on: Stage, load: Fleet, batches: int) -> float:
    """Rows a second of one COPY in one transaction."""
    point_ids, at_us, values = columns_of(load, batches)
    stream = memoryview(encode_rows(TELEMETRY.types, (point_ids, at_us, values, np.zeros(len(values), np.int16))))
    with database_on(on.server) as url, psycopg.connect(url, autocommit=True) as conn:
        KnownDays().ensure(conn, days_of(at_us))
        began_s = time.monotonic()
        with conn.cursor() as cur, cur.copy(TELEMETRY.statement) as copy:
            for start in range(0, len(stream), CHUNK_BYTES):
                copy.write(stream[start : start + CHUNK_BYTES])
        return len(values) / (time.monotonic() - began_s)


def drain_rate(on: Stage, load: Fleet, batches: int) -> float:
    """Messages a second until the last is acknowledged."""
    topic_filter = filter_for(Channel.TELEMETRY, share="drain")
    with (
        Helper("drain", str(on.broker.port), topic_filter, str(batches)) as drain,
        PublisherProcess(Plan(on.broker.port, batches, load)) as publisher,
    ):
        publisher.go()
        published = publisher.published()
        return batches / (float(drain.line()) - published.began_s)


def ingest_rate(on: Stage, load: Fleet, batches: int, *, workers: int = 1) -> float:
    """Points a second until all are committed, as the database counts them; NotMeasuredError when it has others."""
    with ingesting(on, load, workers=workers) as (conn, running):
        with PublisherProcess(Plan(on.broker.port, batches, load)) as publisher:
            publisher.go()
            wait_until(lambda: _is_stored(conn, load, batches), "committing them", needs=running)
            stored_s = time.monotonic()
            published = publisher.published()
        stored = count_of(conn, "SELECT count(*) FROM telemetry")
        if stored != batches * load.batch:
            raise NotMeasuredError(
                f"stored {stored} readings of {batches * load.batch}: the figure would be of nothing"
            )
        return stored / (stored_s - published.began_s)


def _is_stored(conn: psycopg.Connection, load: Fleet, batches: int) -> bool:
    """Whether all batches are in the ledger. It counts when each gateway's last one is: counting all the time would
    take from what is measured."""
    last = {
        "communities": [load.address(number).community for number in range(load.gateways)],
        "epoch": EPOCH,
        "seq": batches // load.gateways,
    }
    row = conn.execute(LAST_ONES, last).fetchone()
    return row is not None and row[0] == load.gateways and count_of(conn, STORED) >= batches * load.batch


@contextmanager
def ingesting(on: Stage, load: Fleet, *, workers: int = 1) -> Iterator[tuple[psycopg.Connection, list[Program]]]:
    """`anju ingest` on a database that knows the points of `load`; a connection to it, and the programs."""
    with ExitStack() as running:
        url = running.enter_context(database_on(on.server))
        environment = {**on.environment, "ANJU_DATABASE_URL": url}
        workers_now = [
            running.enter_context(
                program("anju", "ingest", log=on.folder / f"ingest-{next(_numbers)}.log", environment=environment)
            )
            for _ in range(workers)
        ]
        conn = running.enter_context(psycopg.connect(url, autocommit=True))
        wait_until(lambda: all(one.has_logged('"subscribed"') for one in workers_now), "subscribing", needs=workers_now)
        announce(on, load)
        running.callback(announce, on, load, gone=True)
        wanted = load.gateways * load.points_of_gateway
        wait_until(
            lambda: count_of(conn, "SELECT count(*) FROM point") == wanted, "announcing points", needs=workers_now
        )
        yield conn, workers_now


def announce(on: Stage, load: Fleet, *, gone: bool = False) -> None:
    """Publish the retained births of `load`, or take them back."""
    at = datetime.now(UTC)
    births = {
        load.address(number).topic(Channel.BIRTH): b"" if gone else encode_birth(birth_of(load, number, at=at))
        for number in range(load.gateways)
    }
    publish_retained(on.broker.port, births)


def count_of(conn: psycopg.Connection, query: LiteralString) -> int:
    row = conn.execute(query).fetchone()
    return int(row[0]) if row else 0
