"""What a simulated crew decides: which new ticket to take and when its technician is there. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from anju_simulators.devices.platform_api import Ticket

LOCAL = timezone(timedelta(hours=8))
"""The community's clock (Asia/Shanghai, no daylight saving)."""
_RANK = {"urgent": 0, "high": 1, "normal": 2, "low": 3}


@dataclass(frozen=True, slots=True)
class CrewPolicy:
    """How a crew works. Times but `watch_s` are data time.

    Urgent tickets are taken at any hour; the others from `shift_from_h` to `shift_to_h` on the local clock.
    `watch_s` real seconds are left to a person at the page to take a ticket before the crew does.
    """

    technicians: tuple[str, ...] = ("wang-jian", "li-na", "zhao-min")
    urgent_after: timedelta = timedelta(minutes=5)
    others_after: timedelta = timedelta(hours=1)
    travel: timedelta = timedelta(minutes=30)
    work: timedelta = timedelta(hours=1)
    shift_from_h: int = 8
    shift_to_h: int = 20
    watch_s: float = 3.0


@dataclass(frozen=True, slots=True)
class Job:
    """A ticket that `technician` accepted; the work is done at `done_at`."""

    ticket: Ticket
    technician: str
    done_at: datetime


def is_due(ticket: Ticket, policy: CrewPolicy, *, now: datetime, seen_for_s: float) -> bool:
    """Whether the crew would take this new ticket now, given a free technician."""
    if ticket.asset is None or seen_for_s < policy.watch_s:
        return False
    urgent = ticket.priority == "urgent"
    waited = now - ticket.opened_at
    on_shift = policy.shift_from_h <= now.astimezone(LOCAL).hour < policy.shift_to_h
    return waited >= (policy.urgent_after if urgent else policy.others_after) and (urgent or on_shift)


def assign(
    tickets: Iterable[Ticket],
    policy: CrewPolicy,
    *,
    busy: Collection[str],
    seen_for_s: Mapping[int, float],
    now: datetime,
) -> list[Job]:
    """Jobs for the free technicians, most urgent and oldest first."""
    free = [name for name in policy.technicians if name not in busy]
    due = [ticket for ticket in tickets if is_due(ticket, policy, now=now, seen_for_s=seen_for_s.get(ticket.id, 0.0))]
    due.sort(key=lambda ticket: (_RANK.get(ticket.priority, 9), ticket.opened_at, ticket.id))
    done_at = now.astimezone(UTC) + policy.travel + policy.work
    return [Job(ticket, technician, done_at) for ticket, technician in zip(due, free, strict=False)]
