"""A breach, a prediction and a complaint about the same thing meet in one ticket, in whatever order they come."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import permutations

import pytest

from anju_contracts.codes import Severity
from anju_contracts.event import Event, EventState
from anju_platform.tickets.intake import StoredEvent, from_events
from anju_platform.tickets.models import CloseReason, EvidenceKind, Finding, Origin, Priority, State
from anju_platform.tickets.rules import evidence_of

from .conftest import START, Community

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.mark.parametrize("order", list(permutations(("event", "prediction", "complaint"))))
def test_an_alarm_a_prediction_and_a_complaint_about_one_thing_meet_in_any_order(
    community: Community, order: tuple[str, ...]
) -> None:
    community.add("lift-01")
    reports = {
        "event": lambda: community.happen("lift-01", "lift.overspeed", community.now - 2 * HOUR),
        "prediction": lambda: community.foresee("lift-01", "drive", community.now - 5 * HOUR),
        "complaint": lambda: community.complain("lift-01", "noise", community.now - HOUR),
    }
    for name in order:
        reports[name]()
    (ticket,) = community.tickets("lift-01")
    assert (ticket.component, ticket.priority) == ("drive", Priority.URGENT)
    assert ticket.expires_at is None
    assert ticket.title_zh == "设备lift-01 · 变频器：超速"
    assert ticket.title_en == "Unit lift-01 · drive: overspeed"
    assert {one.kind for one in evidence_of(community.story(ticket.id).entries)} == {
        EvidenceKind.EVENT,
        EvidenceKind.PREDICTION,
        EvidenceKind.COMPLAINT,
    }
    community.check_rows_are_folds()


def test_many_reports_of_one_problem_at_once_make_one_ticket(community: Community) -> None:
    community.add("lift-01")
    at = community.now - HOUR

    def tell(number: int) -> None:
        if number % 3 == 0:
            community.happen("lift-01", "lift.trapped_level", at + timedelta(seconds=number))
        elif number % 3 == 1:
            community.complain("lift-01", "trapped", at + timedelta(seconds=number))
        else:
            community.foresee("lift-01", "brake", at - timedelta(seconds=number))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(tell, range(36)))
    (ticket,) = community.tickets("lift-01")
    assert len(evidence_of(community.story(ticket.id).entries)) == 36
    assert (ticket.component, ticket.priority) == ("brake", Priority.URGENT)
    community.check_rows_are_folds()


def test_reports_about_different_components_are_different_problems(community: Community) -> None:
    community.add("lift-01")
    for code in ("lift.overspeed", "lift.overtravel_pit"):
        community.happen("lift-01", code, community.now - HOUR)
    assert [ticket.component for ticket in community.tickets("lift-01")] == ["drive", "brake"]


def test_a_report_without_component_joins_the_most_urgent_of_several(community: Community) -> None:
    community.add("lift-01")
    community.foresee("lift-01", "guide_shoe", community.now - 9 * HOUR)
    urgent = community.happen("lift-01", "lift.overspeed", community.now - 8 * HOUR)
    community.foresee("lift-01", "controller", community.now - 7 * HOUR)
    assert [community.complain("lift-01", "noise", community.now - HOUR).ticket.id] == urgent


def test_of_two_equally_urgent_the_one_with_an_engineer_on_it_is_joined(community: Community) -> None:
    community.add("lift-01")
    community.foresee("lift-01", "guide_shoe", community.now - 9 * HOUR)
    taken = community.foresee("lift-01", "drive", community.now - 8 * HOUR)
    community.accept(taken.id, community.now - 2 * HOUR)
    assert community.complain("lift-01", "noise", community.now - HOUR).ticket.id == taken.id


def test_an_acute_alarm_makes_a_waiting_ticket_urgent_and_the_log_says_so(community: Community) -> None:
    community.add("lift-01")
    ticket = community.foresee("lift-01", "controller", community.now - 9 * HOUR)
    community.happen("lift-01", "lift.trapped_off_level", community.now - HOUR)
    log = community.rows("SELECT action, detail, at FROM ticket_log WHERE ticket_id = %s ORDER BY version", ticket.id)
    assert [entry["action"] for entry in log] == ["opened", "joined", "escalated"]
    assert log[2]["detail"] == {
        "priority": "urgent",
        "why": "normal -> urgent: passenger trapped between levels",
    }
    assert log[1]["at"] == log[2]["at"] == community.now - HOUR


def test_a_complaint_after_the_resolution_opens_a_new_ticket_that_names_the_former(community: Community) -> None:
    community.add("lift-01")
    first = community.complain("lift-01", "door_problem", community.now - 50 * HOUR).ticket
    community.serve(first.id, community.now - 48 * HOUR)
    second = community.complain("lift-01", "noise", community.now - HOUR).ticket
    assert second.id != first.id
    assert (second.previous_id, second.state) == (first.id, State.NEW)
    assert community.story(first.id).ticket.state is State.RESOLVED


def test_a_problem_long_solved_is_not_the_previous_one(community: Community) -> None:
    community.add("lift-01")
    first = community.complain("lift-01", "door_problem", community.now - 60 * DAY).ticket
    community.serve(first.id, community.now - 59 * DAY)
    assert community.complain("lift-01", "noise", community.now).ticket.previous_id is None


def test_what_happened_before_the_visit_and_is_told_after_it_is_only_noted(community: Community) -> None:
    community.add("lift-01")
    ticket = community.complain("lift-01", "door_problem", community.now - 9 * HOUR).ticket
    community.serve(ticket.id, community.now - 5 * HOUR)
    late = community.complain("lift-01", "noise", community.now - 6 * HOUR)
    assert late.ticket.id == ticket.id
    assert [entry.at for entry in community.story(ticket.id).entries][-1] == community.now - 4 * HOUR
    assert len(community.tickets("lift-01")) == 1
    community.check_rows_are_folds()


def test_danger_told_late_is_noted_only_where_the_same_component_was_seen_to(community: Community) -> None:
    community.add("lift-01")
    ticket = community.complain("lift-01", "door_problem", community.now - 9 * HOUR).ticket
    community.serve(ticket.id, community.now - 5 * HOUR)
    other = community.happen("lift-01", "lift.trapped_level", community.now - 6 * HOUR)
    assert other != [ticket.id]
    served = community.happen("lift-01", "lift.overspeed", community.now - 4 * HOUR)
    community.serve(served[0], community.now - 2 * HOUR)
    community.live = True
    assert community.happen("lift-01", "lift.overspeed", community.now - 3 * HOUR) == served


def test_the_same_piece_of_evidence_is_taken_once(community: Community) -> None:
    community.add("lift-01")
    first = community.foresee("lift-01", "brake", community.now - HOUR)
    community.requests = iter([1])
    again = community.foresee("lift-01", "brake", community.now - HOUR)
    assert again == first
    assert again.version == 1


def test_what_is_far_too_old_opens_nothing(community: Community) -> None:
    community.add("lift-01")
    community.live = True
    assert community.happen("lift-01", "lift.trapped_level", community.now - 4 * DAY) == []


def test_a_minor_or_unknown_code_opens_nothing_and_an_unknown_critical_one_does(community: Community) -> None:
    community.add("lift-01")
    assert community.happen("lift-01", "lift.door_close_fault", START) == []
    assert community.happen("lift-01", "acme.odd", START) == []
    assert len(community.happen("lift-01", "acme.fire", START, severity=Severity.CRITICAL)) == 1
    (ticket,) = community.tickets("lift-01")
    assert (ticket.origin, ticket.priority, ticket.component) == (Origin.ALARM, Priority.URGENT, None)
    assert ticket.title_en == "Unit lift-01: acme.fire"


def test_a_clear_is_noted_once_and_closes_nothing(community: Community) -> None:
    community.add("lift-01")
    opened = community.happen("lift-01", "lift.overspeed", START)
    assert community.happen("lift-01", "lift.trapped_level", START + HOUR, EventState.CLEAR) == []
    assert community.happen("lift-01", "lift.overspeed", START + 2 * HOUR, EventState.CLEAR) == opened
    story = community.story(opened[0])
    assert story.ticket.state is State.NEW
    log = community.rows("SELECT action, detail FROM ticket_log ORDER BY version")
    assert log[-1]["action"] == "noted"
    assert log[-1]["detail"]["text"] == "the alarm cleared"


def test_a_raise_and_its_clear_that_arrive_together_open_a_ticket_with_a_note(community: Community) -> None:
    asset = community.add("lift-01")
    at = community.now - HOUR
    rows = community.rows(
        "INSERT INTO event (asset_id, at, code, state, severity, received_at) VALUES"
        " (%s, %s, 'lift.overspeed', 'raise', 'critical', %s), (%s, %s, 'lift.overspeed', 'clear', 'critical', %s),"
        " (%s, %s, 'lift.tilt', 'clear', 'major', %s) RETURNING id, code, state, at",
        *(asset, at, at, asset, at + timedelta(minutes=1), at, asset, at, at),
    )
    stored = [
        StoredEvent(row["id"], asset, Event("lift-01", row["code"], row["at"], EventState(row["state"])))
        for row in rows
    ]
    with community.pool.connection() as conn:
        assert len(from_events(conn, reversed(stored), now=community.now)) == 2
    (ticket,) = community.tickets("lift-01")
    assert [type(entry.action).__name__ for entry in community.story(ticket.id).entries] == ["Opened", "Noted"]


def test_a_withdrawn_ticket_does_not_swallow_a_later_report(community: Community) -> None:
    community.add("lift-01")
    first = community.foresee("lift-01", "brake", community.now - 9 * HOUR)
    community.close(first.id, CloseReason.WITHDRAWN, community.now - 8 * HOUR)
    second = community.complain("lift-01", "noise", community.now - HOUR).ticket
    assert second.id != first.id
    assert second.previous_id is None


def test_a_finding_of_nothing_still_names_the_former_ticket(community: Community) -> None:
    community.add("lift-01")
    first = community.complain("lift-01", "noise", community.now - 50 * HOUR).ticket
    community.serve(first.id, community.now - 48 * HOUR, Finding.NOTHING_FOUND)
    assert community.complain("lift-01", "door_problem", community.now).ticket.previous_id == first.id
