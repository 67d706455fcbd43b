"""New, accepted, resolved with a finding, closed: who did it, when and why, and what the repair history learns."""

from datetime import timedelta

import psycopg
import pytest

from anju_platform.errors import Conflict, Invalid, NotFound
from anju_platform.tickets import service
from anju_platform.tickets.jobs import sweep
from anju_platform.tickets.models import CloseReason, Finding, RepairAction, State

from .conftest import Community

HOUR = timedelta(hours=1)
REPAIR = "SELECT opened_at, closed_at, component, action, cause, fault_code, fault_found, ticket_id FROM repair"


def test_a_ticket_goes_from_new_to_closed_and_its_log_tells_who_and_when(community: Community) -> None:
    community.add("lift-01")
    now = community.now
    ticket = community.complain("lift-01", "door_problem", now - 9 * HOUR).ticket
    community.accept(ticket.id, now - 8 * HOUR, actor="wang")
    community.resolve(ticket.id, now - 6 * HOUR)
    closed = community.close(ticket.id, None, now - HOUR)
    assert (closed.state, closed.assignee, closed.finding) == (State.CLOSED, "wang", Finding.CONFIRMED)
    assert (closed.accepted_at, closed.resolved_at, closed.closed_at) == (
        now - 8 * HOUR,
        now - 6 * HOUR,
        now - HOUR,
    )
    assert closed.close_reason is CloseReason.DONE
    log = community.rows("SELECT version, at, actor, action FROM ticket_log ORDER BY version")
    assert [tuple(entry.values()) for entry in log] == [
        (1, now - 9 * HOUR, "system", "opened"),
        (2, now - 8 * HOUR, "wang", "accepted"),
        (3, now - 6 * HOUR, "wang", "resolved"),
        (4, now - HOUR, "li", "closed"),
    ]
    community.check_rows_are_folds()


def test_a_confirmed_complaint_is_a_corrective_repair_from_the_first_report_on(community: Community) -> None:
    community.add("lift-01")
    now = community.now
    ticket = community.complain("lift-01", "noise", now - 7 * HOUR).ticket
    community.happen("lift-01", "lift.overspeed", now - 8 * HOUR)
    community.serve(ticket.id, now - 5 * HOUR)
    assert community.rows(REPAIR) == [
        {
            "opened_at": now - 8 * HOUR,
            "closed_at": now - 4 * HOUR,
            "component": "drive",
            "action": "replace",
            "cause": "corrective",
            "fault_code": "lift.overspeed",
            "fault_found": True,
            "ticket_id": ticket.id,
        }
    ]


def test_a_worn_part_replaced_in_time_is_a_preventive_repair_from_the_visit_on(community: Community) -> None:
    community.add("lift-01")
    now = community.now
    ticket = community.foresee("lift-01", "brake", now - 200 * HOUR)
    community.serve(ticket.id, now - 5 * HOUR, Finding.WORN)
    (repair,) = community.rows(REPAIR)
    assert (repair["opened_at"], repair["cause"], repair["fault_found"]) == (now - 5 * HOUR, "preventive", True)


@pytest.mark.parametrize(
    ("reported", "finding", "component", "expected"),
    [
        (True, Finding.NOTHING_FOUND, None, ("brake", "corrective", False)),
        (False, Finding.NOTHING_FOUND, None, ("brake", "preventive", False)),
        (False, Finding.CONFIRMED, "brake", ("brake", "corrective", True)),
        (True, Finding.OTHER_FAULT, "drive", ("drive", "corrective", True)),
        (False, Finding.OTHER_FAULT, "drive", ("drive", "preventive", True)),
        (True, Finding.WORN, None, ("brake", "preventive", True)),
    ],
)
def test_the_finding_decides_what_the_repair_history_learns(
    community: Community, reported: bool, finding: Finding, component: str | None, expected: tuple[str, str, bool]
) -> None:
    community.add("lift-01")
    ticket = community.foresee("lift-01", "brake", community.now - 20 * HOUR)
    if reported:
        community.complain("lift-01", "noise", community.now - 10 * HOUR)
    community.serve(ticket.id, community.now - 5 * HOUR, finding, component=component)
    (repair,) = community.rows(REPAIR)
    assert (repair["component"], repair["cause"], repair["fault_found"]) == expected
    assert community.story(ticket.id).ticket.component == "brake"


def test_a_ticket_that_names_no_component_learns_it_from_the_finding(community: Community) -> None:
    community.add("lift-01")
    ticket = community.complain("lift-01", "noise", community.now - 9 * HOUR).ticket
    community.accept(ticket.id, community.now - 8 * HOUR)
    with pytest.raises(Invalid, match="component: got None, expected the part that had the fault"):
        community.resolve(ticket.id, community.now - 7 * HOUR)
    resolved = community.resolve(ticket.id, community.now - 7 * HOUR, component="guide_shoe")
    assert (resolved.component, resolved.title_en) == ("guide_shoe", "Unit lift-01 · guide shoe: strange noise")
    community.check_rows_are_folds()


