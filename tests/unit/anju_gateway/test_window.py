import pytest
from hypothesis import given
from hypothesis import strategies as st

from anju_gateway.window import FIRST_TIMEOUT_S, LEAST_TIMEOUT_S, MOST_TIMEOUT_S, PROBES, RetryTimer, Window


def window(*seqs: int, size: int = 10) -> Window:
    """A window in which `seqs` were sent at 0 s."""
    made = Window(size)
    for seq in seqs:
        made.sent(seq, 0.0, historical=False)
    return made


def test_a_receipt_makes_room() -> None:
    some = window(1, 2, 3)
    assert some.room == 7
    some.committed([(1, 1), (3, 3)], 0.1)
    assert some.room == 9
    assert 2 in some


def test_receipts_that_are_doubled_late_or_of_nothing_change_nothing() -> None:
    some = window(4, 5)
    for _ in range(3):
        some.committed([(1, 3), (5, 5), (100, 2**53 - 1)], 0.1)
    assert len(some) == 1
    assert 4 in some


def test_one_missing_receipt_takes_one_place_and_holds_nothing_up() -> None:
    some = window(1, size=4)
    for seq in range(2, 1_000):
        assert some.room >= 1
        some.sent(seq, seq * 0.01, historical=False)
        some.committed([(seq, seq)], seq * 0.01)
    assert len(some) == 1


def test_what_has_no_receipt_is_sent_again_after_a_time_that_doubles() -> None:
    some = window(1)
    assert some.overdue(FIRST_TIMEOUT_S - 0.1) == []
    assert some.overdue(FIRST_TIMEOUT_S) == [(1, False)]
    some.sent(1, FIRST_TIMEOUT_S, historical=False)
    assert some.next_due_s() == 3 * FIRST_TIMEOUT_S
    for _ in range(30):
        some.sent(1, 100.0, historical=False)
    assert some.next_due_s() == 100.0 + MOST_TIMEOUT_S


def test_the_time_adapts_to_how_long_receipts_take() -> None:
    some = Window(100)
    for seq in range(50):
        some.sent(seq, float(seq), historical=False)
        some.committed([(seq, seq)], seq + 0.05)
    assert some.timer.timeout_s == LEAST_TIMEOUT_S
    for seq in range(50, 100):
        some.sent(seq, float(seq), historical=False)
        some.committed([(seq, seq)], seq + 8.0)
    assert 8.0 < some.timer.timeout_s < 20.0


def test_what_was_sent_twice_tells_nothing_about_the_time() -> None:
    some = window(1)
    some.sent(1, 60.0, historical=False)
    some.committed([(1, 1)], 60.01)
    assert some.timer.smoothed_s is None


def test_as_long_as_nobody_answers_only_a_few_knock() -> None:
    some = window(*range(1, 9))
    assert len(some.overdue(FIRST_TIMEOUT_S)) == 8
    for seq in range(1, 9):
        some.sent(seq, FIRST_TIMEOUT_S, historical=False)
    assert some.overdue(100.0) == [(1, False), (2, False)][:PROBES]
    some.committed([(1, 1)], 101.0)
    assert len(some.overdue(200.0)) == 7


def test_a_batch_that_left_the_outbox_is_not_waited_for() -> None:
    some = window(1)
    some.gone(1)
    some.gone(1)
    assert len(some) == 0
    assert some.next_due_s() is None


def test_backfill_in_flight_is_counted() -> None:
    some = window(1)
    some.sent(7, 0.0, historical=True)
    assert some.historical == 1
    assert some.overdue(99.0) == [(1, False), (7, True)]


@given(st.lists(st.floats(0.001, 500.0), max_size=60))
def test_the_timeout_stays_within_its_bounds(round_trips: list[float]) -> None:
    timer = RetryTimer()
    for round_trip_s in round_trips:
        timer.measured(round_trip_s)
        assert LEAST_TIMEOUT_S <= timer.timeout_s <= MOST_TIMEOUT_S


@pytest.mark.parametrize("ranges", [[(1, 20)], [(1, 5), (6, 20)], [(n, n) for n in range(1, 21)]])
def test_ranges_of_any_shape_name_the_same_batches(ranges: list[tuple[int, int]]) -> None:
    some = window(*range(1, 22), size=30)
    some.committed(ranges, 1.0)
    assert len(some) == 1
