from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anju_gateway.data_clock import CORRECTED, JUMP_S, JUMPED, TOLD_FOR_S, DataClock, corrected, steady_s
from anju_gateway.reference import SLOT_S, SLOTS, Exchange, Reference

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR_S = 3_600.0


@dataclass
class Machine:
    """A machine whose clock anybody can set, and the true time beside it; both run `speed` times as fast as seconds."""

    speed: float = 1.0
    wrong_s: float = 0.0
    passed_s: float = 0.0
    steps_us: list[int] = field(default_factory=list)
    clock: DataClock = field(init=False)

    def __post_init__(self) -> None:
        self.clock = DataClock(self, on_step=self.steps_us.append, steady=lambda: self.passed_s)

    def now(self) -> datetime:
        return self.truth + timedelta(seconds=self.wrong_s)

    def real_s(self, data_s: float) -> float:
        return data_s / self.speed

    @property
    def truth(self) -> datetime:
        return NOON + timedelta(seconds=self.passed_s * self.speed)

    @property
    def error_s(self) -> float:
        """By how much the data's clock is ahead of the truth, in seconds of the data."""
        return (self.clock.now() - self.truth).total_seconds()

    @property
    def faults(self) -> dict[str, float | None]:
        return {fault.code: fault.value for fault in self.clock.faults()}

    def live(self, seconds: int) -> None:
        """Time passes, and the clock is watched each second."""
        for _ in range(seconds):
            self.passed_s += 1.0
            self.clock.watch()

    def receipt(self, *, round_trip_s: float = 0.2, slow_back_s: float = 0.0, ahead_s: float = 0.0) -> None:
        """The receipt of a batch: the platform wrote its time (`ahead_s` of the truth) in the middle of the way."""
        self.passed_s += round_trip_s / 2
        platform = self.truth + timedelta(seconds=ahead_s)
        self.passed_s += round_trip_s / 2 + slow_back_s
        self.clock.heard(platform, round_trip_s=round_trip_s + slow_back_s, ago_s=0.0)


@pytest.fixture(params=[1.0, 3_600.0], ids=["real", "scaled"])
def machine(request: pytest.FixtureRequest) -> Machine:
    return Machine(request.param)


@pytest.mark.parametrize("jump_s", [HOUR_S, -HOUR_S, 20.0, -20.0])
def test_a_jump_is_told_within_a_second_and_not_followed(machine: Machine, jump_s: float) -> None:
    machine.live(10)
    machine.wrong_s = jump_s * machine.speed
    machine.live(1)
    assert machine.faults == {JUMPED: pytest.approx(jump_s * machine.speed)}
    machine.live(600)
    assert abs(machine.error_s) < 0.001 * machine.speed
    machine.wrong_s = 0.0
    machine.live(1)
    assert machine.faults == {}
    assert machine.steps_us == []


def test_a_small_difference_is_followed_slowly_and_never_backwards_in_a_second(machine: Machine) -> None:
    machine.wrong_s = 2.0 * machine.speed
    before = machine.clock.now()
    for _ in range(6_000):
        machine.live(1)
        assert timedelta(0) < machine.clock.now() - before < timedelta(seconds=1.001 * machine.speed)
        before = machine.clock.now()
    assert machine.error_s == pytest.approx(2.0 * machine.speed)
    assert machine.faults == {}


def test_receipts_tell_the_offset_by_the_exchange_that_was_fastest(machine: Machine) -> None:
    assert machine.clock.offset_s is None
    assert not machine.clock.confirmed
    machine.receipt(round_trip_s=0.1, ahead_s=1.5 * machine.speed)
    for slow_s in (4.0, 2.0, 9.0):
        machine.receipt(round_trip_s=0.1, slow_back_s=slow_s, ahead_s=1.5 * machine.speed)
    machine.live(1)
    assert machine.clock.confirmed
    assert machine.clock.offset_s == pytest.approx(-1.5 * machine.speed)
    assert machine.faults == {}


