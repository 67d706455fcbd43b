"""The fold, sameness and the alarm table, without a database."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anju_contracts.codes import CODES, is_acute
from anju_platform.errors import ConfigurationError
from anju_platform.tickets.alarms import alarm_table, parse_alarms
from anju_platform.tickets.codec import action_from_json, action_to_json
from anju_platform.tickets.models import (
    Accepted,
    Action,
    Closed,
    CloseReason,
    Entry,
    Escalated,
    Evidence,
    EvidenceKind,
    Finding,
    Joined,
    Noted,
    Opened,
    Origin,
    Priority,
    RepairAction,
    Resolved,
    State,
    Subject,
    Ticket,
)
from anju_platform.tickets.rules import escalation, fold, priority_for
from anju_platform.tickets.sameness import JoinTo, NoteOn, OpenNew, place, same_problem

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
LIFT = Subject("jinxiu", "lift", "3号梯", "Lift 3", 7, "jinxiu:lift-03")


def evidence(
    component: str | None = None,
    priority: Priority = Priority.NORMAL,
    *,
    kind: EvidenceKind = EvidenceKind.COMPLAINT,
    hours: float = 0,
    number: int = 1,
) -> Evidence:
    return Evidence(kind, number, START + hours * HOUR, priority, "异响", "noise", component)


def ticket_of(*actions: Action) -> Ticket:
    return fold(1, [Entry(i + 1, START + i * HOUR, "wang", action) for i, action in enumerate(actions)])


def opened(component: str | None = None, priority: Priority = Priority.NORMAL) -> Opened:
    return Opened(LIFT, Origin.PROACTIVE, priority, evidence(component), expires_at=START + 30 * 24 * HOUR)


def resolved(component: str | None = None) -> tuple[Action, ...]:
    return (opened(component), Accepted(), Resolved(Finding.CONFIRMED, RepairAction.REPLACE, component or "drive"))


def test_a_log_that_does_not_begin_with_its_opening_has_no_fold() -> None:
    with pytest.raises(TypeError, match="begins with accepted"):
        ticket_of(Accepted())


def test_a_prediction_that_joins_leaves_the_expiry_and_a_report_takes_it_away() -> None:
    foreseen = ticket_of(opened(), Joined(evidence("brake", kind=EvidenceKind.PREDICTION)))
    reported = ticket_of(opened(), Joined(evidence("brake")))
    assert (foreseen.component, foreseen.expires_at) == ("brake", START + 30 * 24 * HOUR)
    assert (reported.component, reported.expires_at) == ("brake", None)


def test_a_component_once_known_is_not_changed_by_what_joins() -> None:
    assert ticket_of(opened("brake"), Joined(evidence(None)), Joined(evidence("brake"))).component == "brake"


@pytest.mark.parametrize(
    "action",
    [
        opened("brake"),
        Joined(evidence("brake", Priority.URGENT, kind=EvidenceKind.EVENT)),
        Escalated(Priority.HIGH, "because"),
        Accepted("on my way"),
        Resolved(Finding.WORN, RepairAction.ADJUST, "brake", "done"),
        Closed(CloseReason.LAPSED),
        Noted("cleared", evidence()),
        Noted("a remark"),
    ],
)
def test_an_action_survives_json(action: Action) -> None:
    assert action_from_json(*action_to_json(action)) == action


def test_priorities_are_ordered() -> None:
    ascending = sorted(Priority, key=lambda priority: priority.rank)
    assert ascending == [Priority.LOW, Priority.NORMAL, Priority.HIGH, Priority.URGENT]


def test_a_safety_relevant_component_is_at_least_high() -> None:
    assert priority_for(evidence("brake"), kind="lift", component="brake") is Priority.HIGH
    assert priority_for(evidence("brake", Priority.URGENT), kind="lift", component="brake") is Priority.URGENT
    assert priority_for(evidence("drive"), kind="lift", component="drive") is Priority.NORMAL


def test_learning_that_it_is_the_brake_escalates() -> None:
    ticket = ticket_of(opened())
    assert escalation(ticket, evidence("brake"), kind="lift") == Escalated(Priority.HIGH, "normal -> high: noise")
    assert escalation(ticket, evidence("drive", Priority.LOW), kind="lift") is None


components = st.sampled_from([None, "brake", "drive"])


@given(components, components)
def test_sameness_is_symmetric_and_an_unknown_component_may_be_any(one: str | None, other: str | None) -> None:
    assert same_problem(one, other) == same_problem(other, one)
    assert same_problem(one, None)
    assert same_problem(one, one)


def test_of_nothing_a_new_ticket_is_opened() -> None:
    assert place(evidence("brake"), []) == OpenNew(None)


def test_an_open_ticket_of_the_component_is_joined_and_another_is_not() -> None:
    brake = ticket_of(opened("brake"))
    assert place(evidence("brake"), [brake]) == JoinTo(brake)
    assert place(evidence("drive"), [brake]) == OpenNew(None)


@pytest.mark.parametrize(
    ("told", "noted"),
    [
        (evidence("drive", hours=1), True),
        (evidence(None, hours=1), True),
        (evidence("drive", Priority.URGENT, hours=1), True),
        (evidence(None, Priority.URGENT, hours=1), False),
        (evidence("brake", hours=1), False),
        (evidence("drive", hours=3), False),
    ],
)
def test_what_happened_before_the_visit_is_noted_unless_it_may_be_another_danger(told: Evidence, noted: bool) -> None:
    ticket = ticket_of(*resolved("drive"))
    assert ticket.resolved_at == START + 2 * HOUR
    assert isinstance(place(told, [ticket]), NoteOn) == noted


def test_a_lapsed_ticket_is_neither_joined_nor_named() -> None:
    lapsed = ticket_of(opened("brake"), Closed(CloseReason.LAPSED))
    assert lapsed.state is State.CLOSED
    assert place(evidence("brake"), [lapsed]) == OpenNew(None)


def test_acute_codes_open_at_once_whatever_their_state_but_for_a_clear() -> None:
    table = alarm_table()
    for name, code in CODES.items():
        if is_acute(name):
            assert table.at_once("lift", name, code.severity, "momentary")
            assert table.at_once("lift", name, code.severity, "raise")
        assert not table.at_once("lift", name, code.severity, "clear")


def test_whatever_opens_at_once_for_some_kind_is_not_screened_out() -> None:
    table = alarm_table()
    for name, code in CODES.items():
        for state in ("raise", "momentary", "clear"):
            for kind in ("lift", "door", "electric_meter", "water_meter", "pump"):
                if table.at_once(kind, name, code.severity, state):
                    assert table.may_open_at_once(name, code.severity, state)


def test_every_row_of_the_alarm_table_names_a_known_code() -> None:
    table = alarm_table()
    rows = [*table.by_code, *(code for of_kind in table.by_kind.values() for code in of_kind)]
    assert [code for code in rows if code not in CODES] == []
    assert all(rule.hold < table.too_old for rule in table.by_code.values())


@pytest.mark.parametrize(
    ("severity", "opens", "hold_min"),
    [("critical", True, 0), ("major", True, 30), ("minor", False, None), ("debug", False, None)],
)
def test_an_unknown_code_goes_by_its_severity(severity: str, opens: bool, hold_min: float | None) -> None:
    rule = alarm_table().rule("pump", "acme.odd", severity)
    assert rule.opens == opens
    if hold_min is not None:
        assert rule.hold_min == hold_min


@pytest.mark.parametrize("text", ["too_old_h = 1", "nonsense =", "too_old_h = 1\n[severity]\nmajor = { hold = 3 }"])
def test_a_wrong_alarm_table_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="alarm table"):
        parse_alarms(text)
