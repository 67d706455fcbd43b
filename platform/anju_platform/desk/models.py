"""Typed records of what residents report."""

from dataclasses import dataclass
from datetime import datetime

from anju_platform.tickets.models import Ticket


@dataclass(frozen=True, slots=True)
class Complaint:
    """A row of complaint. `request_id` is the client's own, so that a repeated report is stored once."""

    id: int
    community_id: str
    asset_id: int | None
    at: datetime
    category: str
    text: str
    channel: str
    ticket_id: int | None
    request_id: str | None


@dataclass(frozen=True, slots=True)
class Reported:
    """`repeated` is True where the same request had been taken before."""

    complaint: Complaint
    ticket: Ticket
    repeated: bool
