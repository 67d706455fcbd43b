"""What communities cost the platform: CPU and memory by their number, and points a second by ingest workers."""

import time
from collections.abc import Iterator
from typing import LiteralString

import psutil

from benchmarks.figures import Figure, NotMeasuredError
from benchmarks.fleet import Fleet
from benchmarks.ingest import STORED, count_of, ingest_rate, ingesting
from benchmarks.programs import PublisherProcess, Usage, pid_named, usage_of, wait_until
from benchmarks.publisher import Plan
from benchmarks.stage import Bench, Stage, stage

DEVICES = 200
VALUES = 10
PERIOD_S = 10
COMMUNITIES = (1, 10, 50)
WORKERS = (1, 2, 4)
PROGRAMS = ("ingest", "database", "broker")
LEDGER_BYTES: LiteralString = "SELECT pg_total_relation_size('ledger')"
HOW = (
    "{communities} communities of 200 devices that report 10 values every 10 s ({rate:,.0f} points/s in all, a batch a"
    " device, as a gateway sends them when devices report apart), receipts on"
)


def run(bench: Bench) -> Iterator[Figure]:
    with stage(bench) as on:
        for communities in COMMUNITIES:
            bench.tell(f"{communities} communities")
            yield from _cost(bench, on, communities)
        for workers in WORKERS:
            bench.tell(f"{workers} ingest workers")
            yield _speed(bench, on, workers)


def _cost(bench: Bench, on: Stage, communities: int) -> Iterator[Figure]:
    """CPU and memory of each program while communities report at their pace."""
    seconds = bench.size(60, quick=3)
    start_s = int(time.time()) - 3_600
    load = Fleet(communities, DEVICES, VALUES, batch=VALUES, start_s=start_s, step_s=PERIOD_S, name="scale")
    a_second = communities * DEVICES / PERIOD_S
    plan = Plan(on.broker.port, round(a_second * (seconds + 2)), load, per_s=a_second, ahead=1_000)
    with ingesting(on, load) as (conn, workers), PublisherProcess(plan) as publisher:
        pids = dict(zip(PROGRAMS, (workers[0].pid, pid_named("postgres"), pid_named("mosquitto")), strict=True))
        publisher.go()
        wait_until(lambda: count_of(conn, STORED) > 0, "the first commit", needs=workers)
        before, began_s, stored = _usages(pids), time.monotonic(), count_of(conn, STORED)
        time.sleep(seconds)
        after, took_s, stored = _usages(pids), time.monotonic() - began_s, count_of(conn, STORED) - stored
        published = publisher.published()
        ledger_bytes = count_of(conn, LEDGER_BYTES) / count_of(conn, STORED)
    if published.receipt_p99_s is None or published.receipt_p50_s is None:
        raise NotMeasuredError("no receipts came back")
    how = HOW.format(communities=communities, rate=a_second * VALUES)
    more = {"communities": communities, "offered": a_second * VALUES}
    yield Figure(f"scale_{communities}_stored", "points/s", [stored / took_s], how, more=more)
    waited, p99 = "from a batch to its receipt, median", {"p99": published.receipt_p99_s}
    yield Figure(f"scale_{communities}_receipt", "s", [published.receipt_p50_s], waited, more=more | p99)
    how = "the ledger's rows and index, one row a batch of ten"
    yield Figure(f"scale_{communities}_ledger", "bytes a point", [ledger_bytes], how, more=more)
    yield from _usage_figures(communities, before, after, took_s)


def _usages(pids: dict[str, int]) -> dict[str, Usage]:
    return {name: usage_of(pid) for name, pid in pids.items()}


def _usage_figures(
    communities: int, before: dict[str, Usage], after: dict[str, Usage], took_s: float
) -> Iterator[Figure]:
    for name in PROGRAMS:
        share = (after[name].cpu_s - before[name].cpu_s) / took_s * 100
        more = {"communities": communities, "program": name}
        yield Figure(f"scale_{communities}_{name}_cpu", "% of a core", [share], "at the same time", more=more)
        memory_mb, how = after[name].proportional / 1e6, "resident memory, shared pages counted once"
        yield Figure(f"scale_{communities}_{name}_memory", "MB", [memory_mb], how, more=more)


def _speed(bench: Bench, on: Stage, workers: int) -> Figure:
    """As ingest_500, by several ingests on one shared subscription."""
    load = Fleet(20, 50, 10, batch=500, start_s=int(time.time()) - 7_200, name="speed")
    batches = bench.size(4_000, quick=400)
    runs = [ingest_rate(on, load, batches, workers=workers) for _ in range(bench.size(3, quick=1))]
    how = f"batches of 500 points, {workers} ingest programs on one shared subscription, {psutil.cpu_count()} cores"
    return Figure(f"scale_workers_{workers}", "points/s", runs, how, more={"workers": workers})