def test_a_visit_that_finds_nothing_and_has_no_component_leaves_no_repair(community: Community) -> None:
    community.add("lift-01")
    ticket = community.complain("lift-01", "noise", community.now - 9 * HOUR).ticket
    assert community.serve(ticket.id, community.now - 5 * HOUR, Finding.NOTHING_FOUND).state is State.RESOLVED
    assert community.rows(REPAIR) == []


@pytest.mark.parametrize(
    ("finding", "component", "expected"),
    [
        (Finding.CONFIRMED, "drive", "brake, or other_fault"),
        (Finding.OTHER_FAULT, "brake", "other than the ticket's own"),
        (Finding.OTHER_FAULT, None, "other than the ticket's own"),
        (Finding.WORN, "a part/with a slash", "letters, digits"),
    ],
)
def test_a_finding_that_contradicts_the_ticket_is_refused(
    community: Community, finding: Finding, component: str | None, expected: str
) -> None:
    community.add("lift-01")
    ticket = community.foresee("lift-01", "brake", community.now - 20 * HOUR)
    community.accept(ticket.id, community.now - 8 * HOUR)
    with pytest.raises(Invalid, match=expected):
        community.resolve(ticket.id, community.now - 7 * HOUR, finding, component)
    assert community.story(ticket.id).ticket.state is State.ACCEPTED


def test_a_conflict_says_what_the_state_is_and_what_is_allowed(community: Community) -> None:
    community.add("lift-01")
    ticket = community.foresee("lift-01", "brake", community.now - 20 * HOUR)
    with pytest.raises(Conflict, match=r"is new: resolve is not allowed, but note, accept, close"):
        community.resolve(ticket.id, community.now)
    community.accept(ticket.id, community.now - 8 * HOUR)
    with pytest.raises(Conflict, match=r"is accepted: accept is not allowed, but note, resolve, close"):
        community.accept(ticket.id, community.now)
    with pytest.raises(Conflict, match=r"can't close as done, only as lapsed, withdrawn, duplicate"):
        community.close(ticket.id, CloseReason.DONE, community.now)
    community.resolve(ticket.id, community.now - 7 * HOUR)
    with pytest.raises(Conflict, match=r"can't close as withdrawn, only as done, auto"):
        community.close(ticket.id, CloseReason.WITHDRAWN, community.now)
    community.close(ticket.id, CloseReason.DONE, community.now)
    with pytest.raises(Conflict, match=r"is closed: close is not allowed, but note"):
        community.close(ticket.id, CloseReason.DONE, community.now)


def test_an_open_ticket_is_not_closed_without_a_reason(community: Community) -> None:
    community.add("lift-01")
    ticket = community.foresee("lift-01", "brake", community.now - 20 * HOUR)
    with pytest.raises(Invalid, match="one of withdrawn, duplicate, lapsed"):
        community.close(ticket.id, None, community.now)
    assert community.close(ticket.id, CloseReason.DUPLICATE, community.now).close_reason is CloseReason.DUPLICATE


def test_nothing_is_written_before_the_last_entry_or_after_now(community: Community) -> None:
    community.add("lift-01")
    ticket = community.foresee("lift-01", "brake", community.now - 20 * HOUR)
    with pytest.raises(Invalid, match="not before the last entry"):
        community.accept(ticket.id, community.now - 21 * HOUR)
    with pytest.raises(Invalid, match="not later than now"):
        community.accept(ticket.id, community.now + timedelta(seconds=1))
    with pytest.raises(Invalid, match="a time with a zone"):
        community.accept(ticket.id, community.now.replace(tzinfo=None))
    with pytest.raises(Invalid, match="actor"):
        community.accept(ticket.id, community.now, actor=" ")


def test_without_a_time_it_is_now_but_never_before_the_last_entry(community: Community) -> None:
    community.add("lift-01")
    ticket = community.foresee("lift-01", "brake", community.now)
    with community.pool.connection() as conn:
        accepted = service.accept(conn, ticket.id, actor="wang", now=community.now - HOUR)
    assert accepted.accepted_at == community.now


def test_a_client_can_refuse_to_act_on_a_ticket_that_has_changed(community: Community) -> None:
    community.add("lift-01")
    ticket = community.foresee("lift-01", "brake", community.now - 9 * HOUR)
    community.complain("lift-01", "noise", community.now - 8 * HOUR)
    with community.pool.connection() as conn, pytest.raises(Conflict, match="is at version 2, not 1; it is new now"):
        service.accept(conn, ticket.id, actor="wang", now=community.now, expected_version=1)


