"""Work that follows event time: what a job is, when it is due, and how a run is guarded and recorded."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import psycopg
from psycopg.rows import class_row, scalar_row
from psycopg.types.json import Jsonb

from anju_platform.bootstrap import Pool
from anju_platform.config import Settings
from anju_platform.storage.queries import load_queries

RETRY_AFTER: Final = timedelta(seconds=30)
"""Real time that a failed job waits before it runs again."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class JobContext:
    """`as_of` is event time: everything up to it has been committed."""

    pool: Pool
    settings: Settings
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Job:
    """`run` returns what it did, for job_run.detail; it must be idempotent. `every` is event time.

    `wanted`, where given, makes the job due earlier: whenever there is work for it.
    """

    name: str
    every: timedelta
    run: Callable[[JobContext], dict[str, object]]
    wanted: Callable[[psycopg.Connection, JobContext], bool] | None = None


@dataclass(frozen=True, slots=True)
class LastRuns:
    """What job_run says of a job: as_of of its last good run, and how long ago (real time) it last failed."""

    done_as_of: datetime | None = None
    failed_ago: timedelta | None = None


def is_due(job: Job, last: LastRuns, *, as_of: datetime, wanted: bool = False) -> bool:
    """A job is due when `every` of event time passed since its last good run, or when it is `wanted`; a failed
    one waits RETRY_AFTER."""
    if last.failed_ago is not None and last.failed_ago < RETRY_AFTER:
        return False
    return wanted or last.done_as_of is None or as_of - last.done_as_of >= job.every


def last_runs(conn: psycopg.Connection, job: str) -> LastRuns:
    with conn.cursor(row_factory=class_row(LastRuns)) as cur:
        return cur.execute(load_queries(__package__)["last_runs"], {"job": job}).fetchone() or LastRuns()


def run_job(job: Job, context: JobContext) -> bool:
    """Run `job` unless another process runs it just now; whether it ran and ended well.

    The run is a row of job_run; an exception of the job is logged and recorded there, and goes no further.
    """
    queries = load_queries(__package__)
    with context.pool.connection() as conn:
        conn.autocommit = True
        try:
            with conn.cursor(row_factory=scalar_row) as cur:
                if not cur.execute(queries["try_job_lock"], {"job": job.name}).fetchone():
                    return False
                try:
                    return _run_locked(conn, job, context)
                finally:
                    cur.execute(queries["release_job_lock"], {"job": job.name})
        finally:
            if not conn.closed:
                conn.autocommit = False


def _run_locked(conn: psycopg.Connection, job: Job, context: JobContext) -> bool:
    queries = load_queries(__package__)
    conn.execute(queries["fail_interrupted_runs"], {"job": job.name})
    with conn.cursor(row_factory=scalar_row) as cur:
        run_id = cur.execute(queries["start_run"], {"job": job.name, "as_of": context.as_of}).fetchone()
    outcome, detail = _attempt(job, context)
    conn.execute(queries["finish_run"], {"id": run_id, "outcome": outcome, "detail": Jsonb(detail)})
    return outcome == "done"


def _attempt(job: Job, context: JobContext) -> tuple[str, dict[str, Any]]:
    try:
        return "done", job.run(context)
    except Exception as exc:
        _log.exception("job failed", extra={"job": job.name, "as_of": context.as_of.isoformat()})
        return "failed", {"error": f"{type(exc).__name__}: {exc}"}
