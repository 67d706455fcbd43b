from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from anju_ml import hazards
from anju_ml.experience import experience
from anju_ml.failures import find_failures
from anju_ml.hazard import EDGES, Rows
from anju_ml.history import History
from anju_ml.model import train
from anju_ml.policy import Policy
from anju_ml.signature import shared_names

DAY = timedelta(days=1)


def test_it_has_the_columns_of_the_shared_hazard() -> None:
    rows = experience(0)
    names, _ = shared_names()
    assert rows.values.shape == (len(rows.weights), len(names))
    assert rows.values[:, names.index("nats")].std() > 0
    assert (rows.weights > 0).all()
    assert rows.failed_within(EDGES[-1]).any()


def test_it_has_days_of_wear_and_quiet_ones_that_differ() -> None:
    """In the column that tells most; were outcomes and values out of step, they would be alike."""
    rows = experience(0)
    odds = rows.values[:, shared_names()[0].index("odds that tells most")]
    near, quiet = rows.failed_within(7.0), ~rows.failed_within(EDGES[-1])
    assert np.median(odds[near]) > np.quantile(odds[quiet], 0.8)


def test_it_counts_less_the_more_failures_a_fleet_has() -> None:
    none, some, many = (float(experience(count).weights.sum()) for count in (0, 20, 400))
    assert some == pytest.approx(none / 2)
    assert many < none / 20


def test_a_fleet_with_few_failures_is_judged_better_with_it(
    make_fleet: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten machines of other physics than those of the experience, after three months; later it matters less."""
    fleets = [make_fleet(pumps=6, gates=4, days=215, every_h=12, seed=seed).build() for seed in (1, 2, 3, 4)]
    informed = np.mean([_log_loss(fleet) for fleet in fleets])
    monkeypatch.setattr(hazards, "experience", _nothing)
    alone = np.mean([_log_loss(fleet) for fleet in fleets])
    assert informed < 0.97 * alone


def _nothing(_failures: int) -> Rows:
    rows = experience(0)
    return rows.take(np.zeros(len(rows.weights), np.bool_))


def _log_loss(fleet: History) -> float:
    """Of failures within 30 days, on every fifth day of the two months after the training."""
    span = fleet.span()
    assert span is not None
    start = span[0] + 90 * DAY
    model = train(fleet, as_of=start, horizon=30 * DAY, lead=DAY, policy=Policy())
    onsets = {key: list(own["onset"]) for key, own in find_failures(fleet).group_by("asset_id", "component")}
    losses = []
    for now in (start + ahead * DAY for ahead in range(1, 60, 5)):
        for risk in model.predict(fleet, as_of=now):
            failed = any(now <= onset < now + 30 * DAY for onset in onsets.get((risk.asset_id, risk.component), ()))
            losses.append(-np.log(risk.p_30d if failed else 1.0 - risk.p_30d))
    return float(np.mean(losses))
