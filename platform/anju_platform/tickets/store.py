"""Tickets and their logs in the database: every function works in the transaction of its caller."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import msgspec
import psycopg
from psycopg.rows import dict_row, scalar_row
from psycopg.types.json import Jsonb

from anju_platform.errors import Conflict, NotFound
from anju_platform.storage.notify import notify
from anju_platform.storage.queries import load_queries
from anju_platform.tickets.codec import action_from_json, action_to_json
from anju_platform.tickets.models import Action, Entry, Evidence, Opened, Subject, Ticket
from anju_platform.tickets.rules import check_allowed, fold

_QUERIES = load_queries(__package__)


@dataclass(frozen=True, slots=True)
class Story:
    """A ticket with the whole log that tells it."""

    ticket: Ticket
    entries: tuple[Entry, ...]

    @property
    def subject(self) -> Subject:
        opened = self.entries[0].action
        assert isinstance(opened, Opened)
        return opened.subject

    @property
    def last_at(self) -> datetime:
        return self.entries[-1].at


def lock_asset(conn: psycopg.Connection, asset_id: int) -> None:
    """Wait for, and hold until the transaction ends, the right to write tickets of this asset.

    Who locks several assets in one transaction does so in ascending order of their ids.
    """
    conn.execute(_QUERIES["lock_asset"], {"asset_id": asset_id})


def subject_of_asset(conn: psycopg.Connection, asset_id: int) -> Subject:
    return _subject(conn, "subject_of_asset", {"asset_id": asset_id}, f"asset {asset_id}")


def subject_of_community(conn: psycopg.Connection, community_id: str) -> Subject:
    return _subject(conn, "subject_of_community", {"community_id": community_id}, f"community {community_id}")


def _subject(conn: psycopg.Connection, query: str, key: dict[str, object], what: str) -> Subject:
    with conn.cursor(row_factory=dict_row) as cur:
        row = cur.execute(_QUERIES[query], key).fetchone()
    if row is None:
        raise NotFound(f"no such {what}")
    return Subject(**row)


def asset_id_of(conn: psycopg.Connection, asset_key: str) -> int:
    """The row id of an asset; NotFound when the key names none."""
    with conn.cursor(row_factory=scalar_row) as cur:
        found: int | None = cur.execute(_QUERIES["asset_by_key"], {"key": asset_key}).fetchone()
    if found is None:
        raise NotFound(f"no such asset {asset_key}")
    return found


def related_tickets(conn: psycopg.Connection, asset_id: int, *, resolved_since: datetime) -> list[Ticket]:
    """Open tickets of an asset and those resolved since then, by id."""
    with conn.cursor(row_factory=dict_row) as cur:
        rows = cur.execute(
            _QUERIES["related_tickets"], {"asset_id": asset_id, "resolved_since": resolved_since}
        ).fetchall()
    return [msgspec.convert(row, Ticket) for row in rows]


def ticket_with_evidence(conn: psycopg.Connection, asset_id: int, evidence: Evidence) -> int | None:
    """The ticket that this very piece of evidence opened, joined or was noted on."""
    key = {"asset_id": asset_id, "kind": evidence.kind, "evidence_id": evidence.id}
    with conn.cursor(row_factory=scalar_row) as cur:
        found: int | None = cur.execute(_QUERIES["ticket_with_evidence"], key).fetchone()
    return found


def load_story(conn: psycopg.Connection, ticket_id: int) -> Story:
    """The log of a ticket and its fold; NotFound when there is no such ticket."""
    with conn.cursor(row_factory=dict_row) as cur:
        rows = cur.execute(_QUERIES["log_of_ticket"], {"ticket_id": ticket_id}).fetchall()
    if not rows:
        raise NotFound(f"no such ticket {ticket_id}")
    entries = tuple(
        Entry(row["version"], row["at"], row["actor"], action_from_json(row["action"], row["detail"])) for row in rows
    )
    return Story(fold(ticket_id, entries), entries)


def locked_story(conn: psycopg.Connection, ticket_id: int) -> Story:
    """`load_story` with the lock of the ticket's asset held, so that what it says stays true."""
    with conn.cursor(row_factory=scalar_row) as cur:
        asset_id: int | None = cur.execute(_QUERIES["asset_of_ticket"], {"ticket_id": ticket_id}).fetchone()
    if asset_id is not None:
        lock_asset(conn, asset_id)
    return load_story(conn, ticket_id)


def insert_ticket(conn: psycopg.Connection, opened: Opened, *, actor: str, at: datetime) -> Story:
    """A new ticket: its first entry and the row that it folds to."""
    with conn.cursor(row_factory=scalar_row) as cur:
        ticket_id: int | None = cur.execute(_QUERIES["next_ticket_id"]).fetchone()
    assert ticket_id is not None
    entries = (Entry(1, at, actor, opened),)
    story = Story(fold(ticket_id, entries), entries)
    conn.execute(_QUERIES["insert_ticket"], asdict(story.ticket))
    _write_entries(conn, ticket_id, entries)
    _tell(conn, story)
    return story


def append(conn: psycopg.Connection, story: Story, actions: Sequence[Action], *, actor: str, at: datetime) -> Story:
    """`story` with entries for `actions`, written with the row they fold to.

    Conflict when an action is not allowed in the ticket's state, or when someone wrote since `story` was read.
    """
    grown = story
    for action in actions:
        check_allowed(grown.ticket, action)
        entries = (*grown.entries, Entry(grown.ticket.version + 1, at, actor, action))
        grown = Story(fold(story.ticket.id, entries), entries)
    values = {**asdict(grown.ticket), "expected_version": story.ticket.version}
    if conn.execute(_QUERIES["update_ticket"], values).rowcount != 1:
        raise Conflict(f"ticket {story.ticket.id} has changed since version {story.ticket.version}; read it again")
    _write_entries(conn, story.ticket.id, grown.entries[len(story.entries) :])
    _tell(conn, grown)
    return grown


def _write_entries(conn: psycopg.Connection, ticket_id: int, entries: Sequence[Entry]) -> None:
    for entry in entries:
        name, detail = action_to_json(entry.action)
        row = {"ticket_id": ticket_id, "version": entry.version, "at": entry.at, "actor": entry.actor}
        conn.execute(_QUERIES["insert_entry"], {**row, "action": name, "detail": Jsonb(detail)})


def _tell(conn: psycopg.Connection, story: Story) -> None:
    notify(conn, story.ticket.community_id, "ticket", asset=story.subject.asset_key, id=story.ticket.id)
