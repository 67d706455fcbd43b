import random
from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from anju_platform.storage.hourly import hourly
from anju_platform.storage.samples import Samples, days_of, from_us, hours_of, newest, settle, to_us

HOUR = 3_600_000_000
Row = tuple[int, int, float, int]


def samples(rows: list[Row]) -> Samples:
    columns: list[list[float]] = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], []]
    return Samples.of(
        [int(one) for one in columns[0]], [int(one) for one in columns[1]], columns[2], [int(one) for one in columns[3]]
    )


def rows_of(found: Samples) -> list[Row]:
    return list(
        zip(
            found.point_ids.tolist(), found.at_us.tolist(), found.values.tolist(), found.qualities.tolist(), strict=True
        )
    )


ROWS = st.lists(
    st.tuples(st.integers(1, 3), st.integers(0, 3), st.sampled_from([-1.0, -0.0, 0.0, 1.0]), st.integers(0, 2)),
    min_size=1,
    max_size=20,
)


@given(ROWS, st.randoms(use_true_random=False))
def test_what_settles_does_not_depend_on_the_order_or_on_repetition(rows: list[Row], rng: random.Random) -> None:
    shuffled = rows + rng.choices(rows, k=3)
    rng.shuffle(shuffled)
    assert rows_of(settle(samples(shuffled))) == rows_of(settle(samples(rows)))
    assert settle(samples(shuffled)).values.tobytes() == settle(samples(rows)).values.tobytes()


@given(ROWS)
def test_one_sample_a_point_and_moment_stays_the_best_then_the_greatest(rows: list[Row]) -> None:
    for point, at, value, quality in rows_of(settle(samples(rows))):
        rivals = [row for row in rows if row[:2] == (point, at)]
        assert quality == min(row[3] for row in rivals)
        assert value == max(row[2] for row in rivals if row[3] == quality)


@given(ROWS)
def test_the_newest_of_each_point_is_found(rows: list[Row]) -> None:
    found = rows_of(newest(settle(samples(rows))))
    assert [row[0] for row in found] == sorted({row[0] for row in rows})
    for point, at, _, _ in found:
        assert at == max(row[1] for row in rows if row[0] == point)


def test_no_samples_settle_to_none() -> None:
    assert len(settle(Samples.concat([]))) == 0
    assert len(newest(settle(Samples.concat([])))) == 0


def test_hours_and_days_are_those_of_utc() -> None:
    moments = [datetime(2026, 3, 9, 23, 59, tzinfo=UTC), datetime(2026, 3, 10, 0, 0, tzinfo=UTC)]
    at_us = Samples.of([1, 1], [to_us(at) for at in moments], [1.0, 2.0], [0, 0]).at_us
    assert hours_of(at_us) == [datetime(2026, 3, 9, 23, tzinfo=UTC), datetime(2026, 3, 10, 0, tzinfo=UTC)]
    assert days_of(at_us) == [date(2026, 3, 9), date(2026, 3, 10)]
    assert [from_us(int(one)) for one in at_us] == moments


def test_rollups_in_memory_hold_count_sum_extremes_first_and_last_of_each_hour() -> None:
    rows: list[Row] = [(1, 5, 3.0, 0), (1, 6, 1.0, 0), (1, HOUR + 1, 9.0, 0), (2, 7, 4.0, 1)]
    columns = [column.tolist() for column in hourly(settle(samples(rows)))]
    assert list(zip(*columns, strict=True)) == [
        (1, 0, 2, 4.0, 1.0, 3.0, 3.0, 1.0),
        (1, HOUR, 1, 9.0, 9.0, 9.0, 9.0, 9.0),
        (2, 0, 1, 4.0, 4.0, 4.0, 4.0, 4.0),
    ]
