"""`anju worker`: runs the jobs of every step as event time goes on, and what follows real time beside them."""

import logging
from collections.abc import Sequence
from datetime import datetime
from threading import Event, Thread
from typing import Final

import psycopg
from prometheus_client import CollectorRegistry, Counter, Histogram
from psycopg.rows import scalar_row

from anju_platform.beats import Beat, beating
from anju_platform.bootstrap import Pool, open_pool
from anju_platform.config import Settings
from anju_platform.jobs import Job, JobContext, is_due, last_runs, run_job
from anju_platform.metrics import serve_metrics
from anju_platform.storage.queries import load_queries

QUERIES = load_queries("anju_platform")
POLL_S: Final = 1.0
_LAST_WORD_S: Final = 10.0
"""How long jobs that run may go on after the end was asked for; then the database rolls them back."""
_log = logging.getLogger(__name__)


class Worker:
    """Each job runs in a thread of its own, never twice at once, so that a long training holds up no scoring."""

    def __init__(self, settings: Settings, jobs: Sequence[Job], *, stopping: Event, beats: Sequence[Beat] = ()) -> None:
        self._settings = settings
        self._jobs = jobs
        self._beats = beats
        self._stopping = stopping
        self._running: dict[str, Thread] = {}
        self.registry = CollectorRegistry()
        self._runs = Counter("anju_job_runs", "Runs of jobs", ["job", "outcome"], registry=self.registry)
        self._seconds = Histogram("anju_job_seconds", "Time of one run", ["job"], registry=self.registry)

    def run(self) -> None:
        """Until `stopping` is set. While the database is away nothing runs."""
        pool = open_pool(self._settings, program="worker", size=2 * len(self._jobs) + 2)
        beats = beating(self._beats, self._settings, stopping=self._stopping, registry=self.registry)
        with serve_metrics(self.registry, self._settings.metrics_port), pool, beats:
            while not self._stopping.is_set():
                try:
                    self._start_due_jobs(pool)
                except psycopg.OperationalError as exc:
                    _log.warning("database unavailable", extra={"reason": str(exc)})
                self._stopping.wait(POLL_S)
            for thread in self._running.values():
                thread.join(_LAST_WORD_S)

    def _start_due_jobs(self, pool: Pool) -> None:
        with pool.connection() as conn:
            as_of = data_as_of(conn)
            if as_of is None:
                return
            context = JobContext(pool, self._settings, as_of)
            due = [job for job in self._jobs if not self._is_running(job) and _is_due(conn, job, context)]
        for job in due:
            thread = Thread(target=self._run_one, args=(job, context), name=job.name, daemon=True)
            self._running[job.name] = thread
            thread.start()

    def _is_running(self, job: Job) -> bool:
        thread = self._running.get(job.name)
        return thread is not None and thread.is_alive()

    def _run_one(self, job: Job, context: JobContext) -> None:
        with self._seconds.labels(job.name).time():
            try:
                outcome = "done" if run_job(job, context) else "not_done"
            except psycopg.OperationalError as exc:
                outcome = "unavailable"
                _log.warning("database unavailable", extra={"job": job.name, "reason": str(exc)})
        self._runs.labels(job.name, outcome).inc()


def all_jobs() -> tuple[Job, ...]:
    """The jobs of every step."""
    from anju_platform.scoring.jobs import JOBS as SCORING  # noqa: PLC0415
    from anju_platform.storage.jobs import JOBS as STORAGE  # noqa: PLC0415
    from anju_platform.tickets.jobs import JOBS as TICKETS  # noqa: PLC0415

    return (*STORAGE, *TICKETS, *SCORING)


def all_beats() -> tuple[Beat, ...]:
    """What follows real time."""
    from anju_platform.reconcile.beats import BEATS as RECONCILE  # noqa: PLC0415

    return RECONCILE


def _is_due(conn: psycopg.Connection, job: Job, context: JobContext) -> bool:
    wanted = job.wanted is not None and job.wanted(conn, context)
    return is_due(job, last_runs(conn, job.name), as_of=context.as_of, wanted=wanted)


def data_as_of(conn: psycopg.Connection) -> datetime | None:
    """Event time of the community that is furthest; None while there are no data at all."""
    with conn.cursor(row_factory=scalar_row) as cur:
        return cur.execute(QUERIES["data_as_of"]).fetchone()
