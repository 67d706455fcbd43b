"""How rare evidence is on quiet days: nats are the log of the share of days that show as much."""

import numpy as np
import pytest

from anju_ml.rarity import BEYOND_NATS, learn_rarity

EVEN = np.ones(10_000)


def days() -> np.ndarray:
    return np.random.default_rng(5).exponential(1.0, (10_000, 1))


@pytest.mark.parametrize("share", [0.5, 0.1, 0.01])
def test_nats_are_minus_the_log_of_the_share_of_quiet_days_that_show_as_much(share: float) -> None:
    quiet = days()
    level = np.quantile(quiet, 1 - share)
    assert learn_rarity(quiet, EVEN).nats_of(np.array([[level]]))[0, 0] == pytest.approx(-np.log(share), rel=0.1)


def test_a_day_that_stands_for_many_makes_what_it_shows_common() -> None:
    quiet = days()
    heavy = np.where(quiet[:, 0] > 3.0, 20.0, 1.0)
    at_three = np.array([[3.0]])
    assert learn_rarity(quiet, heavy).nats_of(at_three)[0, 0] < learn_rarity(quiet, EVEN).nats_of(at_three)[0, 0] - 1.5


def test_more_is_never_less_rare_and_beyond_all_days_nats_grow_to_an_end() -> None:
    rarity = learn_rarity(days(), EVEN)
    found = rarity.nats_of(np.linspace(-5, 500, 2000)[:, None])[:, 0]
    assert (np.diff(found) >= 0).all()
    assert found[0] == 0
    assert found[-1] == pytest.approx(rarity.nats[0, -1] + BEYOND_NATS)


def test_what_every_day_shows_and_what_no_day_was_asked_about_are_not_rare() -> None:
    assert learn_rarity(np.zeros((50, 2)), np.ones(50)).nats_of(np.zeros((1, 2))).tolist() == [[0.0, 0.0]]
    assert learn_rarity(np.empty((0, 2)), np.empty(0)).nats_of(np.array([[-3.0, 3.0]])).tolist() == [[0.0, 0.0]]
