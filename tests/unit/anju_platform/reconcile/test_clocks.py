"""How far a gateway's clock is off, from accounts that come late, in heaps, or from a clock that is set."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anju_contracts.account import Account, StreamAccount
from anju_contracts.clock import RealClock, ScaledClock
from anju_contracts.envelope import Stream
from anju_platform.reconcile.accounts import supersedes
from anju_platform.reconcile.clocks import MOST_OBSERVATIONS, Observation, is_wrong, offset_s, watched

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
REAL = RealClock()


def seen(*accounts: tuple[float, float]) -> list[Observation]:
    """Of (platform's second at which it was written, how far the clock is ahead), each a fifth of a second on its
    way."""
    found: list[Observation] = []
    for at_s, ahead_s in accounts:
        told = NOON + timedelta(seconds=at_s + ahead_s)
        found = watched(found, Observation(told, NOON + timedelta(seconds=at_s + 0.2)))
    return found


def test_a_right_clock_is_off_by_no_more_than_the_way_takes() -> None:
    assert offset_s(seen((0, 0), (60, 0), (120, 0)), clock=REAL) == pytest.approx(-0.2)


def test_a_jump_ahead_shows_at_the_next_account() -> None:
    assert offset_s(seen((0, 0), (60, 3600)), clock=REAL) == pytest.approx(3599.8)


def test_a_jump_back_shows_at_the_next_account() -> None:
    assert offset_s(seen((0, 0), (60, 0), (120, -3600)), clock=REAL) == pytest.approx(-3600.2)


def test_a_clock_that_is_right_again_shows_at_the_next_account() -> None:
    assert offset_s(seen((0, 3600), (60, 3600), (120, 0)), clock=REAL) == pytest.approx(-0.2)


@given(delays_s=st.lists(st.floats(0.2, 500), min_size=1, max_size=8))
def test_accounts_that_come_late_change_nothing_as_long_as_one_came_in_time(delays_s: list[float]) -> None:
    found = seen((0, 0))
    for index, delay_s in enumerate(delays_s, start=1):
        told = NOON + timedelta(seconds=10 * index)
        received = max(told + timedelta(seconds=delay_s), found[-1].received_at)
        if received <= found[0].received_at + timedelta(seconds=600):
            found = watched(found, Observation(told, received))
    assert offset_s(found, clock=REAL) == pytest.approx(-0.2)


def test_what_was_observed_long_ago_counts_no_more_and_memory_is_bounded() -> None:
    found = seen((0, 0), *((60.0 * n, -5.0 * n) for n in range(1, 50)))
    assert len(found) == MOST_OBSERVATIONS
    assert offset_s(found, clock=REAL) == pytest.approx(-5.0 * 39 - 0.2)


def test_the_offset_is_in_real_seconds_whatever_the_speed_of_the_clock() -> None:
    fast = ScaledClock(NOON, NOON, 3600.0)
    observed = [Observation(NOON + timedelta(hours=2), NOON)]
    assert offset_s(observed, clock=fast) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("offset", "was_wrong", "expected"),
    [(29, False, False), (-31, False, True), (31, False, True), (11, True, True), (-9, True, False), (0, True, False)],
)
def test_near_the_limit_a_clock_does_not_flap(offset: float, was_wrong: bool, expected: bool) -> None:
    assert is_wrong(offset, was_wrong=was_wrong) is expected


def told(epoch: str, minute: int, produced: int) -> Account:
    stream = StreamAccount(produced, produced, 0, {}, produced)
    return Account(epoch, NOON + timedelta(minutes=minute), {Stream.TELEMETRY: stream})


@pytest.mark.parametrize(
    ("account", "expected"),
    [
        (told("e1", 1, 100), True),
        (told("e1", -1, 90), False),
        (told("e1", -60, 110), True),
        (told("e1", 1, 50), True),
        (told("e2", -60, 0), True),
    ],
)
def test_an_account_supersedes_another_by_its_time_by_what_was_produced_or_by_a_new_outbox(
    account: Account, *, expected: bool
) -> None:
    assert supersedes(account, told("e1", 0, 100)) is expected
    assert supersedes(account, None)
