"""What people do with tickets: accept, resolve, close, remark. Each works in its caller's transaction.

`at` is when it was done (None: now); Invalid when it is later than now or earlier than the ticket's last entry.
`expected_version` lets a client refuse to act on a ticket that has changed since it was shown.
"""

from datetime import datetime

import psycopg

from anju_platform.errors import Conflict, Invalid
from anju_platform.storage.queries import load_queries
from anju_platform.tickets import store
from anju_platform.tickets.findings import check_resolution, repair_of
from anju_platform.tickets.models import (
    Accepted,
    Action,
    Closed,
    CloseReason,
    Finding,
    Noted,
    RepairAction,
    Resolved,
    Ticket,
)
from anju_platform.tickets.rules import check_allowed, check_moment

_QUERIES = load_queries(__package__)
MAX_NOTE: int = 2000


def accept(
    conn: psycopg.Connection,
    ticket_id: int,
    *,
    actor: str,
    now: datetime,
    at: datetime | None = None,
    note: str = "",
    expected_version: int | None = None,
) -> Ticket:
    """`actor` takes the ticket on."""
    story = _story(conn, ticket_id, expected_version)
    return _act(conn, story, Accepted(_checked(note)), actor=actor, at=at, now=now).ticket


def resolve(
    conn: psycopg.Connection,
    ticket_id: int,
    *,
    actor: str,
    finding: Finding,
    action: RepairAction,
    now: datetime,
    component: str | None = None,
    note: str = "",
    at: datetime | None = None,
    expected_version: int | None = None,
) -> Ticket:
    """The visit is done, and this was found; the repair goes into the asset's history with it."""
    story = _story(conn, ticket_id, expected_version)
    check_allowed(story.ticket, Resolved(finding, action))
    done = check_resolution(story.ticket, Resolved(finding, action, component, _checked(note)))
    story = _act(conn, story, done, actor=actor, at=at, now=now)
    repair = repair_of(story.ticket, done, story.entries)
    if repair is not None:
        conn.execute(_QUERIES["insert_repair"], repair)
    return story.ticket


def close(
    conn: psycopg.Connection,
    ticket_id: int,
    *,
    actor: str,
    now: datetime,
    reason: CloseReason | None = None,
    note: str = "",
    at: datetime | None = None,
    expected_version: int | None = None,
) -> Ticket:
    """The end of a ticket. A resolved one is done; any other needs a reason."""
    story = _story(conn, ticket_id, expected_version)
    if reason is None and story.ticket.is_open:
        choice = ", ".join((CloseReason.WITHDRAWN, CloseReason.DUPLICATE, CloseReason.LAPSED))
        raise Invalid("reason", None, f"one of {choice}, for the ticket is {story.ticket.state}, not resolved")
    return _act(conn, story, Closed(reason or CloseReason.DONE, _checked(note)), actor=actor, at=at, now=now).ticket


def remark(
    conn: psycopg.Connection, ticket_id: int, *, actor: str, text: str, now: datetime, at: datetime | None = None
) -> Ticket:
    """A note in the log, in any state."""
    if not text.strip():
        raise Invalid("text", text, "something to note")
    return _act(conn, _story(conn, ticket_id, None), Noted(_checked(text)), actor=actor, at=at, now=now).ticket


def _story(conn: psycopg.Connection, ticket_id: int, expected_version: int | None) -> store.Story:
    story = store.locked_story(conn, ticket_id)
    if expected_version is not None and story.ticket.version != expected_version:
        raise Conflict(
            f"ticket {ticket_id} is at version {story.ticket.version}, not {expected_version}; it is "
            f"{story.ticket.state} now"
        )
    return story


def _act(
    conn: psycopg.Connection, story: store.Story, action: Action, *, actor: str, at: datetime | None, now: datetime
) -> store.Story:
    if not actor.strip():
        raise Invalid("actor", actor, "who does it")
    check_allowed(story.ticket, action)
    moment = max(now, story.last_at) if at is None else check_moment(at, last_at=story.last_at, now=now)
    return store.append(conn, story, [action], actor=actor, at=moment)


def _checked(note: str) -> str:
    if len(note) > MAX_NOTE:
        raise Invalid("note", f"{len(note)} characters", f"at most {MAX_NOTE}")
    return note
