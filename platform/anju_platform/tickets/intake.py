"""What opens a ticket or joins one: events, complaints, predictions. Each works in its caller's transaction.

An entry's time is when the thing happened (event, complaint) or was foreseen (prediction's as_of), but never before
the entry it follows and never after `now`; so a log is in order whatever came late.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import psycopg
from psycopg.rows import scalar_row

from anju_contracts.event import Event, EventState
from anju_platform.storage.queries import load_queries
from anju_platform.tickets import store
from anju_platform.tickets.alarms import alarm_table
from anju_platform.tickets.evidence import event_evidence
from anju_platform.tickets.models import (
    SYSTEM,
    Action,
    Closed,
    CloseReason,
    Evidence,
    EvidenceKind,
    Joined,
    Noted,
    Opened,
    Origin,
    State,
    Subject,
    Ticket,
)
from anju_platform.tickets.rules import escalation, evidence_of, priority_for
from anju_platform.tickets.sameness import LINKED_FOR, JoinTo, NoteOn, place

_QUERIES = load_queries(__package__)
_ORIGIN_OF: Final = {
    EvidenceKind.EVENT: Origin.ALARM,
    EvidenceKind.COMPLAINT: Origin.COMPLAINT,
    EvidenceKind.PREDICTION: Origin.PROACTIVE,
}


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event of an asset; both ids are those of rows."""

    event_id: int
    asset_id: int
    event: Event


def from_events(conn: psycopg.Connection, stored: Iterable[StoredEvent], *, now: datetime) -> list[int]:
    """The tickets that newly stored events opened, joined or were noted on.

    Call it once with all events of a transaction, in that transaction: assets are locked in ascending order,
    so that two writers never wait for each other in a circle.
    """
    ordered = sorted(stored, key=lambda one: (one.asset_id, one.event.at, one.event_id))
    cleared = {one.asset_id for one in ordered if one.event.state is EventState.CLEAR}
    served = _with_open_tickets(conn, cleared)
    touched: list[int] = []
    for one in ordered:
        if one.event.state is EventState.CLEAR and one.asset_id not in served:
            continue
        told = from_event(conn, asset_id=one.asset_id, event_id=one.event_id, event=one.event, now=now)
        touched += told
        if told:
            served.add(one.asset_id)
    return touched


def _with_open_tickets(conn: psycopg.Connection, asset_ids: set[int]) -> set[int]:
    if not asset_ids:
        return set()
    with conn.cursor(row_factory=scalar_row) as cur:
        return set(cur.execute(_QUERIES["assets_with_open_tickets"], {"asset_ids": sorted(asset_ids)}).fetchall())


def from_event(conn: psycopg.Connection, *, asset_id: int, event_id: int, event: Event, now: datetime) -> list[int]:
    """What one newly stored event does; for most nothing, without a query.

    Acute codes act here. Other raises wait until they have held (tickets.jobs). A clear is noted, closes nothing.
    """
    table = alarm_table()
    if now - event.at > table.too_old:
        return []
    if event.state is EventState.CLEAR:
        return _note_clear(conn, asset_id, event_id, event, now=now)
    if not table.may_open_at_once(event.code, event.severity, event.state):
        return []
    subject = store.subject_of_asset(conn, asset_id)
    if not table.at_once(subject.kind, event.code, event.severity, event.state):
        return []
    return [take(conn, subject, _evidence(subject.kind, event_id, event), now=now).id]


def take(
    conn: psycopg.Connection,
    subject: Subject,
    evidence: Evidence,
    *,
    now: datetime,
    at: datetime | None = None,
    expires_at: datetime | None = None,
) -> Ticket:
    """The one ticket of the problem that `evidence` speaks of: opened, joined or annotated.

    `at` is the time of the entry where that is not the evidence's own. The same evidence is taken only once.
    """
    moment = min(at or evidence.at, now)
    if subject.asset_id is None:
        return _open(conn, subject, evidence, at=moment, expires_at=expires_at, previous_id=None)
    store.lock_asset(conn, subject.asset_id)
    known = store.ticket_with_evidence(conn, subject.asset_id, evidence)
    if known is not None:
        return store.load_story(conn, known).ticket
    tickets = store.related_tickets(conn, subject.asset_id, resolved_since=evidence.at - LINKED_FOR)
    placement = place(evidence, tickets)
    if isinstance(placement, JoinTo):
        return _join(conn, placement.ticket, evidence, at=moment)
    if isinstance(placement, NoteOn):
        return _note(conn, placement.ticket.id, Noted("happened before the visit, reported after it", evidence), moment)
    return _open(conn, subject, evidence, at=moment, expires_at=expires_at, previous_id=placement.previous_id)


