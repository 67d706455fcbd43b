"""Two models on the same later days."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import polars as pl
import pytest

from anju_ml.contest import compare_models
from anju_ml.history import History
from anju_ml.model import Model
from anju_ml.policy import Policy


@pytest.fixture(scope="session")
def until(as_of: datetime) -> datetime:
    return as_of + timedelta(days=33)


def test_a_model_that_opens_tickets_beats_one_that_is_silent(
    model: Model, fleet: History, as_of: datetime, until: datetime
) -> None:
    silent = replace(model, opens_tickets=False)
    found = compare_models(silent, model, fleet, since=as_of, until=until, policy=model.policy)
    assert found.champion_tickets == 0 < found.challenger_tickets
    assert found.is_better
    assert 0 < found.low < found.difference < found.high
    back = compare_models(model, silent, fleet, since=as_of, until=until, policy=model.policy)
    assert back.is_worse
    assert back.difference == -found.difference


def test_a_model_is_not_better_than_itself(model: Model, fleet: History, as_of: datetime, until: datetime) -> None:
    found = compare_models(model, model, fleet, since=as_of, until=until, policy=model.policy)
    assert (found.difference, found.low, found.high) == (0, 0, 0)
    assert not found.is_better
    assert not found.is_worse
    assert found.as_json()["days"] == 33


def test_wear_that_a_visit_found_counts_for_whoever_foresaw_it(
    model: Model, fleet: History, as_of: datetime, until: datetime, make_preventive: Callable[[History], History]
) -> None:
    silent = replace(model, opens_tickets=False)
    policy: Policy = model.policy
    plain = compare_models(silent, model, _without_failures(fleet, as_of), since=as_of, until=until, policy=policy)
    cured = compare_models(silent, model, make_preventive(fleet), since=as_of, until=until, policy=policy)
    assert cured.difference > plain.difference


def _without_failures(fleet: History, since: datetime) -> History:
    return replace(fleet, repairs=fleet.repairs.filter(pl.col("opened_at") < since))


@pytest.fixture
def make_preventive(as_of: datetime) -> Callable[[History], History]:
    """The same history, but every failure after `as_of` was prevented by a visit two days before it."""

    def change(fleet: History) -> History:
        later = pl.col("opened_at") >= as_of + timedelta(days=2)
        moved = pl.when(later).then(pl.col("opened_at") - timedelta(days=2)).otherwise("opened_at")
        cause = pl.when(later).then(pl.lit("preventive")).otherwise("cause")
        return replace(fleet, repairs=fleet.repairs.with_columns(moved.alias("opened_at"), cause.alias("cause"))).tidy()

    return change
