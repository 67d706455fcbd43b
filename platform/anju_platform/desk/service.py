"""Takes a resident's report: stored once, and one problem gets one ticket. Works in its caller's transaction."""

from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.rows import class_row, scalar_row

from anju_contracts.names import EXPECTED_NAME, is_name
from anju_platform.desk.categories import Category, category_of
from anju_platform.desk.models import Complaint, Reported
from anju_platform.errors import Conflict, Invalid
from anju_platform.storage.notify import notify
from anju_platform.storage.queries import load_queries
from anju_platform.tickets import store
from anju_platform.tickets.evidence import complaint_evidence
from anju_platform.tickets.intake import take
from anju_platform.tickets.models import Subject, Ticket

_QUERIES = load_queries(__package__)
MAX_TEXT: Final = 2000
MAX_REQUEST_ID: Final = 200


def report(
    conn: psycopg.Connection,
    *,
    category: str,
    now: datetime,
    asset: str | None = None,
    community: str | None = None,
    text: str = "",
    channel: str = "app",
    at: datetime | None = None,
    request_id: str | None = None,
) -> Reported:
    """Store a complaint about an asset (by key) or just a community, and open or join its ticket.

    A `request_id` that was used before gives back what it did then; Conflict when it was another report.
    """
    kind = category_of(category)
    subject = _subject(conn, asset, community)
    _check_words(text, channel, request_id)
    values: dict[str, Any] = {
        "community_id": subject.community_id,
        "asset_id": subject.asset_id,
        "at": _checked_moment(at, now=now),
        "category": kind.name,
        "text": text,
        "channel": channel,
        "request_id": request_id,
    }
    if subject.asset_id is not None:
        store.lock_asset(conn, subject.asset_id)
    with conn.cursor(row_factory=scalar_row) as cur:
        complaint_id: int | None = cur.execute(_QUERIES["insert_complaint"], values).fetchone()
    if complaint_id is None:
        return _repeated(conn, values)
    ticket = _ticket_of(conn, subject, kind, complaint_id, at=values["at"], now=now)
    notify(conn, subject.community_id, "complaint", asset=subject.asset_key, id=complaint_id)
    return Reported(Complaint(id=complaint_id, ticket_id=ticket.id, **values), ticket, repeated=False)


def _ticket_of(
    conn: psycopg.Connection, subject: Subject, category: Category, complaint_id: int, *, at: datetime, now: datetime
) -> Ticket:
    evidence = complaint_evidence(
        complaint_id,
        at=at,
        category=category.name,
        label=category.label,
        priority=category.priority,
        component=category.components.get(subject.kind),
    )
    ticket = take(conn, subject, evidence, now=now)
    conn.execute(_QUERIES["link_complaint"], {"id": complaint_id, "ticket_id": ticket.id})
    return ticket


def _repeated(conn: psycopg.Connection, values: dict[str, Any]) -> Reported:
    with conn.cursor(row_factory=class_row(Complaint)) as cur:
        first = cur.execute(_QUERIES["complaint_by_request"], values).fetchone()
    assert first is not None
    for name in ("community_id", "asset_id", "category"):
        if getattr(first, name) != values[name]:
            raise Conflict(
                f"request_id {values['request_id']} was used for another complaint: {name} was "
                f"{getattr(first, name)}, not {values[name]}"
            )
    assert first.ticket_id is not None
    return Reported(first, store.load_story(conn, first.ticket_id).ticket, repeated=True)


def _subject(conn: psycopg.Connection, asset: str | None, community: str | None) -> Subject:
    if asset is None and community is None:
        raise Invalid("asset", None, "an asset, or at least a community")
    if asset is None:
        assert community is not None
        return store.subject_of_community(conn, community)
    subject = store.subject_of_asset(conn, store.asset_id_of(conn, asset))
    if community not in (None, subject.community_id):
        raise Invalid("community", community, f"{subject.community_id}, where {asset} is")
    return subject


def _checked_moment(at: datetime | None, *, now: datetime) -> datetime:
    if at is None:
        return now
    if at.tzinfo is None:
        raise Invalid("at", at.isoformat(), "a time with a zone")
    if at > now:
        raise Invalid("at", at.isoformat(), f"not later than now, {now.isoformat()}")
    return at


def _check_words(text: str, channel: str, request_id: str | None) -> None:
    if len(text) > MAX_TEXT:
        raise Invalid("text", f"{len(text)} characters", f"at most {MAX_TEXT}")
    if not is_name(channel):
        raise Invalid("channel", channel, EXPECTED_NAME)
    if request_id is not None and not 0 < len(request_id) <= MAX_REQUEST_ID:
        raise Invalid("request_id", f"{len(request_id)} characters", f"1 to {MAX_REQUEST_ID}")
