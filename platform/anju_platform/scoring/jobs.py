"""Scoring every day, training and a look for drift every week of event time; by hand, the same runs, the same locks."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from anju_platform.errors import Conflict
from anju_platform.jobs import Job, JobContext, run_job
from anju_platform.scoring.drift import watch_drift
from anju_platform.scoring.policy import load_policy
from anju_platform.scoring.score import score_at
from anju_platform.scoring.train import train_at
from anju_platform.storage.rollups import recompute_due


def score(context: JobContext) -> dict[str, object]:
    """Score at context.as_of, from rollups that match what was committed until now."""
    policy = load_policy(context.settings.policy_file)
    _catch_up(context)
    return score_at(context.pool, as_of=context.as_of, policy=policy, clock=context.settings.clock)


def train(context: JobContext) -> dict[str, object]:
    """Train at context.as_of. It may take minutes; scoring goes on with the champion meanwhile."""
    policy = load_policy(context.settings.policy_file)
    _catch_up(context)
    return train_at(context.pool, as_of=context.as_of, policy=policy, now=context.settings.clock.now())


def drift(context: JobContext) -> dict[str, object]:
    """Whether the champion still fits at context.as_of; if not, a ticket for the platform's operators."""
    _catch_up(context)
    return watch_drift(context.pool, as_of=context.as_of, now=context.settings.clock.now())


def _catch_up(context: JobContext) -> None:
    with context.pool.connection() as conn:
        recompute_due(conn, now=context.settings.clock.now())


SCORE: Final = Job("score", timedelta(days=1), score)
TRAIN: Final = Job("train", timedelta(days=7), train)
DRIFT: Final = Job("drift", timedelta(days=7), drift)
JOBS: Final = (SCORE, TRAIN, DRIFT)


def run_by_hand(job: Job, context: JobContext) -> dict[str, Any]:
    """Run `job` now and give back what it did; recorded like a run of the worker, so that it isn't repeated soon.

    An error of the job comes through; Conflict when the worker runs the same job at this moment.
    """
    report: dict[str, Any] = {}
    failures: list[Exception] = []

    def run(at: JobContext) -> dict[str, object]:
        try:
            report.update(job.run(at))
        except Exception as exc:
            failures.append(exc)
            raise
        return report

    if not run_job(replace(job, run=run), context):
        if failures:
            raise failures[0]
        raise Conflict(f"{job.name} runs in another process at this moment")
    return report
