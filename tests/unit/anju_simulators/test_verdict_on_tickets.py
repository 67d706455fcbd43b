"""Live tickets against the hidden truth, on hand-made lives."""

from datetime import UTC, datetime, timedelta

import pytest

from anju_simulators.demo.verdict import LiveComplaint, LiveTicket, Verdict, judge, percentile
from anju_simulators.records import LifeTruth

T0 = datetime(2026, 1, 1, tzinfo=UTC)
END = T0 + timedelta(days=14)


def days(count: float) -> datetime:
    return T0 + timedelta(days=count)


def life(
    fails: float, *, detectable: float | None = None, ended: float | None = None, asset: str = "lift-01"
) -> LifeTruth:
    return LifeTruth(
        asset,
        "brake",
        1,
        T0 - timedelta(days=300),
        None,
        None if detectable is None else days(detectable),
        days(fails),
        None if ended is None else days(ended),
        "running" if ended is None else "failure" if ended > fails else "preventive",
        "sudden" if detectable is None else "wear",
    )


def ticket(
    opened: float, *, component: str = "brake", done: float | None = None, origin: str = "proactive"
) -> LiveTicket:
    done_at = None if done is None else days(done)
    return LiveTicket(1, "lift-01", component, origin, days(opened), days(opened + 30), done_at)


def verdict(
    tickets: list[LiveTicket], lives: list[LifeTruth], complaints: list[LiveComplaint] | None = None
) -> Verdict:
    return judge(tickets, complaints or [], lives, since=T0, until=END)


def test_a_failure_that_would_come_after_the_lead_and_within_the_horizon_is_a_hit() -> None:
    found = verdict([ticket(1)], [life(5, detectable=0)])
    assert (found.hits, found.precision, found.lead_hours) == (1, 1.0, (96.0,))


@pytest.mark.parametrize("fails", [1.5, 40])
def test_a_failure_before_the_lead_or_after_the_horizon_is_no_hit(fails: float) -> None:
    assert verdict([ticket(1)], [life(fails, detectable=0)]).hits == 0


def test_a_failure_that_a_visit_prevented_still_counts_for_the_ticket() -> None:
    found = verdict([ticket(1, done=2)], [life(5, detectable=0, ended=2)])
    assert (found.hits, found.failures) == (1, 0)


def test_a_life_that_ended_before_the_ticket_says_nothing_about_it() -> None:
    found = verdict([ticket(3)], [life(2, detectable=0, ended=2.5)])
    assert (found.hits, found.needed) == (0, 0)


def test_a_ticket_is_needed_when_a_crew_within_two_days_would_have_found_its_component_worn() -> None:
    assert verdict([ticket(1)], [life(20, detectable=2.9)]).needed == 1
    assert verdict([ticket(1)], [life(20, detectable=3.1)]).needed == 0
    assert verdict([ticket(1, component="drive")], [life(20, detectable=0)]).needed == 0


def test_a_sudden_failure_makes_a_ticket_needed_only_once_it_has_come() -> None:
    assert verdict([ticket(1)], [life(2)]).needed == 1
    assert verdict([ticket(1)], [life(9)]).needed == 0


def test_tickets_of_other_origins_are_not_judged() -> None:
    found = verdict([ticket(1, origin="alarm")], [life(5, detectable=0)])
    assert (found.proactive, found.precision) == (0, None)


def test_only_failures_of_the_live_span_that_nobody_prevented_are_failures() -> None:
    lives = [life(5, detectable=0, ended=6), life(6, ended=3), life(20), life(-3, ended=-2)]
    assert verdict([], lives).failures == 1


def test_a_ticket_that_was_open_before_the_first_complaint_is_ahead_of_it() -> None:
    failing = [life(5, detectable=2, ended=7)]
    complaints = [LiveComplaint("lift-01", days(5.5)), LiveComplaint("lift-01", days(6))]
    ahead = verdict([ticket(3)], failing, complaints)
    late = verdict([ticket(5.7)], failing, complaints)
    closed = verdict([ticket(3, done=4)], failing, complaints)
    assert [(each.eligible, each.ahead) for each in (ahead, late, closed)] == [(1, 1), (1, 0), (1, 0)]


def test_a_complaint_long_before_the_wear_is_about_something_else() -> None:
    assert verdict([], [life(5, detectable=4, ended=6)], [LiveComplaint("lift-01", days(1))]).eligible == 0


def test_percentiles_lie_between_neighbours_by_proportion() -> None:
    assert percentile([], 0.5) is None
    assert percentile([3.0], 0.1) == 3.0
    assert percentile([0.0, 10.0], 0.5) == 5.0
    assert percentile([0.0, 10.0, 20.0], 0.1) == pytest.approx(2.0)
