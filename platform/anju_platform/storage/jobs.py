"""Rollups and retention as jobs of the worker; both work alike on both flavours."""

from datetime import timedelta
from typing import Final

import psycopg

from anju_platform.jobs import Job, JobContext
from anju_platform.storage.retention import drop_old_days, forget_old_bookkeeping, kept_since
from anju_platform.storage.rollups import recompute_due, rollups_are_due


def _rollup(context: JobContext) -> dict[str, object]:
    with context.pool.connection() as conn:
        spans, changed = recompute_due(conn, now=context.settings.clock.now())
    return {"spans": spans, "rollups": changed}


def _rollup_is_wanted(conn: psycopg.Connection, context: JobContext) -> bool:
    return rollups_are_due(conn, now=context.settings.clock.now())


def _retain(context: JobContext) -> dict[str, object]:
    cutoff = kept_since(context.as_of, telemetry_days=context.settings.telemetry_days)
    with context.pool.connection() as conn:
        recompute_due(conn, now=context.settings.clock.now())
        days = drop_old_days(conn, cutoff=cutoff)
        batches = forget_old_bookkeeping(conn, cutoff=cutoff)
    return {"cutoff": cutoff.isoformat(), "days_dropped": days, "ledger_rows_deleted": batches}


JOBS: Final = (
    Job("rollup", timedelta(days=1), _rollup, wanted=_rollup_is_wanted),
    Job("retention", timedelta(days=1), _retain),
)
