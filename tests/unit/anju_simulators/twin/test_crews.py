"""Crews with real capacity: who goes first, and who waits."""

from anju_simulators.hours import LOCAL_OFFSET
from anju_simulators.twin.crews import VISIT_H, Crews, Job, Trigger

NOON = 24.0 * 9000 + 12.0 - LOCAL_OFFSET
NIGHT = NOON + 12.0


def job(asset: str, trigger: Trigger = Trigger.COMPLAINT, *, ready: float = NOON, any_hour: bool = False) -> Job:
    return Job(asset, None, trigger, ready, ready, any_hour=any_hour)


def test_rescues_go_before_complaints_and_complaints_before_what_is_foreseen() -> None:
    waiting = [job("a", Trigger.FORESEEN), job("b"), job("c", Trigger.TRAPPED)]
    left = Crews(2).leave(waiting, NOON)
    assert [visit.job.asset_id for visit in left] == ["c", "b"]


def test_a_technician_is_at_one_place_at_a_time() -> None:
    crews = Crews(1)
    assert len(crews.leave([job("a"), job("b")], NOON)) == 1
    assert crews.leave([job("b")], NOON + VISIT_H / 2) == []
    (visit,) = crews.leave([job("b")], NOON + VISIT_H)
    assert visit.done == NOON + 2 * VISIT_H


def test_at_night_only_what_may_not_wait_is_served() -> None:
    left = Crews(5).leave([job("a"), job("b", any_hour=True)], NIGHT)
    assert [visit.job.asset_id for visit in left] == ["b"]


def test_nobody_leaves_before_a_job_is_ready() -> None:
    assert Crews(1).leave([job("a", ready=NOON + 1.0)], NOON) == []
