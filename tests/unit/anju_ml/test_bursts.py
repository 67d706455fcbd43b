"""What is usual of codes: a burst counts no more than the days on which a code usually comes."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from anju_ml.bursts import usual_events

START = datetime(2026, 1, 1, tzinfo=UTC)


def events(counts: list[int], code: str = "E1") -> pl.DataFrame:
    """`counts` of a code by day, of one asset."""
    times = [START + timedelta(days=day, minutes=one) for day, count in enumerate(counts) for one in range(count)]
    return pl.DataFrame({"asset_id": "a", "ts": times, "code": code, "state": "momentary"})


def test_a_burst_counts_as_much_as_the_code_usually_comes_on_a_day() -> None:
    found = usual_events(events([1, 0, 1, 2, 1, 1, 2, 1, 1, 1, 400]), ("E1",), since=START)
    assert found.most == {"E1": 2}
    assert found.rates(100)["E1"] == pytest.approx(0.13)


def test_codes_that_always_come_in_numbers_are_counted_as_they_come() -> None:
    found = usual_events(events([20, 30, 25, 30, 20]), ("E1",), since=START)
    assert found.most == {"E1": 30}
    assert found.counted == {"E1": 125}


def test_clears_and_other_codes_count_for_nothing_and_a_code_without_events_has_no_rate() -> None:
    cleared = events([5]).with_columns(pl.lit("clear").alias("state"))
    found = usual_events(pl.concat([cleared, events([3], "other")]), ("E1",), since=START)
    assert found.most == {"E1": 1}
    assert found.rates(10) == {"E1": 0.0}


def test_without_any_event_nothing_is_usual() -> None:
    assert usual_events(events([]).cast({"ts": pl.Datetime("us", "UTC")}), (), since=START).rates(10) == {}
