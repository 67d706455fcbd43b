"""What `anju train` and `anju score` do."""

from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from anju_contracts.clock import rfc3339
from anju_platform.bootstrap import open_pool
from anju_platform.config import Settings
from anju_platform.errors import Conflict, Invalid
from anju_platform.jobs import Job, JobContext
from anju_platform.scoring.jobs import run_by_hand
from anju_platform.scoring.policy import load_policy
from anju_platform.worker import data_as_of


def parse_as_of(text: str | None) -> datetime | None:
    """A moment with a zone; a bare date is its midnight in UTC. Invalid for anything else."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as exc:
        raise Invalid("--as-of", text, "an ISO 8601 time with a zone, for example 2026-03-01T00:00:00Z") from exc
    if at.tzinfo is None and len(text) > len("2026-03-01"):
        raise Invalid("--as-of", text, "a zone as well, for example 2026-03-01T00:00:00Z")
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def run_command(job: Job, settings: Settings, *, as_of: datetime | None, doing: str) -> dict[str, Any]:
    """Run `job` at `as_of`, or at the moment up to which data are complete; Conflict when there are none."""
    load_policy(settings.policy_file)
    with open_pool(settings, program=job.name) as pool:
        with pool.connection() as conn:
            moment = as_of or data_as_of(conn)
        if moment is None:
            raise Conflict("there are no data yet: import a history, or connect a gateway")
        with Console(stderr=True).status(f"{doing} as of {rfc3339(moment)} …"):
            return run_by_hand(job, JobContext(pool, settings, moment))
