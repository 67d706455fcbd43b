"""Members count by how well they told failures of assets that they hadn't seen."""

import numpy as np
import pytest

from anju_ml.blend import blended, weigh
from anju_ml.dataset import Outcomes
from anju_ml.hazard import Doubles

DAYS = np.arange(60, dtype=np.int64)


def outcomes(fails: list[bool]) -> Outcomes:
    """Assets watched for long, of which some fail on day 60."""
    shape = len(fails), len(DAYS)
    fails_in = np.where(np.array(fails)[:, None], 60.0 - DAYS, np.inf)
    never = np.full(shape, np.inf)
    return Outcomes(fails_in, np.full(shape, 500.0), never, np.ones(shape, np.bool_), np.full(len(DAYS), 500.0))


def knowing(fails: list[bool], sure: float, *, seed: int) -> Doubles:
    """Log-odds [asset, origin, interval] that tell failing assets apart by `sure`, amid noise."""
    rng = np.random.default_rng(seed)
    odds = -3 + sure * np.array(fails)[:, None] + rng.normal(0, 1, (len(fails), len(DAYS)))
    return np.repeat(odds[:, :, None], 2, axis=2)


def test_who_told_the_failures_counts_and_who_guessed_does_not() -> None:
    fails = [index % 4 == 0 for index in range(80)]
    said = {
        "shared": knowing(fails, 0.0, seed=1),
        "own": knowing(fails, 4.0, seed=2),
        "direct": knowing(fails, 0.0, seed=3),
    }
    weights = weigh(said, outcomes(fails), DAYS, 30.0)
    assert sum(weights.values()) == pytest.approx(1.0)
    assert weights["own"] == pytest.approx(0.5, abs=0.1)
    assert weights["direct"] < 0.1
    swapped = weigh({**said, "own": said["direct"], "direct": said["own"]}, outcomes(fails), DAYS, 30.0)
    assert swapped["direct"] == pytest.approx(weights["own"])


def test_shared_members_have_half_the_say_at_least() -> None:
    fails = [index % 4 == 0 for index in range(80)]
    said = {"shared": knowing(fails, 0.0, seed=1), "own": knowing(fails, 4.0, seed=2)}
    assert 0.5 <= weigh(said, outcomes(fails), DAYS, 30.0)["shared"] < 0.6


def test_two_failures_move_the_weights_less_than_twenty() -> None:
    few, many = ([index < count for index in range(80)] for count in (2, 20))
    found = [
        weigh({"shared": knowing(each, 1.0, seed=4), "own": knowing(each, 2.0, seed=5)}, outcomes(each), DAYS, 30.0)
        for each in (few, many)
    ]
    assert 0.25 < found[0]["own"] < found[1]["own"]


def test_the_only_sort_has_all_to_say_and_without_failures_all_blends_are_alike() -> None:
    fails = [True] * 5 + [False] * 20
    assert weigh({"shared": knowing(fails, 1.0, seed=6)}, outcomes(fails), DAYS, 30.0) == {"shared": 1.0}
    calm = {"shared": knowing([False] * 25, 1.0, seed=6), "own": knowing([False] * 25, 1.0, seed=7)}
    assert weigh(calm, outcomes([False] * 25), DAYS, 30.0) == {"shared": 0.75, "own": 0.25}


def test_a_blend_lies_between_what_is_blended_and_says_nothing_of_what_is_not_watched() -> None:
    low, high = np.full((2, 3, 1), np.log(1 / 9)), np.full((2, 3, 1), np.log(1.5))
    watched = np.ones((2, 3), np.bool_)
    watched[1, 2] = False
    found = blended({"shared": low, "own": high}, {"shared": 0.5, "own": 0.5}, watched)
    assert found[1, 2, 0] == 0.0
    assert found[0, 0, 0] == pytest.approx(1 / (1 + np.exp(-(np.log(1 / 9) + np.log(1.5)) / 2)))
