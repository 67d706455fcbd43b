"""Thresholds from replayed tickets: few tickets lean on what the probabilities promise, many on what came out."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from anju_ml.dataset import Outcomes
from anju_ml.hazard import expit
from anju_ml.policy import FailureCost, Policy
from anju_ml.prepare import Prepared
from anju_ml.target import Target
from anju_ml.thresholds import (
    CANDIDATES,
    Replayed,
    Shares,
    choose_thresholds,
    estimated,
    promised,
    rising,
)
from anju_ml.training import Unseen

DAYS = np.arange(200, 300)
POLICY = replace(Policy(), least_probability=0.3)


def target(kind: str) -> Target:
    none = cast("Any", None)
    return Target(kind, "part", (30.0,), none, none, {}, {}, 0, none)


def prepared() -> Prepared:
    features = SimpleNamespace(origins=DAYS)
    return cast("Prepared", SimpleNamespace(features=features, later=np.arange(len(DAYS))))


CALM = 20


def unseen(p: list[float], fails: list[bool]) -> Unseen:
    """Assets that stand at `p` from the first day on; those that fail do so 15 days in, others never. Beside each
    stand CALM that show nothing."""
    p, fails = p + [0.01] * (CALM * len(p)), fails + [False] * (CALM * len(p))
    shape = len(p), len(DAYS)
    onset = np.where(fails, DAYS[0] + 15.0, np.inf)
    found = Outcomes(
        fails_in=np.where(onset[:, None] >= DAYS, onset[:, None] - DAYS, np.inf),
        known_for=np.full(shape, 1000.0),
        worn_in=np.full(shape, np.inf),
        observed=np.broadcast_to(DAYS[0] + 10 >= DAYS, shape),
        recorded_for=np.full(len(DAYS), 1000.0),
    )
    return Unseen(np.broadcast_to(np.array(p)[:, None, None], (*shape, 1)), found)


def bars(assets: dict[str, Unseen], policy: Policy = POLICY) -> dict[str, float]:
    kinds = {kind: prepared() for kind in assets}
    chosen = choose_thresholds(
        kinds,
        {kind: {"part": target(kind)} for kind in assets},
        {kind: {"part": each} for kind, each in assets.items()},
        policy,
    )
    return {kind: each["part"].threshold for kind, each in chosen.items()}


def tickets(p: float, fails_in: list[float], known_for: list[float]) -> Replayed:
    """Tickets of one probability, all of them opened a horizon before the end of the record."""
    count = len(fails_in)
    never = np.full(count, np.inf)
    return Replayed(np.full(count, p), np.array(fails_in), np.array(known_for), never, count)


def test_few_tickets_lean_on_the_promise_and_many_on_what_came_out() -> None:
    prior = Shares(0.7, 0.9)
    few = estimated(tickets(0.7, [np.inf], [200.0]), prior, 15.0, POLICY)
    many = estimated(tickets(0.7, [np.inf] * 300, [200.0] * 300), prior, 15.0, POLICY)
    assert few.needed > 0.8
    assert many.needed < 0.05
    assert estimated(Replayed(), prior, 15.0, POLICY) == prior


def test_probabilities_promise_more_in_two_months_than_within_the_horizon() -> None:
    assert promised(tickets(0.5, [10.0], [90.0]), 0.9, POLICY) == Shares(0.5, 0.75)
    assert promised(Replayed(), 0.5, POLICY) == Shares(0.5, 0.75)


def test_a_ticket_whose_record_ends_early_is_no_evidence_against_it() -> None:
    whole = tickets(0.7, [50.0] * 20 + [np.inf] * 5, [200.0] * 25)
    cut = tickets(0.7, [50.0] * 20 + [np.inf] * 55, [200.0] * 25 + [40.0] * 50)
    assert whole.failed_by(90.0) == cut.failed_by(90.0) == pytest.approx(0.8)
    assert cut.failed_by(45.0) == 0


def test_wear_that_a_visit_found_shows_the_need_and_a_preventive_change_without_a_finding_shows_nothing() -> None:
    change_after_40 = tickets(0.7, [np.inf] * 10, [40.0] * 10)
    found_worn = replace(change_after_40, worn_in=np.full(10, 40.0))
    assert (change_after_40.needed_by(90.0), found_worn.needed_by(90.0)) == (0.0, 1.0)
    assert found_worn.failed_by(90.0) == 0.0
    assert estimated(found_worn, Shares(0.0, 0.0), 0.0, POLICY) == Shares(0.0, 1.0)


def test_a_failure_before_the_lead_is_no_hit_but_was_needed() -> None:
    found = estimated(tickets(0.7, [0.5, 10.0], [90.0, 90.0]), Shares(0.0, 0.0), 0.0, POLICY)
    assert (found.right, found.needed) == pytest.approx((0.5, 1.0))


def test_a_bar_under_which_too_many_tickets_came_to_nothing_is_raised() -> None:
    p = [0.6] * 60 + [0.9] * 60
    honest = bars({"pump": unseen(p, [True] * 120)})
    disappointed = bars({"pump": unseen(p, [False] * 60 + [True] * 60)})
    assert honest["pump"] < 0.6 < disappointed["pump"] <= 0.9


def test_a_lucky_bar_below_an_unlucky_one_counts_no_more_than_both() -> None:
    shares = [Shares(0.2, 0.5), Shares(0.6, 0.92), Shares(0.5, 0.8), Shares(0.9, 0.95)]
    found = rising(shares, np.array([10.0, 10.0, 30.0, 5.0]))
    assert [each.needed for each in found] == pytest.approx([0.5, 0.83, 0.83, 0.95])
    assert [each.right for each in found] == pytest.approx([0.2, 0.525, 0.525, 0.9])


def test_more_trust_asked_for_never_lowers_the_bar() -> None:
    p = list(expit(np.linspace(-1, 3, 80)))
    fleet = {"pump": unseen(p, [index % 80 / 80 < chance for index, chance in enumerate(p)])}
    found = [bars(fleet, replace(POLICY, needed=needed))["pump"] for needed in (0.5, 0.8, 0.9, 0.97)]
    assert found == sorted(found)
    assert found[0] < found[-1]


def test_a_kind_with_few_tickets_goes_by_what_all_kinds_have_shown() -> None:
    p = [0.6] * 60 + [0.9] * 60
    crowd = unseen(p, [False] * 60 + [True] * 60)
    found = bars({"pump": crowd, "gate": unseen([0.6], [True])})
    assert found["gate"] > 0.6


def test_of_bars_that_earn_the_same_the_highest_is_taken() -> None:
    assert 0.8 < bars({"pump": unseen([0.9] * 80, [True] * 80)})["pump"] <= 0.9


def test_a_lower_bar_is_taken_where_it_earns_much_more_and_not_where_it_earns_little() -> None:
    many = bars({"pump": unseen([0.9] * 80 + [0.6] * 80, [True] * 80 + [True, True, True, False] * 20)})
    few = bars({"pump": unseen([0.9] * 80 + [0.6] * 4, [True] * 80 + [True, True, True, False])})
    assert many["pump"] <= 0.6 < few["pump"]


def test_tickets_that_only_cost_get_the_highest_bar() -> None:
    cheap = replace(POLICY, costs={"": FailureCost(300.0, 250.0, 0.0, 0.0)})
    assert bars({"pump": unseen([0.7] * 80, [True, False] * 40)}, cheap)["pump"] >= CANDIDATES[-1]


@pytest.mark.parametrize("fails", [True, False])
def test_a_fleet_without_a_single_ticket_gets_the_bar_that_probabilities_promise(fails: bool) -> None:
    found = bars({"pump": unseen([0.05] * 10, [fails] * 10)})
    needed = 1 - (1 - CANDIDATES) ** 2
    assert found["pump"] == pytest.approx(CANDIDATES[needed >= POLICY.needed][0])
