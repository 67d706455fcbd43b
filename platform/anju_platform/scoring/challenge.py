"""The challenger in the champion's shadow: promoted only when it has shown on later days that it is better."""

from datetime import datetime, timedelta
from typing import Any, Final

import psycopg

from anju_contracts.clock import rfc3339
from anju_ml import artifact
from anju_ml.contest import Contest, compare_models
from anju_ml.errors import ArtifactRefused
from anju_ml.history import History
from anju_ml.model import Model
from anju_ml.policy import Policy
from anju_platform.scoring import store
from anju_platform.scoring.models import Role, StoredModel

LONGEST: Final = timedelta(days=120)
"""A challenger that could not show so long that it is better gives way to a newer one."""


def watch_challenger(
    conn: psycopg.Connection, history: History, *, as_of: datetime, policy: Policy
) -> dict[str, Any] | None:
    """What became of the challenger, as JSON values; None where there is none any more and a new model is wanted.

    It is compared on the days since its own training, which neither model has learnt from, once these are as many as
    the horizon. Promoted when the 95 % interval of what it earns more lies above zero; given up when it lies below, or
    after LONGEST.
    """
    champion, entered = _readable(conn, Role.CHAMPION), _readable(conn, Role.CHALLENGER)
    if champion is None or entered is None:
        return None
    (_, reigning), (challenger, model) = champion, entered
    if as_of - challenger.as_of < policy.horizon:
        return _told(challenger, as_of, f"is watched until {rfc3339(challenger.as_of + policy.horizon)}", None)
    contest = compare_models(reigning, model, history, since=challenger.as_of, until=as_of, policy=policy)
    return settle(conn, challenger, contest, as_of=as_of)


def _readable(conn: psycopg.Connection, role: Role) -> tuple[StoredModel, Model] | None:
    """The model of a role; one that can't be loaded any more, for it is of an older format, retires."""
    found = store.in_role(conn, role)
    if found is None:
        return None
    try:
        return found[0], artifact.load(found[1])
    except ArtifactRefused as exc:
        store.change_role(conn, found[0], Role.RETIRED, {}, why_not=str(exc))
        return None


def settle(
    conn: psycopg.Connection, challenger: StoredModel, contest: Contest, *, as_of: datetime
) -> dict[str, Any] | None:
    """Promote, give up or go on watching; as `watch_challenger`."""
    told = f"{contest.difference:+,.0f} CNY ({contest.low:,.0f} to {contest.high:,.0f}) in {contest.days} days"
    if contest.is_better:
        store.promote(conn, challenger, contest.as_json())
        return _told(challenger, as_of, f"takes the champion's place: {told}", contest, role=Role.CHAMPION)
    if contest.is_worse or as_of - challenger.as_of >= LONGEST:
        store.change_role(
            conn, challenger, Role.RETIRED, contest.as_json(), why_not=f"no better than the champion: {told}"
        )
        return None
    why_not = f"not better than the champion so far: {told}"
    store.change_role(conn, challenger, Role.CHALLENGER, contest.as_json(), why_not=why_not)
    return _told(challenger, as_of, why_not, contest)


def _told(
    challenger: StoredModel, as_of: datetime, why_not: str, contest: Contest | None, *, role: Role = Role.CHALLENGER
) -> dict[str, Any]:
    return {
        "model": challenger.id,
        "as_of": rfc3339(as_of),
        "role": str(role),
        "why_not": why_not,
        "metrics": {"contest": contest.as_json()} if contest else {},
        "artifact_bytes": 0,
    }
