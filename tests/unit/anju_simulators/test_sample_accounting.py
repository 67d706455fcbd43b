"""Published against stored, sample by sample."""

from hypothesis import given
from hypothesis import strategies as st

from anju_simulators.demo.accounting import Account, Value, account, by_point

HOUR_US = 3_600_000_000
KEY = ("lift-01", "trips")


def samples(*pairs: tuple[int, float]) -> dict[tuple[str, str], list[Value]]:
    return {KEY: [Value(at, value) for at, value in pairs]}


def test_everything_that_was_published_and_stored_once_is_neither_lost_nor_duplicated() -> None:
    both = samples((0, 1.0), (HOUR_US, 2.0))
    assert account(both, both, tolerance_us=0) == Account(2, 2, 0, 0)


def test_a_published_sample_without_a_row_is_lost() -> None:
    assert account(samples((0, 1.0), (HOUR_US, 2.0)), samples((0, 1.0)), tolerance_us=0) == Account(2, 1, 1, 0)


def test_a_row_that_nobody_published_is_a_duplicate() -> None:
    stored = samples((0, 1.0), (1, 1.0))
    assert account(samples((0, 1.0)), stored, tolerance_us=HOUR_US) == Account(1, 1, 0, 1)


def test_a_row_with_another_value_is_no_copy_of_the_sample() -> None:
    assert account(samples((0, 1.0)), samples((0, 1.5)), tolerance_us=HOUR_US) == Account(1, 0, 1, 1)


def test_a_reader_without_the_devices_clock_may_stamp_a_little_later_or_earlier() -> None:
    stored = samples((HOUR_US // 2, 1.0), (HOUR_US - 5, 2.0))
    assert account(samples((0, 1.0), (HOUR_US, 2.0)), stored, tolerance_us=HOUR_US) == Account(2, 2, 0, 0)


def test_a_row_further_off_than_the_tolerance_is_another_sample() -> None:
    assert account(samples((0, 1.0)), samples((2 * HOUR_US, 1.0)), tolerance_us=HOUR_US) == Account(1, 0, 1, 1)


def test_points_that_no_device_published_do_not_count() -> None:
    stored = {**samples((0, 1.0)), ("em-001", "comm_errors"): [Value(0, 3.0)]}
    assert account(samples((0, 1.0)), stored, tolerance_us=0) == Account(1, 1, 0, 0)


def test_rows_are_grouped_by_point_in_order_of_time() -> None:
    rows = [("a", "x", 2, 2.0), ("b", "x", 1, 9.0), ("a", "x", 1, 1.0)]
    assert by_point(rows) == {("a", "x"): [Value(1, 1.0), Value(2, 2.0)], ("b", "x"): [Value(1, 9.0)]}


@given(st.lists(st.tuples(st.integers(0, 50), st.sampled_from([1.0, 2.0])), max_size=20), st.data())
def test_what_is_dropped_at_random_is_what_is_counted_as_lost(
    rows: list[tuple[int, float]], data: st.DataObject
) -> None:
    published = sorted((at * HOUR_US + index, value) for index, (at, value) in enumerate(rows))
    kept = [row for row in published if data.draw(st.booleans())]
    found = account(samples(*published), samples(*kept), tolerance_us=0)
    assert found == Account(len(published), len(kept), len(published) - len(kept), 0)
