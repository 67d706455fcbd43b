"""What visits are worth beyond chance: where something always fails soon, one on any day seems right."""

from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest

from anju_ml.chance import beyond, by_chance
from anju_ml.dataset import Outcomes
from anju_ml.policy import Policy
from anju_ml.replay import Opened
from anju_ml.training import Unseen
from anju_ml.verdict import Savings, savings_of

POLICY = Policy()
DAYS = np.arange(100.0, 400.0)
BENEFIT = POLICY.benefit("press", "belt")


def failing_every(gap: float, assets: int = 30) -> Unseen:
    """Assets whose belt fails every `gap` days, each at its own turn."""
    turns = np.linspace(0.0, gap, assets, endpoint=False)
    shape = assets, len(DAYS)
    found = Outcomes(
        fails_in=(turns[:, None] - DAYS) % gap,
        known_for=np.full(shape, 1000.0),
        worn_in=np.full(shape, np.inf),
        observed=np.ones(shape, np.bool_),
        recorded_for=np.full(len(DAYS), 1000.0),
    )
    return Unseen(cast("Any", None), found)


def saving(opened: Opened, unseen: Unseen) -> float:
    every = {"belt": np.ones(len(opened.assets), np.bool_)}
    return savings_of("press", opened, every, DAYS, {"belt": unseen}, policy=POLICY).beyond_chance


def some_days_ahead(unseen: Unseen, days: float) -> Opened:
    """A ticket for each asset, so many days before its first failure after the first of these days."""
    ahead = np.abs(unseen.found.fails_in - days) < 0.51
    return Opened(np.arange(len(ahead)), ahead.argmax(axis=1))


@pytest.mark.parametrize(("hits", "expected"), [(0.5, 0.0), (0.3, 0.0), (0.75, 0.5), (1.0, 1.0)])
def test_half_of_what_is_right_by_chance_one_time_in_two_was_seen(hits: float, expected: float) -> None:
    assert beyond(hits, 0.5) == expected


def test_where_any_visit_is_right_none_shows_that_it_saw_something() -> None:
    assert beyond(1.0, 1.0) == 0.0


def test_visits_on_any_day_keep_nothing_however_often_something_fails() -> None:
    often = failing_every(70.0)
    some = np.random.default_rng(1).integers(0, 200, 30)
    assert by_chance(often.found, 60.0) == pytest.approx(60 / 70, abs=0.02)
    assert saving(Opened(np.arange(30), some), often) < 0


def test_a_record_shorter_than_the_span_speaks_by_the_hazard_that_it_shows() -> None:
    often = failing_every(90.0).found
    short = replace(often, known_for=np.full(often.known_for.shape, 40.0))
    hazard = np.log(90 / 50) / 40
    assert by_chance(short, 60.0) == pytest.approx(1 - (50 / 90) * np.exp(-20 * hazard), abs=0.03)
    assert by_chance(replace(short, observed=np.zeros_like(short.observed)), 60.0) == 0.0


def test_preventive_work_that_ends_most_watches_makes_no_failure_more_likely() -> None:
    often = failing_every(90.0).found
    renewed = replace(often, known_for=np.random.default_rng(1).exponential(15.0, often.known_for.shape))
    assert by_chance(renewed, 30.0) == pytest.approx(by_chance(often, 30.0), abs=0.02)


def test_tickets_before_rare_failures_keep_nearly_all_they_would_without_chance() -> None:
    rare = failing_every(3000.0, 300)
    opened = some_days_ahead(rare, 10.0)
    early = opened.origins > 0
    opened = Opened(opened.assets[early], opened.origins[early])
    count = len(opened.assets)
    assert count > 20
    assert saving(opened, rare) == pytest.approx(count * BENEFIT, rel=0.01)


def test_a_ticket_that_was_of_no_use_costs_a_false_visit() -> None:
    never = failing_every(100_000.0, 10)
    useless = Opened(np.array([5, 6, 7]), np.array([3, 4, 5]))
    assert saving(useless, never) == pytest.approx(-3 * POLICY.false_visit)


@pytest.mark.parametrize(
    ("rivals", "expected"),
    [
        ([Savings(-500.0, -800.0)], True),
        ([Savings(200.0, -800.0)], True),
        ([Savings(-500.0, 200.0)], True),
        ([Savings(200.0, -800.0), Savings(-500.0, 200.0)], False),
    ],
)
def test_tickets_may_win_as_priced_or_beyond_chance(rivals: list[Savings], expected: bool) -> None:
    assert Savings(100.0, 100.0).beats(rivals) is expected


def test_what_earns_nothing_beats_nobody() -> None:
    assert not Savings(-1.0, 0.0).beats([Savings(-500.0, -800.0)])
