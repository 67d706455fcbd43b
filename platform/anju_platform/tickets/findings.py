"""What a visit's finding means for the repair history. Pure."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final

from anju_contracts.names import EXPECTED_NAME, is_name
from anju_platform.errors import Invalid
from anju_platform.tickets.models import Entry, EvidenceKind, Finding, Resolved, Ticket
from anju_platform.tickets.rules import evidence_of

CORRECTIVE: Final = "corrective"
PREVENTIVE: Final = "preventive"


def check_resolution(ticket: Ticket, done: Resolved) -> Resolved:
    """`done` with the component filled in from the ticket where it wasn't said; Invalid where they don't agree."""
    if done.component is not None and not is_name(done.component):
        raise Invalid("component", done.component, EXPECTED_NAME)
    if done.finding is Finding.NOTHING_FOUND:
        return replace(done, component=done.component or ticket.component)
    if done.finding is Finding.OTHER_FAULT:
        if done.component is None or done.component == ticket.component:
            raise Invalid("component", done.component, "the part that had the fault, other than the ticket's own")
        return done
    if ticket.component is not None and done.component not in (None, ticket.component):
        raise Invalid("component", done.component, f"{ticket.component}, or other_fault as the finding")
    component = done.component or ticket.component
    if component is None:
        raise Invalid("component", None, "the part that had the fault; the ticket doesn't know it")
    return replace(done, component=component)


@dataclass(frozen=True, slots=True)
class Repair:
    """A row of the repair history, as EVALUATION defines it."""

    asset_id: int
    opened_at: datetime
    closed_at: datetime
    component: str
    action: str
    cause: str
    fault_code: str | None
    fault_found: bool
    ticket_id: int


def repair_of(ticket: Ticket, done: Resolved, entries: Sequence[Entry]) -> dict[str, Any] | None:
    """The repair that a resolved ticket tells; None where there is no asset or no component to book it on.

    It begins with the first report of the fault (that is the onset of a failure); where nobody reported one,
    with the engineer's coming: a ticket that only foresaw something is no failure from the day it was opened.
    """
    if ticket.asset_id is None or done.component is None:
        return None
    assert ticket.resolved_at is not None
    assert ticket.accepted_at is not None
    reports = [one for one in evidence_of(entries) if one.is_report]
    codes = [one.data.get("code") for one in reports if one.kind is EvidenceKind.EVENT]
    return asdict(
        Repair(
            asset_id=ticket.asset_id,
            opened_at=min([one.at for one in reports], default=ticket.accepted_at),
            closed_at=ticket.resolved_at,
            component=done.component,
            action=done.action,
            cause=cause_of(done.finding, reported=bool(reports)),
            fault_code=codes[0] if codes else None,
            fault_found=done.finding is not Finding.NOTHING_FOUND,
            ticket_id=ticket.id,
        )
    )


def cause_of(finding: Finding, *, reported: bool) -> str:
    """Corrective: the fault was there (confirmed, or someone or something reported it). Worn is prevention."""
    if finding is Finding.CONFIRMED:
        return CORRECTIVE
    if finding is Finding.WORN:
        return PREVENTIVE
    return CORRECTIVE if reported else PREVENTIVE
