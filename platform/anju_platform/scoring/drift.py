"""Looks whether the champion still fits; where it doesn't, the platform's own operators get one ticket."""

from datetime import datetime, timedelta
from typing import Any, Final

import psycopg
from psycopg.rows import scalar_row
from psycopg.types.json import Jsonb

from anju_contracts.kinds import Label
from anju_ml import artifact
from anju_ml.drift import Drift, find_drift
from anju_ml.errors import ArtifactRefused
from anju_platform.assets.registry import ensure_community
from anju_platform.bootstrap import Pool
from anju_platform.scoring import store
from anju_platform.scoring.history import read_history, whole_hour
from anju_platform.scoring.models import Role, StoredModel
from anju_platform.storage.queries import load_queries
from anju_platform.tickets import store as tickets
from anju_platform.tickets.models import SYSTEM, Evidence, EvidenceKind, Noted, Opened, Origin, Priority

_QUERIES = load_queries(__package__)
YOUNG: Final = timedelta(days=7)
"""Until then there is nothing to compare, so the history isn't even read."""
COMMUNITY: Final = "platform"
"""The platform's own, without assets: a model is no community's."""
LABEL: Final = Label("安居平台", "Anju platform")
HEADLINE: Final = Label("预测模型与实际不符", "the prediction model no longer fits")
FITS: Final = Label("模型重新符合实际", "the model fits again")


def watch_drift(pool: Pool, *, as_of: datetime, now: datetime) -> dict[str, Any]:
    """What was found of the champion at the whole hour before `as_of`, as JSON values."""
    moment = whole_hour(as_of)
    with pool.connection() as conn:
        found = store.in_role(conn, Role.CHAMPION)
        if found is None:
            return {"model": None, "why_not": "there is no champion"}
        champion, data = found
        if moment - champion.as_of < YOUNG:
            return {"model": champion.id, "why_not": f"trained less than {YOUNG.days} days ago"}
        try:
            model = artifact.load(data)
        except ArtifactRefused as exc:
            return {"model": champion.id, "why_not": str(exc)}
        history = read_history(conn, as_of=moment)
    drift = find_drift(model, history, until=moment)
    with pool.connection() as conn:
        ticket_id = record_drift(conn, champion, drift, now=now)
    return {"model": champion.id, "ticket": ticket_id, **drift.as_json()}


def record_drift(conn: psycopg.Connection, champion: StoredModel, drift: Drift, *, now: datetime) -> int | None:
    """Keep `drift` with the model and tell the operators what is new about it; the ticket that speaks of it.

    What the newest ticket already says of this model is not said again, though it be closed: who closed it knows.
    """
    conn.execute(_QUERIES["drift_of_model"], {"id": champion.id, "drift": Jsonb(drift.as_json())})
    with conn.cursor(row_factory=scalar_row) as cur:
        newest: int | None = cur.execute(_QUERIES["drift_newest_ticket"], {"community": COMMUNITY}).fetchone()
    if newest is None:
        return _open(conn, champion, drift, previous_id=None, now=now) if drift.drifted else None
    story = tickets.locked_story(conn, newest)
    if _last_told(story) == _facts(champion, drift):
        return newest
    if story.ticket.is_open:
        _tell(conn, story, champion, drift)
        return newest
    return _open(conn, champion, drift, previous_id=newest, now=now) if drift.drifted else None


def _open(
    conn: psycopg.Connection, champion: StoredModel, drift: Drift, *, previous_id: int | None, now: datetime
) -> int:
    ensure_community(conn, COMMUNITY, LABEL, now=now)
    subject = tickets.subject_of_community(conn, COMMUNITY)
    evidence = _evidence(champion, drift, HEADLINE)
    opened = Opened(subject, Origin.REQUEST, evidence.priority, evidence, previous_id=previous_id)
    story = tickets.insert_ticket(conn, opened, actor=SYSTEM, at=drift.until)
    return _tell(conn, story, champion, drift).ticket.id


def _tell(conn: psycopg.Connection, story: tickets.Story, champion: StoredModel, drift: Drift) -> tickets.Story:
    label = Label("；".join(drift.zh), "; ".join(drift.en)) if drift.drifted else FITS
    note = Noted("", _evidence(champion, drift, label))
    return tickets.append(conn, story, [note], actor=SYSTEM, at=max(drift.until, story.last_at))


def _evidence(champion: StoredModel, drift: Drift, label: Label) -> Evidence:
    return Evidence(
        EvidenceKind.MODEL,
        champion.id,
        drift.until,
        Priority.NORMAL,
        label.zh,
        label.en,
        data=_facts(champion, drift),
    )


def _facts(champion: StoredModel, drift: Drift) -> dict[str, Any]:
    return {"model": champion.id, "findings": drift.findings}


def _last_told(story: tickets.Story) -> dict[str, Any] | None:
    told = [entry.action.evidence for entry in story.entries if isinstance(entry.action, Opened | Noted)]
    return next((each.data for each in reversed(told) if each and each.kind is EvidenceKind.MODEL), None)
