"""The plan of a chaos run follows from its seed alone, and holds what is asked of it."""

import itertools
from collections import Counter

import pytest

from anju_simulators.chaos.plan import CALM_SHARE, NETWORK, Kind, Unit, plan, steps


def test_the_same_seed_gives_the_same_faults_and_another_gives_others() -> None:
    assert plan(7, run_s=300) == plan(7, run_s=300)
    assert plan(7, run_s=300) != plan(8, run_s=300)


@pytest.mark.parametrize("seed", range(20))
def test_five_minutes_hold_at_least_sixty_kills_of_everything_that_can_be_killed(seed: int) -> None:
    kills = Counter(fault.unit for fault in plan(seed, run_s=300) if fault.kind is Kind.KILL)
    assert kills.total() >= 60
    assert set(kills) == set(Unit)


@pytest.mark.parametrize("run_s", [25, 60, 300])
@pytest.mark.parametrize("seed", range(20))
def test_every_kind_of_fault_comes_and_the_end_of_the_run_is_calm(seed: int, run_s: float) -> None:
    faults = plan(seed, run_s=run_s)
    assert {fault.kind for fault in faults} == set(Kind)
    assert all(0 < fault.at_s <= run_s * (1 - CALM_SHARE) for fault in faults)
    assert all(fault.lasts_s > 0 for fault in faults)


@pytest.mark.parametrize("seed", range(20))
def test_the_line_has_one_trouble_at_a_time_and_the_disk_is_full_once_at_a_time(seed: int) -> None:
    faults = plan(seed, run_s=300)
    for kinds in (NETWORK, (Kind.FULL_DISK,), (Kind.PAUSE,)):
        mine = [fault for fault in faults if fault.kind in kinds]
        assert all(one.at_s + one.lasts_s <= other.at_s + 1e-6 for one, other in itertools.pairwise(mine))


def test_faults_overlap_and_leave_time_to_recover_in_between() -> None:
    faults = [fault for fault in plan(1, run_s=300) if fault.kind is Kind.KILL]
    gaps_s = [later.at_s - earlier.at_s for earlier, later in itertools.pairwise(faults)]
    assert min(gaps_s) < 0.5
    assert max(gaps_s) > 8


def test_the_number_of_kills_can_be_given() -> None:
    assert sum(fault.kind is Kind.KILL for fault in plan(1, run_s=30, kills=3)) == 3


def test_everything_but_a_kill_is_taken_back_after_its_time() -> None:
    faults = plan(3, run_s=60)
    ends = {(step.fault, step.at_s) for step in steps(faults) if not step.begins}
    assert ends == {(fault, fault.at_s + fault.lasts_s) for fault in faults if fault.kind is not Kind.KILL}
    at = [step.at_s for step in steps(faults)]
    assert at == sorted(at)
