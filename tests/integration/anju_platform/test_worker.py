"""Jobs: run when they are due, recorded, never twice at once; and the worker that runs them."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread

import psycopg
import pytest
from arriving import NOON, birth, intake_on, telemetry

from anju_contracts.clock import ScaledClock
from anju_platform.bootstrap import Pool, connect, open_pool
from anju_platform.config import Settings
from anju_platform.errors import StorageUnavailable
from anju_platform.jobs import Job, JobContext, last_runs, run_job
from anju_platform.storage.jobs import JOBS as STORAGE_JOBS
from anju_platform.worker import Worker, all_jobs, data_as_of

CLOCK = ScaledClock(NOON, NOON, 1e-9)
DAILY = timedelta(days=1)


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(database_url, clock=CLOCK, telemetry_days=30)


@pytest.fixture
def pool(settings: Settings) -> Iterator[Pool]:
    with open_pool(settings, program="test") as opened:
        yield opened


def runs(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as conn:
        return conn.execute("SELECT job, outcome, detail FROM job_run ORDER BY id").fetchall()


def test_a_run_is_recorded_with_what_it_did(settings: Settings, pool: Pool) -> None:
    context = JobContext(pool, settings, NOON)
    assert run_job(Job("count", DAILY, lambda _: {"counted": 3}), context)
    assert runs(settings.database_url) == [("count", "done", {"counted": 3})]
    with pool.connection() as conn:
        assert last_runs(conn, "count").done_as_of == NOON
        assert last_runs(conn, "other").done_as_of is None


def test_a_job_that_fails_is_recorded_and_disturbs_nobody(settings: Settings, pool: Pool) -> None:
    def fail(_: JobContext) -> dict[str, object]:
        raise ValueError("no data")

    assert not run_job(Job("broken", DAILY, fail), JobContext(pool, settings, NOON))
    assert runs(settings.database_url) == [("broken", "failed", {"error": "ValueError: no data"})]
    with pool.connection() as conn:
        failed_ago = last_runs(conn, "broken").failed_ago
    assert failed_ago is not None
    assert failed_ago < timedelta(seconds=30)


def test_a_job_never_runs_twice_at_once(settings: Settings, pool: Pool) -> None:
    inner: list[bool] = []

    def nested(context: JobContext) -> dict[str, object]:
        inner.append(run_job(job, context))
        return {}

    job = Job("nested", DAILY, nested)
    assert run_job(job, JobContext(pool, settings, NOON))
    assert inner == [False]
    assert run_job(Job("nested", DAILY, lambda _: {}), JobContext(pool, settings, NOON))


def test_a_run_that_died_is_marked_by_the_next(settings: Settings, pool: Pool) -> None:
    with pool.connection() as conn:
        conn.execute("INSERT INTO job_run (job, as_of, started_at) VALUES ('score', %s, now())", (NOON,))
    run_job(Job("score", DAILY, lambda _: {}), JobContext(pool, settings, NOON))
    assert [row[1:] for row in runs(settings.database_url)] == [("failed", {"error": "interrupted"}), ("done", {})]


@contextmanager
def working(settings: Settings, *jobs: Job) -> Iterator[Worker]:
    stopping = Event()
    worker = Worker(settings, jobs, stopping=stopping)
    thread = Thread(target=worker.run)
    thread.start()
    try:
        yield worker
    finally:
        stopping.set()
        thread.join(20)
        assert not thread.is_alive()


def wait_for(done: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not done():
        assert time.monotonic() < until, "nothing came of it"
        time.sleep(0.05)


def test_the_worker_rolls_up_as_soon_as_an_hour_is_over_and_drops_what_is_old(settings: Settings) -> None:
    old = NOON - timedelta(days=31)
    with intake_on(settings.database_url) as intake:
        readings = [("lift-01/trips", at, 1.0) for at in (old, NOON - timedelta(hours=3), NOON)]
        intake.take(birth(), telemetry(readings, seq=1))
        with working(settings, *STORAGE_JOBS) as worker:
            wait_for(lambda: len(intake.rows("SELECT 1 FROM rollup_hour")) == 2)
            wait_for(lambda: len(intake.stored()) == 2)
            before = intake.rows("SELECT count(*) FROM job_run")
            late = ("lift-01/trips", NOON - timedelta(hours=5), 1.0)
            intake.take(telemetry([late], seq=2, historical=True))
            wait_for(lambda: len(intake.rows("SELECT 1 FROM rollup_hour")) == 3)
            wait_for(lambda: worker.registry.get_sample_value("anju_job_seconds_count", {"job": "rollup"}) == 2)
        assert before == [(2,)]
        assert intake.rows("SELECT job, outcome FROM job_run ORDER BY job, id") == [
            ("retention", "done"),
            ("rollup", "done"),
            ("rollup", "done"),
        ]


def test_a_long_job_holds_up_no_other(settings: Settings) -> None:
    let_go, began = Event(), Event()

    def long(_: JobContext) -> dict[str, object]:
        began.set()
        let_go.wait(20)
        return {}

    with intake_on(settings.database_url) as intake:
        intake.take(birth(), telemetry([("lift-01/trips", NOON, 1.0)], seq=1))
        with working(settings, Job("train", DAILY, long), Job("score", DAILY, lambda _: {})):
            wait_for(lambda: ("score", "done", {}) in runs(settings.database_url))
            assert began.wait(20)
            let_go.set()
            wait_for(lambda: ("train", "done", {}) in runs(settings.database_url))


def test_without_data_nothing_runs(settings: Settings) -> None:
    with psycopg.connect(settings.database_url) as conn:
        assert data_as_of(conn) is None
    with working(settings, Job("score", DAILY, lambda _: {})):
        time.sleep(0.3)
    assert runs(settings.database_url) == []


def test_progress_follows_the_slowest_gateway_that_is_online_and_not_far_behind(settings: Settings) -> None:
    hour = timedelta(hours=1)
    with psycopg.connect(settings.database_url, autocommit=True) as conn:
        conn.execute(
            "INSERT INTO community (id, label_zh, label_en, created_at, imported_until)"
            " VALUES ('a', 'a', 'a', now(), %s), ('b', 'b', 'b', now(), NULL)",
            (NOON - 30 * hour,),
        )
        progress = "SELECT as_of FROM community_progress WHERE community_id = 'a'"
        assert conn.execute(progress).fetchone() == (NOON - 30 * hour,)
        told = [("g1", "online", NOON), ("g2", "online", NOON - hour), ("g3", "lost", NOON - 3 * hour)]
        told.append(("g4", "online", NOON - 40 * hour))
        for name, state, watermark in told:
            conn.execute(
                "INSERT INTO gateway (community_id, id, state, watermark_at) VALUES ('a', %s, %s, %s)",
                (name, state, watermark),
            )
        assert conn.execute(progress).fetchone() == (NOON - hour,)
        conn.execute("UPDATE gateway SET state = 'lost'")
        assert conn.execute(progress).fetchone() == (NOON,)
        assert data_as_of(conn) == NOON


def test_a_database_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(StorageUnavailable, match="database: "):
        connect(Settings("postgresql://nobody@127.0.0.1:1/none"), program="test")


def test_every_step_has_its_jobs() -> None:
    names = [job.name for job in all_jobs()]
    assert len(names) == len(set(names))
    assert {"rollup", "retention"} <= set(names)
