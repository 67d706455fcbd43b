"""Moments and choices that clients give."""

from datetime import UTC, datetime, timedelta

import pytest

from anju_platform.assets.readings import MAX_BARS, MAX_BUCKETS, STEPS_S, increases, step_for
from anju_platform.scoring.views import ModelView
from anju_platform.web import places
from anju_platform.web.fields import parse_moment

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-03-01T08:00:00+08:00", "2026-03-01T00:00:00Z", "2026-03-01t00:00:00.000z"])
def test_a_moment_with_a_zone_becomes_utc(text: str) -> None:
    assert parse_moment(text) == NOW


@pytest.mark.parametrize(
    "value", ["2026-03-01T08:00:00", "2026-03-01", "now", "1999-12-31T00:00:00Z", "2026-13-01T00:00:00Z", 0, None]
)
def test_any_other_moment_is_refused_with_an_example(value: object) -> None:
    with pytest.raises(ValueError, match="for example 2026-03-01T08:00:00Z"):
        parse_moment(value)


@pytest.mark.parametrize("days", [0.01, 1, 7, 30, 90, 365, 20_000])
def test_a_chart_never_gets_more_buckets_than_it_has_room_for(days: float) -> None:
    for kind, most in (("gauge", MAX_BUCKETS), ("counter", MAX_BARS)):
        step = step_for(timedelta(days=days), kind)
        assert days * 86400 / step <= most or step == STEPS_S[-1]


def test_a_counter_that_fell_was_reset_and_counts_from_nought() -> None:
    assert increases([10, 12, 12, 3, 5]) == [None, 2, 0, 3, 2]
    assert increases([]) == []


def test_a_model_shows_what_it_learnt_of_each_part_and_passes_over_what_it_cannot_read() -> None:
    components = {
        "lift/brake": {"failures": 2, "threshold": 0.053}, "lift/door_operator": {"failures": 16, "threshold": 0.15},
        "boiler": {"failures": 1, "threshold": 0.1}, "lift/drive": {"failures": "many"}, "lift/guide_shoe": 3,
    }  # fmt: skip
    model = ModelView(
        id=1,
        as_of=NOW,
        trained_at=NOW,
        role="champion",
        why_not="",
        metrics={"components": components},
        artifact_bytes=1,
    )
    assert [(each.component_label.en, each.failures) for each in model.components] == [
        ("door operator", 16),
        ("brake", 2),
    ]
    assert model.model_copy(update={"metrics": {}}).components == []


def test_addresses_leave_out_what_is_not_asked_for() -> None:
    assert places.tickets("jinxiu", state="open", origin="") == "/c/jinxiu/tickets?state=open"
    assert places.tickets("jinxiu", origin=["alarm", "complaint"]) == "/c/jinxiu/tickets?origin=alarm&origin=complaint"
    assert places.assets("jinxiu", kind=None) == "/c/jinxiu/assets"
