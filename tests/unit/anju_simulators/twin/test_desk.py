"""One problem, one visit."""

from datetime import UTC, datetime, timedelta

import pytest

from anju_simulators.hours import to_hours
from anju_simulators.records import Complaint
from anju_simulators.twin.crews import Trigger, Visit
from anju_simulators.twin.desk import Desk
from anju_simulators.twin.foresight import Foreseen

NOW = datetime(2025, 6, 2, 4, tzinfo=UTC)


@pytest.fixture
def desk() -> Desk:
    return Desk(1, {"lift-01": "lift", "door-01": "door"})


def complaint(category: str, *, asset: str = "lift-01", after_h: float = 0.0) -> Complaint:
    return Complaint(asset, NOW + timedelta(hours=after_h), category, "", "failure")


def test_two_complaints_about_one_asset_are_one_job(desk: Desk) -> None:
    desk.report(complaint("door_problem"))
    desk.report(complaint("door_problem", after_h=3.0))
    (job,) = desk.waiting.values()
    assert (job.trigger, job.opened, job.component) == (Trigger.COMPLAINT, to_hours(NOW), "door_operator")


def test_a_complaint_hurries_a_visit_that_was_planned_and_keeps_what_it_was_planned_for(desk: Desk) -> None:
    assert desk.foresee(Foreseen("lift-01", "brake", 0.8), to_hours(NOW))
    planned = desk.waiting["lift-01"].ready
    desk.report(complaint("trapped"))
    (job,) = desk.waiting.values()
    assert (job.trigger, job.component) == (Trigger.TRAPPED, "brake")
    assert job.ready < planned


def test_nothing_is_planned_for_an_asset_that_a_crew_goes_to_anyway(desk: Desk) -> None:
    desk.report(complaint("cannot_enter", asset="door-01"))
    assert not desk.foresee(Foreseen("door-01", "lock", 0.9), to_hours(NOW))
    assert desk.open_problems() == [("door-01", None)]


def test_a_complaint_while_the_crew_is_there_makes_no_second_visit(desk: Desk) -> None:
    desk.report(complaint("door_problem"))
    desk.leave([Visit(desk.waiting["lift-01"], to_hours(NOW) + 2.0)])
    desk.report(complaint("door_problem", after_h=1.0))
    assert not desk.waiting
    assert [visit.job.asset_id for visit in desk.arrive(to_hours(NOW) + 2.0)] == ["lift-01"]
    assert desk.open_problems() == []
