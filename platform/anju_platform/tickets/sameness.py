"""One problem, one ticket: where a new piece of evidence belongs. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from anju_platform.tickets.models import Evidence, Priority, Ticket

LINKED_FOR: Final = timedelta(days=30)
"""A ticket of a problem that was resolved at most this long ago is named as the previous one."""


@dataclass(frozen=True, slots=True)
class OpenNew:
    previous_id: int | None


@dataclass(frozen=True, slots=True)
class JoinTo:
    ticket: Ticket


@dataclass(frozen=True, slots=True)
class NoteOn:
    """The evidence came late: it speaks of what a visit has dealt with since."""

    ticket: Ticket


Placement = OpenNew | JoinTo | NoteOn


def same_problem(component: str | None, other: str | None) -> bool:
    """Of one asset: the same component, or one of the two not known."""
    return component is None or other is None or component == other


def place(evidence: Evidence, tickets: Sequence[Ticket]) -> Placement:
    """Where `evidence` about an asset belongs among the asset's `tickets`, open or resolved."""
    related = [ticket for ticket in tickets if same_problem(ticket.component, evidence.component)]
    dealt_with = [ticket for ticket in related if _was_dealt_with(evidence, ticket)]
    if dealt_with:
        return NoteOn(max(dealt_with, key=_resolution))
    open_ones = [ticket for ticket in related if ticket.is_open]
    if open_ones:
        return JoinTo(most_urgent(open_ones))
    resolved = [ticket for ticket in related if _is_recent(ticket, evidence)]
    return OpenNew(max(resolved, key=_resolution).id if resolved else None)


def most_urgent(tickets: Sequence[Ticket]) -> Ticket:
    """The ticket that a report without component joins: whoever goes there first sees to it as well.

    Equal in priority, one with an engineer on it comes first, then the oldest.
    """
    return min(tickets, key=lambda one: (-one.priority.rank, one.accepted_at is None, one.opened_at, one.id))


def _was_dealt_with(evidence: Evidence, ticket: Ticket) -> bool:
    """True for evidence from before the visit. Danger is noted only where the component is surely the same."""
    if ticket.resolved_at is None or evidence.at > ticket.resolved_at:
        return False
    sure = evidence.component is not None and evidence.component == ticket.component
    return sure or evidence.priority is not Priority.URGENT


def _is_recent(ticket: Ticket, evidence: Evidence) -> bool:
    return ticket.resolved_at is not None and evidence.at - ticket.resolved_at <= LINKED_FOR


def _resolution(ticket: Ticket) -> tuple[str, int]:
    assert ticket.resolved_at is not None
    return ticket.resolved_at.isoformat(), ticket.id
