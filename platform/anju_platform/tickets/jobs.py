"""Work on tickets that follows event time: alarms that have held, tickets that lapse, tickets nobody objected to."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import psycopg
from psycopg.rows import dict_row, scalar_row

from anju_contracts.event import EventState
from anju_platform.jobs import Job, JobContext
from anju_platform.storage.queries import load_queries
from anju_platform.tickets import store
from anju_platform.tickets.alarms import AlarmTable, alarm_table
from anju_platform.tickets.evidence import event_evidence
from anju_platform.tickets.intake import take
from anju_platform.tickets.models import SYSTEM, Closed, CloseReason, State, Ticket
from anju_platform.tickets.sameness import same_problem

_QUERIES = load_queries(__package__)
AUTO_CLOSE_AFTER: Final = timedelta(hours=72)
"""A resolution that nobody objected to for so long stands."""


@dataclass(frozen=True, slots=True)
class HeldAlarm:
    """A raise, and its clear where that is known; `repaired` are the components that were worked on since then."""

    event_id: int
    asset_id: int
    asset_kind: str
    code: str
    severity: str
    at: datetime
    value: float | None
    cleared_at: datetime | None
    repaired: list[str]


def ripe_at(alarm: HeldAlarm, table: AlarmTable) -> datetime | None:
    """When the alarm has held long enough for a ticket; None when it never opens one, cleared in time, or was seen to
    since. One that cleared later gets its ticket all the same: had it come in time, it would have one."""
    rule = table.rule(alarm.asset_kind, alarm.code, alarm.severity)
    component = table.component(alarm.asset_kind, alarm.code)
    if not rule.opens or any(same_problem(component, repaired) for repaired in alarm.repaired):
        return None
    ripe = alarm.at + rule.hold
    return None if alarm.cleared_at is not None and alarm.cleared_at < ripe else ripe


def open_held_alarms(context: JobContext) -> dict[str, object]:
    """Give a ticket to every alarm that has held as long as its row of the alarm table asks."""
    table = alarm_table()
    with context.pool.connection() as conn:
        held = _held_alarms(conn, table, as_of=context.as_of)
    ripe = [(at, alarm) for alarm in held if (at := ripe_at(alarm, table)) is not None and at <= context.as_of]
    for at, alarm in sorted(ripe, key=lambda pair: (pair[0], pair[1].at, pair[1].code)):
        with context.pool.connection() as conn:
            _take(conn, alarm, at=at, now=context.as_of)
    return {"held": len(held), "taken": len(ripe)}


def _held_alarms(conn: psycopg.Connection, table: AlarmTable, *, as_of: datetime) -> list[HeldAlarm]:
    span = {"since": as_of - table.too_old, "as_of": as_of, "least_hold": table.least_hold}
    with conn.cursor(row_factory=dict_row) as cur:
        rows = cur.execute(_QUERIES["held_alarms"], span).fetchall()
    return [HeldAlarm(**row) for row in rows]


def _take(conn: psycopg.Connection, alarm: HeldAlarm, *, at: datetime, now: datetime) -> Ticket:
    evidence = event_evidence(
        alarm.asset_kind,
        alarm.event_id,
        code=alarm.code,
        severity=alarm.severity,
        state=EventState.RAISE,
        at=alarm.at,
        value=alarm.value,
    )
    return take(conn, store.subject_of_asset(conn, alarm.asset_id), evidence, now=now, at=at)


def sweep(context: JobContext) -> dict[str, object]:
    """Let proactive tickets lapse that nobody took on in time, and close what was resolved and not objected to."""
    lapsed = [_close(context, ticket_id, CloseReason.LAPSED) for ticket_id in _ids(context, "tickets_to_lapse")]
    closed = [_close(context, ticket_id, CloseReason.AUTO) for ticket_id in _ids(context, "tickets_to_close")]
    return {"lapsed": sum(lapsed), "closed": sum(closed)}


def _ids(context: JobContext, query: str) -> list[int]:
    values = {"as_of": context.as_of, "resolved_until": context.as_of - AUTO_CLOSE_AFTER}
    with context.pool.connection() as conn, conn.cursor(row_factory=scalar_row) as cur:
        return cur.execute(_QUERIES[query], values).fetchall()


def _close(context: JobContext, ticket_id: int, reason: CloseReason) -> bool:
    """Close it as of the moment it was due, unless someone did something with it meanwhile."""
    with context.pool.connection() as conn:
        story = store.locked_story(conn, ticket_id)
        due = _due(story.ticket, reason)
        if due is None or due > context.as_of:
            return False
        store.append(conn, story, [Closed(reason)], actor=SYSTEM, at=max(due, story.last_at))
        return True


def _due(ticket: Ticket, reason: CloseReason) -> datetime | None:
    if reason is CloseReason.LAPSED:
        return ticket.expires_at if ticket.state is State.NEW else None
    if ticket.state is not State.RESOLVED or ticket.resolved_at is None:
        return None
    return ticket.resolved_at + AUTO_CLOSE_AFTER


JOBS: Final = (
    Job("held-alarms", timedelta(minutes=5), open_held_alarms),
    Job("sweep", timedelta(hours=1), sweep),
)