def test_two_engineers_who_accept_at_once_get_one_ticket_and_one_conflict(community: Community) -> None:
    community.add("lift-01")
    ticket = community.foresee("lift-01", "brake", community.now - 9 * HOUR)
    with community.pool.connection() as first:
        service.accept(first, ticket.id, actor="wang", now=community.now)
        with psycopg.connect(community.url) as second:
            second.execute("SET lock_timeout = '100ms'")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                service.accept(second, ticket.id, actor="zhao", now=community.now)
    with pytest.raises(Conflict, match="is accepted"):
        community.accept(ticket.id, community.now, actor="zhao")
    assert community.story(ticket.id).ticket.assignee == "wang"


def test_a_remark_goes_into_the_log_of_any_state_and_changes_nothing_else(community: Community) -> None:
    community.add("lift-01")
    ticket = community.foresee("lift-01", "brake", community.now - 9 * HOUR)
    community.close(ticket.id, CloseReason.WITHDRAWN, community.now - 8 * HOUR)
    with community.pool.connection() as conn:
        noted = service.remark(conn, ticket.id, actor="li", text="spare part ordered", now=community.now)
        with pytest.raises(Invalid, match="something to note"):
            service.remark(conn, ticket.id, actor="li", text=" ", now=community.now)
        with pytest.raises(Invalid, match="at most 2000"):
            service.remark(conn, ticket.id, actor="li", text="x" * 2001, now=community.now)
    assert (noted.state, noted.version) == (State.CLOSED, 3)


def test_a_ticket_that_is_not_there_is_not_found(community: Community) -> None:
    with pytest.raises(NotFound, match="no such ticket 77"):
        community.accept(77, community.now)


def test_the_log_can_neither_be_changed_nor_deleted(community: Community) -> None:
    community.add("lift-01")
    community.foresee("lift-01", "brake", community.now)
    for statement in ("UPDATE ticket_log SET actor = 'x' RETURNING 1", "DELETE FROM ticket_log RETURNING 1"):
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            community.rows(statement)


def test_every_change_is_told_to_listeners_when_it_is_committed(community: Community) -> None:
    community.add("lift-01")
    with psycopg.connect(community.url, autocommit=True) as listener:
        listener.execute("LISTEN anju_change")
        ticket = community.foresee("lift-01", "brake", community.now)
        (told,) = listener.notifies(timeout=5, stop_after=1)
    assert told.payload == f'{{"community":"jinxiu","topic":"ticket","asset":"jinxiu:lift-01","id":{ticket.id}}}'


def test_a_proactive_ticket_that_nobody_took_on_lapses_when_its_time_is_over(community: Community) -> None:
    community.add("lift-01")
    lapsing = community.foresee("lift-01", "brake", community.now - 31 * 24 * HOUR)
    taken = community.foresee("lift-01", "drive", community.now - 31 * 24 * HOUR)
    community.accept(taken.id, community.now - 20 * 24 * HOUR)
    assert _sweep(community) == {"lapsed": 1, "closed": 0}
    lapsed = community.story(lapsing.id).ticket
    assert (lapsed.state, lapsed.close_reason, lapsed.closed_at) == (
        State.CLOSED,
        CloseReason.LAPSED,
        community.now - 24 * HOUR,
    )
    assert community.story(taken.id).ticket.state is State.ACCEPTED
    assert _sweep(community) == {"lapsed": 0, "closed": 0}
    community.check_rows_are_folds()


def test_a_resolution_that_nobody_objected_to_for_72_hours_closes_the_ticket(community: Community) -> None:
    community.add("lift-01")
    ticket = community.foresee("lift-01", "brake", community.now - 100 * HOUR)
    community.serve(ticket.id, community.now - 72 * HOUR)
    assert _sweep(community) == {"lapsed": 0, "closed": 0}
    community.now += HOUR
    assert _sweep(community) == {"lapsed": 0, "closed": 1}
    closed = community.story(ticket.id).ticket
    assert (closed.close_reason, closed.closed_at) == (CloseReason.AUTO, community.now)


def _sweep(community: Community) -> dict[str, object]:
    return sweep(community.context(community.now))


def test_a_long_note_is_refused_before_anything_is_written(community: Community) -> None:
    community.add("lift-01")
    ticket = community.foresee("lift-01", "brake", community.now - 9 * HOUR)
    community.accept(ticket.id, community.now - 8 * HOUR)
    found = {"finding": Finding.WORN, "action": RepairAction.ADJUST, "note": "x" * 2001}
    with community.pool.connection() as conn, pytest.raises(Invalid, match="note: got '2001 characters'"):
        service.resolve(conn, ticket.id, actor="wang", now=community.now, **found)
    assert community.story(ticket.id).ticket.version == 2
