"""The gateway's outbox alone: readings handed over until each call has returned, that is, until all are on disk."""

import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import count
from pathlib import Path

from anju_contracts.clock import RealClock
from anju_contracts.envelope import Stream
from anju_edge_agent.samples import Sample
from anju_gateway.outbox import Outbox
from anju_gateway.outbox_file import Limits
from benchmarks.figures import Figure, Goal, alternate
from benchmarks.stage import Bench

BATCH = 500
ASSETS, POINTS = 50, 10
HOW = (
    "batches of 500 readings handed over by {agents} at once, packed, numbered, counted and synced to disk; reference:"
    " a loop of sqlite3 that inserts the same payloads, a transaction a batch, same journal, synchronous=FULL"
)
_numbers = count(1)


def run(bench: Bench) -> Iterator[Figure]:
    """By one agent, which waits for each batch, and by four, which share the syncs."""
    batches = _handovers(bench.size(1_000, quick=100))
    payloads = _payloads(bench.folder, batches)
    for agents in (1, 4):
        ours_once = partial(_rate, bench.folder, batches, agents)
        reference, ours = alternate(bench.rounds, lambda: _plain_rate(bench.folder, payloads), ours_once)
        name, who = f"outbox_{agents}", "one agent" if agents == 1 else f"{agents} agents"
        goal = Goal("ratio", least=0.7)
        yield Figure(name, "points/s", ours, HOW.format(agents=who), "plain sqlite3", reference, goal)


def _handovers(number: int) -> list[list[Sample]]:
    start_us = round(time.time()) * 1_000_000
    places = [(f"m{asset:03}", f"p{point}", asset * 13_000) for asset in range(ASSETS) for point in range(POINTS)]
    return [
        [Sample(asset, point, start_us + turn * 1_000_000 + late_us, 230.25) for asset, point, late_us in places]
        for turn in range(number)
    ]


def _payloads(folder: Path, batches: Sequence[list[Sample]]) -> list[bytes]:
    """What the outbox would write for `batches`."""
    outbox = _open(folder)
    for batch in batches:
        outbox(batch, [])
    found = outbox.read(Stream.TELEMETRY, after=0, up_to=len(batches), most=len(batches)) or []
    outbox.close()
    return [one.payload for one in found]


def _open(folder: Path) -> Outbox:
    return Outbox(folder / f"outbox-{next(_numbers)}.sqlite3", Limits(), RealClock())


def _plain_rate(folder: Path, payloads: Sequence[bytes]) -> float:
    db = sqlite3.connect(folder / f"plain-{next(_numbers)}.sqlite3", isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE batch (seq INTEGER PRIMARY KEY, payload BLOB NOT NULL)")
    began_s = time.monotonic()
    for seq, payload in enumerate(payloads, 1):
        db.execute("BEGIN IMMEDIATE")
        db.execute("INSERT INTO batch VALUES (?, ?)", (seq, payload))
        db.execute("COMMIT")
    took_s = time.monotonic() - began_s
    db.close()
    return len(payloads) * BATCH / took_s


def _rate(folder: Path, batches: Sequence[list[Sample]], agents: int) -> float:
    outbox = _open(folder)

    def hand_over(agent: int) -> None:
        for batch in batches[agent::agents]:
            outbox(batch, [])

    threads = [threading.Thread(target=hand_over, args=(agent,)) for agent in range(agents)]
    began_s = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took_s = time.monotonic() - began_s
    outbox.close()
    return len(batches) * BATCH / took_s
