"""The gateway's outbox alone: readings handed over until each call has returned, that is, until all are on disk."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count
from pathlib import Path

from anju_contracts.clock import RealClock
from anju_contracts.envelope import Stream
from anju_edge_agent.samples import Sample
from anju_gateway.outbox import Outbox
from anju_gateway.outbox_file import Limits
from anju_gateway.packing import pack
from benchmarks.figures import Figure, Goal, alternate
from benchmarks.stage import Bench

BATCH = 500
ASSETS, POINTS = 50, 10
TAKEN_US = 1_767_225_600_000_000
HOW = (
    "batches of 500 readings handed over by {agents} at once, checked, packed, numbered, counted and synced to disk;"
    " reference: a loop of sqlite3 that {does}, a transaction a batch, same journal, synchronous=FULL"
)
PACKS, PACKED = "packs the same batches and inserts them", "inserts what the outbox would, packed beforehand"
_numbers = count(1)


def run(bench: Bench) -> Iterator[Figure]:
    """By one agent, which waits for each batch, and by four, which share the syncs."""
    batches = _handovers(bench.size(1_000, quick=100))
    payloads = [_encode(batch) for batch in batches]
    for agents in (1, 4):
        who = "one agent" if agents == 1 else f"{agents} agents"
        plain_loops = (("", PACKS, partial(map, _encode, batches)), ("_packed", PACKED, partial(iter, payloads)))
        for name, does, again in plain_loops:
            ours_once = partial(_rate, bench.folder, batches, agents)
            plain, ours = alternate(bench.rounds, partial(_plain_rate, bench.folder, again), ours_once)
            how = HOW.format(agents=who, does=does)
            goal = Goal("ratio", least=0.7)
            yield Figure(f"outbox_{agents}{name}", "points/s", ours, how, f"sqlite3 that {does}", plain, goal)


def _handovers(number: int) -> list[list[Sample]]:
    start_us = round(time.time()) * 1_000_000
    places = [(f"m{asset:03}", f"p{point}", asset * 13_000) for asset in range(ASSETS) for point in range(POINTS)]
    return [
        [Sample(asset, point, start_us + turn * 1_000_000 + late_us, 230.25) for asset, point, late_us in places]
        for turn in range(number)
    ]


def _open(folder: Path) -> Outbox:
    return Outbox(folder / f"outbox-{next(_numbers)}.sqlite3", Limits(), RealClock())


def _encode(batch: list[Sample]) -> bytes:
    (packed,) = pack(Stream.TELEMETRY, batch, epoch="plain", last_seq=0, taken_us=TAKEN_US)
    return packed.payload


def _plain_rate(folder: Path, payloads: Callable[[], Iterator[bytes]]) -> float:
    db = sqlite3.connect(folder / f"plain-{next(_numbers)}.sqlite3", isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE batch (seq INTEGER PRIMARY KEY, payload BLOB NOT NULL)")
    began_s = time.monotonic()
    for seq, payload in enumerate(payloads(), 1):
        db.execute("BEGIN IMMEDIATE")
        db.execute("INSERT INTO batch VALUES (?, ?)", (seq, payload))
        db.execute("COMMIT")
    took_s = time.monotonic() - began_s
    db.close()
    return seq * BATCH / took_s


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
