"""The worker names a gap by itself, in real time, also where no data move event time on."""

import time
from collections.abc import Callable
from threading import Event, Thread

import psycopg
from arriving import NOON
from prometheus_client import CollectorRegistry
from reconciling import account, batches, intake_with_a_gateway

from anju_contracts.clock import ScaledClock
from anju_platform.beats import Beat, beating
from anju_platform.config import Settings
from anju_platform.worker import Worker, all_beats

STANDING = ScaledClock(NOON, NOON, 1e-9)


def wait_for(done: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not done():
        assert time.monotonic() < until, "nothing came of it"
        time.sleep(0.05)


def test_a_lost_batch_is_named_by_a_worker_that_runs(database_url: str) -> None:
    stopping = Event()
    worker = Worker(Settings(database_url, clock=STANDING), (), stopping=stopping, beats=all_beats())
    with intake_with_a_gateway(database_url) as intake:
        intake.take(*batches(1, 5), account(6))
        thread = Thread(target=worker.run)
        thread.start()
        try:
            lost = "SELECT detail ->> 'ranges' FROM gateway_fault WHERE code = 'lost'"
            wait_for(lambda: intake.rows(lost) == [("[[6, 6]]",)])
        finally:
            stopping.set()
            thread.join(30)
        assert not thread.is_alive()


def test_a_beat_that_fails_and_one_without_a_database_go_on(database_url: str) -> None:
    tried: list[str] = []

    def fail_once(conn: psycopg.Connection, _settings: Settings) -> None:
        tried.append("well")
        if len(tried) == 1:
            raise ValueError("not this time")
        if len(tried) == 2:
            conn.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    registry, stopping = CollectorRegistry(), Event()
    with beating([Beat("try", 0.01, fail_once)], Settings(database_url), stopping=stopping, registry=registry):
        wait_for(lambda: len(tried) >= 4)
    counted = {
        outcome: registry.get_sample_value("anju_beat_runs_total", {"beat": "try", "outcome": outcome})
        for outcome in ("failed", "unavailable")
    }
    assert counted == {"failed": 1, "unavailable": 1}
