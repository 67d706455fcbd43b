"""How moments, spans and figures read."""

from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import pytest

from anju_platform.web.formats import NOTHING, Formats

NOW = datetime(2026, 3, 10, 2, 30, tzinfo=UTC)


def formats(language: Literal["zh", "en"]) -> Formats:
    return Formats(language, ZoneInfo("Asia/Shanghai"), NOW)


def test_a_moment_is_local_and_says_the_year_only_when_it_is_another() -> None:
    this_year, before = datetime(2026, 1, 4, 23, 5, tzinfo=UTC), datetime(2024, 12, 31, 1, 0, tzinfo=UTC)
    assert formats("zh").moment(this_year) == "1月5日 07:05"
    assert formats("en").moment(this_year) == "5 Jan 07:05"
    assert formats("zh").moment(before) == "2024年12月31日 09:00"
    assert formats("en").moment(before) == "31 Dec 2024 09:00"
    assert formats("zh").clock(this_year) == "07:05:00"
    assert formats("zh").iso(this_year) == "2026-01-04T23:05:00+00:00"


@pytest.mark.parametrize(
    ("back", "zh", "en"),
    [
        (timedelta(seconds=20), "刚刚", "just now"),
        (timedelta(minutes=40), "40 分钟前", "40 min ago"),
        (timedelta(hours=5, minutes=50), "5 小时前", "5 h ago"),
        (timedelta(days=12), "12 天前", "12 d ago"),
        (timedelta(days=-16, hours=-3), "16 天后", "in 16 d"),
    ],
)
def test_an_age_is_told_in_its_largest_unit(back: timedelta, zh: str, en: str) -> None:
    assert formats("zh").ago(NOW - back) == zh
    assert formats("en").ago(NOW - back) == en


def test_a_span_shorter_than_a_minute_is_told_as_such() -> None:
    assert formats("zh").span(timedelta(seconds=59)) == "不到 1 分钟"
    assert formats("en").span(timedelta(hours=25)) == "1 d"


@pytest.mark.parametrize(
    ("share", "text"), [(0.0, "0%"), (0.004, "<1%"), (0.717, "72%"), (0.996, ">99%"), (1.0, "100%"), (None, NOTHING)]
)
def test_a_probability_never_claims_a_certainty_that_nobody_has(share: float | None, text: str) -> None:
    assert formats("en").percent(share) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(28583.0, "28,583"), (222.4, "222"), (35.21, "35.2"), (3.3412, "3.34"), (-0.5, "-0.50"), (7.0, "7"),
     (None, NOTHING)],
)  # fmt: skip
def test_a_value_has_about_three_digits(value: float | None, text: str) -> None:
    assert formats("zh").number(value) == text


def test_an_age_in_years_is_never_negative_and_may_be_unknown() -> None:
    assert formats("zh").years(date(2016, 3, 10)) == "10.0 年"
    assert formats("en").years(date(2027, 1, 1)) == "0.0 years"
    assert formats("en").years(None) == NOTHING


def test_what_is_not_known_is_a_dash() -> None:
    nothing = formats("en")
    assert [nothing.moment(None), nothing.day(None), nothing.ago(None)] == [NOTHING] * 3
    assert nothing.iso(None) == ""
