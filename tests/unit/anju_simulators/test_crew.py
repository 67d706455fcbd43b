"""When a simulated crew takes a ticket, and which."""

from datetime import UTC, datetime, timedelta

from anju_simulators.devices.crew import CrewPolicy, assign, is_due
from anju_simulators.devices.platform_api import Ticket

NOON = datetime(2026, 1, 5, 4, tzinfo=UTC)
"""Noon on the community's clock."""
MIDNIGHT = NOON + timedelta(hours=12)
POLICY = CrewPolicy(technicians=("li", "wang"))


def ticket(
    number: int, *, priority: str = "normal", hours_ago: float = 5, asset: str | None = "jinxiu:lift-01"
) -> Ticket:
    opened_at = NOON - timedelta(hours=hours_ago)
    return Ticket(number, "new", "alarm", priority, asset, None, opened_at)


def test_a_ticket_is_left_to_the_person_at_the_page_for_some_real_seconds() -> None:
    assert not is_due(ticket(1), POLICY, now=NOON, seen_for_s=1.0)
    assert is_due(ticket(1), POLICY, now=NOON, seen_for_s=3.0)


def test_outside_the_shift_only_urgent_tickets_are_taken() -> None:
    assert not is_due(ticket(1), POLICY, now=MIDNIGHT, seen_for_s=9.0)
    assert is_due(ticket(1, priority="urgent"), POLICY, now=MIDNIGHT, seen_for_s=9.0)


def test_a_crew_needs_time_to_respond() -> None:
    assert not is_due(ticket(1, hours_ago=0.5), POLICY, now=NOON, seen_for_s=9.0)
    assert is_due(ticket(1, priority="urgent", hours_ago=0.5), POLICY, now=NOON, seen_for_s=9.0)


def test_a_matter_of_the_whole_community_is_nothing_for_a_technician() -> None:
    assert not is_due(ticket(1, asset=None), POLICY, now=NOON, seen_for_s=9.0)


def test_urgent_tickets_go_first_then_the_oldest_as_far_as_technicians_are_free() -> None:
    waiting = [ticket(1, hours_ago=3), ticket(2, hours_ago=9), ticket(3, priority="urgent", hours_ago=1)]
    seen = dict.fromkeys((1, 2, 3), 9.0)
    both = assign(waiting, POLICY, busy=(), seen_for_s=seen, now=NOON)
    assert [(job.ticket.id, job.technician) for job in both] == [(3, "li"), (2, "wang")]
    one = assign(waiting, POLICY, busy={"li"}, seen_for_s=seen, now=NOON)
    assert [(job.ticket.id, job.technician) for job in one] == [(3, "wang")]


def test_the_work_is_done_after_travel_and_work() -> None:
    (job,) = assign([ticket(1)], POLICY, busy=(), seen_for_s={1: 9.0}, now=NOON)
    assert job.done_at == NOON + POLICY.travel + POLICY.work
