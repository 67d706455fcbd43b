"""Load is found from how series move together from day to day, and taken off what follows it."""

import numpy as np
import numpy.typing as npt
import pytest

from anju_ml.load import Load, learn_load

NAMES = ("speed", "amps", "hum", "hum|high")
POINTS = ("speed", "amps", "hum", "hum")
DAYS = 200
Floats = npt.NDArray[np.float32]


def machines(*, seed: int = 0, wear: float = 0.0) -> Floats:
    """30 pumps whose amperes follow a speed that somebody else sets; `wear` more on the last day of the first."""
    rng = np.random.default_rng(seed)
    speed = 50 + rng.normal(0, 8, (30, DAYS))
    amps = 4 + 0.2 * (speed - 50) + 0.004 * (speed - 50) ** 2 + rng.normal(0, 0.1, speed.shape)
    amps[0] += wear * np.linspace(0, 1, DAYS)
    hum = rng.normal(0, 1, speed.shape)
    return np.stack([speed, amps, hum, hum + 0.01], axis=2).astype(np.float32)


def learned(values: Floats, *, origin: int = DAYS) -> Load:
    return learn_load(values, NAMES, POINTS, origin=origin)


def test_what_follows_the_load_stands_still_when_that_is_taken_off_and_wear_stays() -> None:
    values = machines(wear=2.0)
    load = learned(values)
    assert (load.series, set(load.follows)) == ("speed", {"amps"})
    plain = load.taken_off(values, NAMES)[:, :, 1]
    assert plain[1:].std() < 0.2 < values[1:, :, 1].std()
    assert plain[0, -20:].mean() - plain[0, :20].mean() == pytest.approx(1.8, abs=0.2)


def test_the_load_is_what_explains_most_and_not_what_it_moves() -> None:
    """Amperes and flow bend with the speed, so that they are more alike than either is like the speed."""
    rng = np.random.default_rng(3)
    speed = rng.uniform(10, 90, (30, DAYS))
    amps, flow = 0.004 * speed**2, 0.02 * speed**2
    noisy = [each * (1 + rng.normal(0, 0.02, speed.shape)) for each in (amps, flow)]
    values = np.stack([*noisy, speed], axis=2).astype(np.float32)
    load = learn_load(values, ("amps", "flow", "speed"), ("amps", "flow", "speed"), origin=DAYS)
    assert (load.series, set(load.follows)) == ("speed", {"amps", "flow"})


def test_the_greatest_of_a_day_is_held_against_the_greatest_load_of_that_day() -> None:
    rng = np.random.default_rng(4)
    speed, peak = rng.uniform(40, 60, (30, DAYS)), rng.uniform(60, 90, (30, DAYS))
    values = np.stack([speed, peak, 0.1 * speed, 0.1 * peak], axis=2).astype(np.float32)
    names = ("speed", "speed|high", "amps", "amps|high")
    load = learn_load(values, names, ("speed", "speed", "amps", "amps"), origin=DAYS)
    plain = load.taken_off(values, names)
    assert load.series in {"speed", "amps"}
    followers = [2, 3] if load.series == "speed" else [0, 1]
    assert (plain[:, :, followers].std(axis=(0, 1)) < 0.05 * values[:, :, followers].std(axis=(0, 1))).all()


def test_a_swing_is_held_against_the_swing_of_the_load_and_a_silent_point_against_nothing() -> None:
    rng = np.random.default_rng(5)
    speed, swing = rng.uniform(40, 60, (30, DAYS)), rng.uniform(0, 20, (30, DAYS))
    amps = 0.1 * speed + rng.normal(0, 0.3, speed.shape)
    silent = np.full(speed.shape, np.nan)
    values = np.stack([speed, swing, amps, 0.1 * swing, silent], axis=2).astype(np.float32)
    names = ("speed", "speed|swing", "amps", "amps|swing", "silent")
    load = learn_load(values, names, ("speed", "speed", "amps", "amps", "silent"), origin=DAYS)
    assert {name: each.driver for name, each in load.follows.items()} in (
        {"amps": "speed", "amps|swing": "speed|swing"},
        {"speed": "amps", "speed|swing": "amps|swing"},
    )


def test_an_increase_by_unit_of_use_is_no_load() -> None:
    values = machines()
    load = learn_load(values[:, :, :2], ("litres|per_use", "amps"), ("litres", "amps"), origin=DAYS)
    assert (load.series, set(load.follows)) == ("amps", {"litres|per_use"})


def test_points_that_go_their_own_way_are_left_as_they_are() -> None:
    values = machines()
    assert np.array_equal(learned(values).taken_off(values, NAMES)[:, :, [0, 2, 3]], values[:, :, [0, 2, 3]])
    alone = values[:, :, [2, 3]]
    assert learn_load(alone, NAMES[2:], POINTS[2:], origin=DAYS) == Load()
    assert Load().taken_off(alone, NAMES[2:]) is alone


def test_a_load_that_is_missing_for_some_days_is_carried_and_for_long_leaves_a_gap() -> None:
    values = machines()
    load = learned(values)
    values[0, :5, 0] = np.nan
    values[1, 50:60, 0] = np.nan
    told = load.taken_off(values, NAMES)[:, :, 1]
    assert np.isnan(told[0, :5]).all()
    last = load.ranges["speed"].away(values[1:2, 49:50, 0])
    assert told[1, 50] == pytest.approx(values[1, 50, 1] - load.follows["amps"].given(last)[0, 0], rel=0.01)
    assert np.isnan(told[1, 53:60]).all()
    assert not np.isnan(told[2:]).any()


def test_weather_that_all_share_is_no_load_and_wear_of_one_point_stays_off_the_others() -> None:
    rng = np.random.default_rng(1)
    weather = 20 + np.cumsum(rng.normal(0, 2, DAYS))
    values = weather[None, :, None] + rng.normal(0, 0.3, (30, DAYS, 3))
    values[0, -50:, 1] += 20.0
    assert learn_load(values.astype(np.float32), ("a", "b", "c"), ("a", "b", "c"), origin=DAYS) == Load()


def test_a_load_never_seen_before_moves_its_followers_no_further_than_the_greatest_seen() -> None:
    values = machines()
    load = learned(values)
    values[0, 10, 0] = 65_535.0
    assert abs(load.taken_off(values, NAMES)[0, 10, 1]) < 20


def test_what_comes_after_the_origin_teaches_nothing() -> None:
    values = machines()
    other = values.copy()
    other[:, 120:] = machines(seed=9)[:, 120:] * 3
    assert learned(values, origin=120) == learned(other, origin=120)


@pytest.mark.parametrize("origin", [0, 1, 3])
def test_a_record_too_short_to_tell_has_no_load(origin: int) -> None:
    assert learned(machines(), origin=origin) == Load()
    assert learn_load(np.empty((30, DAYS, 0), np.float32), (), (), origin=DAYS) == Load()
