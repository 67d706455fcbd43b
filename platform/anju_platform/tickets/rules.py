"""What may happen to a ticket, and what its row is after it did. Pure: time and records come as arguments."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, TypeVar

from anju_contracts.kinds import is_safety_relevant
from anju_platform.errors import Conflict, Invalid
from anju_platform.tickets.models import (
    Accepted,
    Action,
    Closed,
    CloseReason,
    Entry,
    Escalated,
    Evidence,
    EvidenceKind,
    Joined,
    Noted,
    Opened,
    Origin,
    Priority,
    Resolved,
    State,
    Ticket,
)
from anju_platform.tickets.titles import ticket_title

A = TypeVar("A")

AFTER_RESOLUTION: Final = frozenset({CloseReason.DONE, CloseReason.AUTO})
"""The reasons to close a resolved ticket; all others end one that was not resolved."""

ALLOWED: Final = MappingProxyType(
    {
        State.NEW: (Joined, Escalated, Noted, Accepted, Closed),
        State.ACCEPTED: (Joined, Escalated, Noted, Resolved, Closed),
        State.RESOLVED: (Noted, Closed),
        State.CLOSED: (Noted,),
    }
)
ACTION_NAMES: Final[dict[type[Any], str]] = {
    Opened: "opened",
    Joined: "joined",
    Escalated: "escalated",
    Accepted: "accepted",
    Resolved: "resolved",
    Closed: "closed",
    Noted: "noted",
}
_VERBS: Final[dict[type[Any], str]] = {Accepted: "accept", Resolved: "resolve", Closed: "close", Noted: "note"}


def fold(ticket_id: int, entries: Sequence[Entry]) -> Ticket:
    """The ticket that its log tells: entries in order of version, the first of them `Opened`."""
    first = entries[0]
    if not isinstance(first.action, Opened):
        raise TypeError(f"ticket {ticket_id}: the log begins with {ACTION_NAMES[type(first.action)]}, not opened")
    ticket = _opened(ticket_id, first, first.action)
    for entry in entries[1:]:
        step = _STEPS[type(entry.action)]
        ticket = replace(step(ticket, entry), version=entry.version)
    title = ticket_title(first.action.subject, ticket.component, evidence_of(entries))
    return replace(ticket, title_zh=title.zh, title_en=title.en)


def _opened(ticket_id: int, entry: Entry, action: Opened) -> Ticket:
    return Ticket(
        id=ticket_id,
        community_id=action.subject.community_id,
        asset_id=action.subject.asset_id,
        component=action.evidence.component,
        origin=action.origin,
        state=State.NEW,
        priority=action.priority,
        title_zh="",
        title_en="",
        opened_at=entry.at,
        expires_at=action.expires_at,
        version=entry.version,
        previous_id=action.previous_id,
    )


def _joined(ticket: Ticket, entry: Entry) -> Ticket:
    """An unknown component is learned; a report takes the expiry away, for the problem is there now. Of two alarms
    the earlier one opens the ticket, whichever came first: nobody has touched it yet."""
    action = _as(Joined, entry)
    evidence = action.evidence
    opens = evidence.kind is EvidenceKind.EVENT and ticket.origin is Origin.ALARM and ticket.state is State.NEW
    return replace(
        ticket,
        opened_at=min(ticket.opened_at, action.since or ticket.opened_at) if opens else ticket.opened_at,
        component=ticket.component or evidence.component,
        expires_at=None if evidence.is_report else ticket.expires_at,
    )


def _escalated(ticket: Ticket, entry: Entry) -> Ticket:
    return replace(ticket, priority=_as(Escalated, entry).priority)


def _accepted(ticket: Ticket, entry: Entry) -> Ticket:
    return replace(ticket, state=State.ACCEPTED, accepted_at=entry.at, assignee=entry.actor)


def _resolved(ticket: Ticket, entry: Entry) -> Ticket:
    action = _as(Resolved, entry)
    return replace(
        ticket,
        state=State.RESOLVED,
        resolved_at=entry.at,
        finding=action.finding,
        component=ticket.component or action.component,
    )


def _closed(ticket: Ticket, entry: Entry) -> Ticket:
    return replace(ticket, state=State.CLOSED, closed_at=entry.at, close_reason=_as(Closed, entry).reason)


def _noted(ticket: Ticket, entry: Entry) -> Ticket:
    return ticket


_STEPS: Final[dict[type[Any], Callable[[Ticket, Entry], Ticket]]] = {
    Joined: _joined,
    Escalated: _escalated,
    Accepted: _accepted,
    Resolved: _resolved,
    Closed: _closed,
    Noted: _noted,
}


def _as(kind: type[A], entry: Entry) -> A:
    assert isinstance(entry.action, kind)
    return entry.action


def evidence_of(entries: Sequence[Entry]) -> list[Evidence]:
    """What opened and joined the ticket, in that order; late evidence that was only noted is not among it."""
    return [entry.action.evidence for entry in entries if isinstance(entry.action, Opened | Joined)]


def check_allowed(ticket: Ticket, action: Action) -> None:
    """Conflict says what the state is and what is allowed in it."""
    if type(action) not in ALLOWED[ticket.state]:
        allowed = ", ".join(_VERBS[kind] for kind in ALLOWED[ticket.state] if kind in _VERBS)
        verb = _VERBS.get(type(action), ACTION_NAMES[type(action)])
        raise Conflict(f"ticket {ticket.id} is {ticket.state}: {verb} is not allowed, but {allowed}")
    if isinstance(action, Closed):
        resolved = ticket.state is State.RESOLVED
        if (action.reason in AFTER_RESOLUTION) != resolved:
            allowed = ", ".join(r for r in CloseReason if (r in AFTER_RESOLUTION) == resolved)
            raise Conflict(
                f"ticket {ticket.id} is {ticket.state}: it can't close as {action.reason}, only as {allowed}"
            )


def check_moment(at: datetime, *, last_at: datetime, now: datetime) -> datetime:
    """`at` itself when it is neither before the last entry nor in the future; Invalid otherwise."""
    if at.tzinfo is None:
        raise Invalid("at", at.isoformat(), "a time with a zone")
    if at < last_at:
        raise Invalid("at", at.isoformat(), f"not before the last entry of the ticket, {last_at.isoformat()}")
    if at > now:
        raise Invalid("at", at.isoformat(), f"not later than now, {now.isoformat()}")
    return at


def priority_for(evidence: Evidence, *, kind: str, component: str | None) -> Priority:
    """What the evidence asks for; at least high where the part is relevant to safety."""
    if component and is_safety_relevant(kind, component):
        return max(evidence.priority, Priority.HIGH, key=lambda priority: priority.rank)
    return evidence.priority


def escalation(ticket: Ticket, evidence: Evidence, *, kind: str) -> Escalated | None:
    """What joining `evidence` does to the priority of `ticket`: it can only rise."""
    wanted = priority_for(evidence, kind=kind, component=ticket.component or evidence.component)
    if wanted.rank <= ticket.priority.rank:
        return None
    return Escalated(wanted, f"{ticket.priority} -> {wanted}: {evidence.label_en}")
