"""Assets answer a load each in its own measure, which is learned from their own past as far as it is no chance."""

import numpy as np
import numpy.typing as npt
import pytest

from anju_ml.load import learn_load
from anju_ml.responses import Response, answered, learn_response

DAYS = 200
Doubles = npt.NDArray[np.float64]


def fleet(*, seed: int = 0, apart: float, noise: float = 0.1, assets: int = 30) -> tuple[Doubles, Doubles, Doubles]:
    """What the load gives, what assets show, and how much more of it each shows."""
    rng = np.random.default_rng(seed)
    given = rng.normal(0, 1, (assets, DAYS)) + rng.normal(0, 2, (assets, 1))
    more = rng.normal(0, apart, assets)
    shown = given * (1 + more[:, None]) + rng.normal(0, noise, given.shape) + rng.normal(0, 5, (assets, 1))
    return given, shown, more


def unrest(values: Doubles) -> float:
    """Spread about each asset's own mean once it is known."""
    late = values[:, DAYS // 2 :]
    return float((late - late.mean(axis=1, keepdims=True)).std())


def test_an_asset_with_a_curve_of_its_own_stands_still_once_that_is_learned() -> None:
    given, shown, _ = fleet(apart=0.3)
    left = shown - given
    response = learn_response(given, left)
    assert response.apart == pytest.approx(0.3, rel=0.35)
    assert unrest(left) > 0.25
    assert unrest(left - answered(given, left, response)) < 0.12


def test_differences_that_chance_explains_are_none() -> None:
    fleets = [fleet(apart=0.0, noise=1.0, seed=seed) for seed in range(5)]
    assert max(learn_response(given, shown - given).apart for given, shown, _ in fleets) < 0.1
    given, shown, _ = fleets[0]
    assert not answered(given, shown - given, Response(0.0, 1.0)).any()


def test_of_a_share_hardly_known_little_is_taken_off() -> None:
    given, shown, more = fleet(apart=0.3, noise=1.0)
    taken = answered(given, shown - given, Response(0.3, 1.5))
    away = given - np.cumsum(given, axis=1) / np.arange(1, DAYS + 1)
    early, late = taken[:, 2] / away[:, 2], taken[:, -1] / away[:, -1]
    assert np.std(early) < 0.6 * np.std(late)
    assert np.corrcoef(late, more)[0, 1] > 0.9


def test_days_to_come_change_nothing_and_gaps_leave_gaps() -> None:
    given, shown, _ = fleet(apart=0.3)
    given[3, 50:60] = np.nan
    left = shown - given
    left[4, 70:80] = np.nan
    response = learn_response(given, left)
    whole = answered(given, left, response)
    assert np.array_equal(answered(given[:, :90], left[:, :90], response), whole[:, :90], equal_nan=True)
    assert np.isnan(whole[3, 50:60]).all()
    assert not np.isnan(whole[[0, 1, 2, 4]]).any()


def test_a_jump_after_a_repair_is_not_taken_for_an_answer() -> None:
    given, shown, _ = fleet(apart=0.3)
    repaired = shown.copy()
    repaired[0, 150:] -= 20.0
    response = learn_response(given, shown - given)
    before, after = (answered(given, values - given, response)[0, 150:] for values in (shown, repaired))
    assert np.abs(after - before).max() < 0.1


def test_weather_that_moves_all_is_no_answer_to_the_load() -> None:
    given, shown, _ = fleet(apart=0.2)
    weather = np.cumsum(np.random.default_rng(9).normal(0, 1, DAYS))
    response = learn_response(given, shown - given)
    dry = answered(given, shown - given, response)
    wet = answered(given, shown + weather - given, response)
    assert np.abs(wet - dry).max() < 1e-9


@pytest.mark.parametrize("assets", [1, 4])
def test_of_too_few_assets_nothing_is_learned(assets: int) -> None:
    given, shown, _ = fleet(apart=0.3, assets=assets)
    assert learn_response(given, shown - given) == Response()
    assert learn_response(given, np.full(given.shape, np.nan)) == Response()


def test_the_load_of_a_kind_is_taken_off_each_asset_in_its_measure() -> None:
    rng = np.random.default_rng(6)
    speed = 50 + rng.normal(0, 8, (30, DAYS))
    curve = rng.normal(1, 0.2, (30, 1))
    amps = curve * (4 + 0.2 * (speed - 50) + 0.004 * (speed - 50) ** 2) + rng.normal(0, 0.05, speed.shape)
    amps[0, -40:] *= 0.9
    flow = rng.normal(1, 0.2, (30, 1)) * 0.02 * speed**2 + rng.normal(0, 0.3, speed.shape)
    values, names = np.stack([speed, amps, flow], axis=2).astype(np.float32), ("speed", "amps", "flow")
    load = learn_load(values, names, names, origin=DAYS)
    assert load.series == "speed"
    assert load.follows["amps"].response.apart == pytest.approx(0.2, rel=0.4)
    plain = load.taken_off(values, names)[:, :, 1].astype(np.float64)
    assert unrest(plain[1:]) < 0.12
    worn, usual = plain[0, -30:].mean(), plain[0, 60:-40].mean()
    assert usual - worn > 3 * plain[0, 60:-40].std()