def test_a_slow_receipt_corrects_nothing_that_may_be_right(machine: Machine) -> None:
    machine.receipt(round_trip_s=0.1, slow_back_s=60.0)
    machine.live(1)
    assert machine.steps_us == []
    assert machine.error_s == 0.0


@pytest.mark.parametrize("wrong_s", [HOUR_S, -HOUR_S, -20_000 * 86_400.0])
def test_a_clock_that_was_wrong_at_the_start_is_corrected_by_the_first_receipt(wrong_s: float) -> None:
    machine = Machine(wrong_s=wrong_s)
    machine.live(30)
    assert machine.error_s == pytest.approx(wrong_s)
    machine.receipt()
    machine.live(1)
    assert abs(machine.error_s) < 0.2
    assert machine.steps_us == [pytest.approx(-wrong_s * 1e6, abs=2e5)]
    assert set(machine.faults) == {CORRECTED, JUMPED}
    machine.wrong_s = 0.0
    machine.live(1)
    assert set(machine.faults) == {CORRECTED}
    machine.passed_s += TOLD_FOR_S
    assert machine.faults == {}


def test_a_jump_that_the_platform_agrees_with_is_a_correction_to_the_machines_clock() -> None:
    machine = Machine(wrong_s=-HOUR_S)
    machine.live(30)
    machine.wrong_s = 0.25
    machine.live(5)
    assert machine.faults == {JUMPED: pytest.approx(HOUR_S, abs=1)}
    machine.receipt()
    machine.live(1)
    assert set(machine.faults) == {CORRECTED}
    assert machine.error_s == pytest.approx(0.25)


def test_a_jump_that_the_platform_disagrees_with_changes_nothing() -> None:
    machine = Machine()
    machine.live(30)
    machine.wrong_s = HOUR_S
    machine.receipt()
    machine.live(5)
    assert set(machine.faults) == {JUMPED}
    assert abs(machine.error_s) < 0.01


def test_clocks_are_not_compared_where_the_program_stood_still_between_reading_them() -> None:
    readings = iter([0.0, 1.0, 31.0, 32.0])
    clock = DataClock(Machine(), steady=lambda: next(readings))
    clock.watch()
    assert clock.faults() == []


def test_the_steady_seconds_pass() -> None:
    assert steady_s() <= steady_s()


numbers = st.integers(-(10**12), 10**12)
exchanges = st.none() | st.builds(Exchange, st.just(0.0), numbers, st.integers(0, 10**9))


@given(numbers, numbers, exchanges, st.integers(1, 10**8))
def test_a_correction_ends_within_the_limits_of_what_the_platform_said(
    data_us: int, machine_us: int, found: Exchange | None, limit_us: int
) -> None:
    target_us = corrected(data_us, machine_us, found, limit_us)
    if target_us is not None:
        assert found is not None
        assert abs(target_us - found.offset_us) <= limit_us + found.error_us < abs(data_us - found.offset_us)
        assert corrected(target_us, machine_us, found, limit_us) is None


@given(st.lists(st.tuples(st.floats(0, 1e4), st.integers(0, 10**6)), max_size=50))
def test_the_best_exchange_is_the_fastest_of_those_that_are_fresh(found: list[tuple[float, int]]) -> None:
    reference = Reference()
    for at_s, error_us in sorted(found):
        reference.add(Exchange(at_s, 0, error_us))
    now_s = max((at_s for at_s, _ in found), default=0.0)
    best = reference.best(now_s)
    slots = {int(at_s // SLOT_S) for at_s, _ in found if now_s - at_s <= SLOT_S * (SLOTS - 1)}
    fresh = [error_us for at_s, error_us in found if int(at_s // SLOT_S) in slots]
    assert (best is None) == (not found)
    if best is not None:
        assert best.error_us <= min(fresh)
    assert reference.best(now_s + SLOT_S * SLOTS + JUMP_S) is None
