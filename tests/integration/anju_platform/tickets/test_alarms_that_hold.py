"""A raise that holds opens a ticket; one that clears in time, flaps or is momentary doesn't."""

from datetime import datetime, timedelta

from anju_contracts.event import EventState
from anju_platform.tickets.jobs import open_held_alarms
from anju_platform.tickets.models import CloseReason, Origin, Priority, State

from .conftest import START, Community

MINUTE = timedelta(minutes=1)
STEP = 8 * MINUTE
STOPPED = "lift.out_of_service"
"""Opens a ticket after two hours: 15 steps."""


def look(community: Community, at: datetime) -> dict[str, object]:
    return open_held_alarms(community.context(at))


def test_an_alarm_that_holds_as_long_as_its_row_asks_opens_a_ticket_as_of_then(community: Community) -> None:
    community.add("lift-01")
    assert community.happen("lift-01", STOPPED, START) == []
    look(community, START + 14 * STEP)
    assert community.tickets("lift-01") == []
    assert look(community, START + 40 * STEP) == {"held": 1, "taken": 1}
    (ticket,) = community.tickets("lift-01")
    assert (ticket.origin, ticket.priority) == (Origin.ALARM, Priority.HIGH)
    assert (ticket.opened_at, ticket.title_en) == (START + 15 * STEP, "Unit lift-01: out of service")


def test_an_alarm_that_still_holds_is_taken_once(community: Community) -> None:
    community.add("lift-01")
    community.happen("lift-01", STOPPED, START)
    look(community, START + 20 * STEP)
    assert look(community, START + 25 * STEP) == {"held": 0, "taken": 0}
    (ticket,) = community.tickets("lift-01")
    community.serve(ticket.id, START + 60 * STEP, component="brake")
    look(community, START + 300 * STEP)
    assert len(community.tickets("lift-01")) == 1


def test_flapping_momentary_and_cleared_alarms_open_nothing(community: Community) -> None:
    community.add("lift-01")
    for start in range(0, 300, 15):
        community.happen("lift-01", STOPPED, START + start * STEP)
        community.happen("lift-01", STOPPED, START + (start + 10) * STEP, EventState.CLEAR)
        look(community, START + (start + 14) * STEP)
    community.happen("lift-01", "lift.tilt", START + 300 * STEP, EventState.MOMENTARY)
    look(community, START + 600 * STEP)
    assert community.tickets("lift-01") == []


def test_a_device_that_repeats_its_raise_does_not_start_the_time_anew(community: Community) -> None:
    community.add("lift-01")
    for minute in range(0, 60, 5):
        community.happen("lift-01", STOPPED, START + minute * STEP)
        look(community, START + minute * STEP)
    (ticket,) = community.tickets("lift-01")
    assert (ticket.opened_at, ticket.version) == (START + 15 * STEP, 1)


def test_a_held_alarm_joins_the_ticket_that_is_there(community: Community) -> None:
    community.add("lift-01")
    complaint = community.complain("lift-01", "noise", START + 5 * STEP)
    community.happen("lift-01", STOPPED, START)
    look(community, START + 30 * STEP)
    (ticket,) = community.tickets("lift-01")
    assert (ticket.id, ticket.priority) == (complaint.ticket.id, Priority.HIGH)
    assert community.happen("lift-01", STOPPED, START + 40 * STEP, EventState.CLEAR) == [ticket.id]


def test_an_alarm_that_was_answered_by_a_repair_opens_nothing_more(community: Community) -> None:
    asset = community.add("lift-01")
    community.happen("lift-01", STOPPED, START)
    community.rows(
        "INSERT INTO repair (asset_id, opened_at, closed_at, component, action, cause)"
        " VALUES (%s, %s, %s, 'drive', 'replace', 'corrective') RETURNING id",
        asset,
        START,
        START + 5 * STEP,
    )
    assert look(community, START + 60 * STEP) == {"held": 1, "taken": 0}
    assert community.tickets("lift-01") == []


def test_a_silent_monitor_is_no_fault_of_the_lift(community: Community) -> None:
    community.add("lift-01")
    community.foresee("lift-01", "brake", START)
    community.happen("lift-01", "device.silent", START)
    look(community, START + 361 * STEP)
    brake, monitor = community.tickets("lift-01")
    assert (brake.component, monitor.component) == ("brake", "monitor")
    assert monitor.title_zh == "设备lift-01 · 监测装置：设备失联"


def test_a_silent_meter_waits_a_day_and_points_at_its_communication_module(community: Community) -> None:
    community.add("em-001", "electric_meter")
    community.happen("em-001", "device.silent", START)
    look(community, START + 1439 * MINUTE)
    assert community.tickets("em-001") == []
    look(community, START + 1440 * MINUTE)
    (ticket,) = community.tickets("em-001")
    assert (ticket.component, ticket.priority) == ("comm_module", Priority.LOW)


def test_a_leak_and_a_report_of_water_meet(community: Community) -> None:
    community.add("wm-001", "water_meter")
    opened = community.happen("wm-001", "meter.leak", START)
    assert community.complain("wm-001", "water_leak", START + STEP).ticket.id == opened[0]


def test_an_alarm_raised_days_ago_opens_nothing(community: Community) -> None:
    community.add("lift-01")
    community.happen("lift-01", STOPPED, START)
    assert look(community, START + timedelta(days=4)) == {"held": 0, "taken": 0}


def test_an_alarm_that_held_gets_its_ticket_also_where_its_clear_came_before_anybody_looked(
    community: Community,
) -> None:
    community.add("lift-01")
    community.happen("lift-01", STOPPED, START)
    community.happen("lift-01", STOPPED, START + 20 * STEP, EventState.CLEAR)
    look(community, START + 40 * STEP)
    (ticket,) = community.tickets("lift-01")
    assert ticket.opened_at == START + 15 * STEP
    look(community, START + 41 * STEP)
    assert len(community.tickets("lift-01")) == 1


def test_a_clear_that_comes_late_withdraws_the_ticket_that_it_would_have_prevented(community: Community) -> None:
    community.add("lift-01")
    community.happen("lift-01", STOPPED, START)
    look(community, START + 30 * STEP)
    community.happen("lift-01", STOPPED, START + 10 * STEP, EventState.CLEAR)
    (ticket,) = community.tickets("lift-01")
    assert (ticket.state, ticket.close_reason) == (State.CLOSED, CloseReason.WITHDRAWN)
    look(community, START + 60 * STEP)
    assert len(community.tickets("lift-01")) == 1


def test_a_late_clear_withdraws_nothing_that_somebody_took_on_or_that_something_else_speaks_for(
    community: Community,
) -> None:
    for lift in ("lift-01", "lift-02"):
        community.add(lift)
        community.happen(lift, STOPPED, START)
    look(community, START + 30 * STEP)
    community.accept(community.tickets("lift-01")[0].id, START + 31 * STEP)
    community.complain("lift-02", "noise", START + 32 * STEP)
    for lift in ("lift-01", "lift-02"):
        community.happen(lift, STOPPED, START + 10 * STEP, EventState.CLEAR)
        assert community.tickets(lift)[0].is_open


def test_of_two_alarms_the_earlier_one_opens_the_ticket_whichever_comes_first(community: Community) -> None:
    community.add("lift-01")
    community.happen("lift-01", "lift.overspeed", START + 9 * STEP)
    community.happen("lift-01", "lift.trapped_level", START + 2 * STEP)
    (ticket,) = community.tickets("lift-01")
    assert (ticket.opened_at, ticket.component) == (START + 2 * STEP, "drive")