def _open(
    conn: psycopg.Connection,
    subject: Subject,
    evidence: Evidence,
    *,
    at: datetime,
    expires_at: datetime | None,
    previous_id: int | None,
) -> Ticket:
    priority = priority_for(evidence, kind=subject.kind, component=evidence.component)
    origin = _ORIGIN_OF[evidence.kind]
    opened = Opened(subject, origin, priority, evidence, expires_at=expires_at, previous_id=previous_id)
    return store.insert_ticket(conn, opened, actor=SYSTEM, at=at).ticket


def _join(conn: psycopg.Connection, ticket: Ticket, evidence: Evidence, *, at: datetime) -> Ticket:
    story = store.load_story(conn, ticket.id)
    actions: list[Action] = [Joined(evidence, at)]
    risen = escalation(ticket, evidence, kind=story.subject.kind)
    if risen:
        actions.append(risen)
    return store.append(conn, story, actions, actor=SYSTEM, at=max(at, story.last_at)).ticket


def _note(conn: psycopg.Connection, ticket_id: int, note: Noted, at: datetime) -> Ticket:
    story = store.load_story(conn, ticket_id)
    return store.append(conn, story, [note], actor=SYSTEM, at=max(at, story.last_at)).ticket


def _note_clear(conn: psycopg.Connection, asset_id: int, event_id: int, event: Event, *, now: datetime) -> list[int]:
    if not _open_with_alarm(conn, asset_id, event.code):
        return []
    store.lock_asset(conn, asset_id)
    evidence = _evidence(store.subject_of_asset(conn, asset_id).kind, event_id, event)
    if store.ticket_with_evidence(conn, asset_id, evidence) is not None:
        return []
    found = _open_with_alarm(conn, asset_id, event.code)
    for ticket_id in found:
        _note(conn, ticket_id, Noted("the alarm cleared", evidence), min(event.at, now))
        _withdraw_if_groundless(conn, ticket_id, event)
    return found


def _withdraw_if_groundless(conn: psycopg.Connection, ticket_id: int, clear: Event) -> None:
    """A clear that comes late can show that the alarm had not held as long as a ticket asks. If nothing else speaks
    for the ticket and nobody has taken it on, it was opened on an error."""
    story = store.load_story(conn, ticket_id)
    groundless = all(_cleared_too_soon(story.subject.kind, one, clear) for one in evidence_of(story.entries))
    if groundless and story.ticket.state is State.NEW:
        closed = Closed(CloseReason.WITHDRAWN, "the alarm had cleared before it had held long enough")
        store.append(conn, story, [closed], actor=SYSTEM, at=story.last_at)


def _cleared_too_soon(kind: str, evidence: Evidence, clear: Event) -> bool:
    if evidence.kind is not EvidenceKind.EVENT or evidence.data["code"] != clear.code:
        return False
    rule = alarm_table().rule(kind, clear.code, evidence.data["severity"])
    return evidence.at <= clear.at < evidence.at + rule.hold


def _open_with_alarm(conn: psycopg.Connection, asset_id: int, code: str) -> list[int]:
    with conn.cursor(row_factory=scalar_row) as cur:
        return cur.execute(_QUERIES["open_tickets_with_alarm"], {"asset_id": asset_id, "code": code}).fetchall()


def _evidence(kind: str, event_id: int, event: Event) -> Evidence:
    return event_evidence(
        kind,
        event_id,
        code=event.code,
        severity=event.severity,
        state=event.state,
        at=event.at,
        value=event.value,
    )
