"""The simulated world repeats itself, goes on live, doesn't tell its future, and is mended only where it is broken."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

from anju_simulators.kinds import PHYSICS
from anju_simulators.physics.life import SUDDEN
from anju_simulators.scenario import Scenario
from anju_simulators.workshop import Workshop
from anju_simulators.world import World

START = datetime(2024, 1, 17, 5, tzinfo=UTC)
SMALL = Scenario(seed=11, start=START, lifts=3, doors=3, electric_meters=2, water_meters=2)


def after(days: float) -> datetime:
    return START + timedelta(days=days)


def world_at(days: float, scenario: Scenario = SMALL, workshop: Workshop = Workshop.REACTIVE) -> World:
    world = World(scenario)
    world.run(after(days), workshop=workshop)
    return world


def all_readings(world: World, days: float) -> Iterator[tuple[str, str, np.ndarray]]:
    for spec in world.assets:
        _, values = world.hourly(spec.asset_id, START, after(days))
        yield from ((spec.asset_id, point, series) for point, series in values.items())


def assert_same_readings(left: World, right: World, days: float) -> None:
    for (asset_id, point, here), (_, _, there) in zip(all_readings(left, days), all_readings(right, days), strict=True):
        np.testing.assert_array_equal(here, there, err_msg=f"{asset_id} {point}")


def test_the_same_seed_gives_the_same_world() -> None:
    one, two = world_at(120), world_at(120)
    assert_same_readings(one, two, 120)
    assert one.events(START, after(120)) == two.events(START, after(120))
    assert one.repairs(START, after(120)) == two.repairs(START, after(120))
    assert one.truth() == two.truth()


def test_another_seed_gives_another_world() -> None:
    other = Scenario(seed=12, start=START, lifts=3, doors=3, electric_meters=2, water_meters=2)
    assert world_at(60).events(START, after(60)) != world_at(60, other).events(START, after(60))


def test_it_doesn_t_matter_in_which_steps_the_world_is_advanced_and_asked() -> None:
    stepwise = World(SMALL)
    for day in np.arange(0.0, 120.0, 3.7):
        stepwise.run(after(float(day)))
        for spec in stepwise.assets:
            stepwise.readings(spec.asset_id, after(float(day)))
        stepwise.events(after(max(float(day) - 3.7, 0.0)), after(float(day)))
    stepwise.run(after(120))
    at_once = world_at(120)
    assert_same_readings(stepwise, at_once, 120)
    assert stepwise.events(START, after(120)) == at_once.events(START, after(120))
    assert stepwise.complaints(START, after(120)) == at_once.complaints(START, after(120))
    assert stepwise.truth() == at_once.truth()


def test_events_of_consecutive_spans_are_those_of_the_whole() -> None:
    world = world_at(60)
    edges = [after(day) for day in (0, 0.01, 7.3, 29.9, 31, 60)]
    pieces = [row for start, end in pairwise(edges) for row in world.events(start, end)]
    assert sorted(pieces, key=repr) == sorted(world.events(START, after(60)), key=repr)


def test_past_readings_are_the_same_after_their_memory_was_given_back() -> None:
    kept, released = world_at(100), world_at(100)
    for spec in released.assets:
        released.release(spec.asset_id)
    assert_same_readings(kept, released, 100)


def test_an_asset_doesn_t_depend_on_how_many_others_there_are() -> None:
    alone = Scenario(seed=11, start=START, lifts=1, doors=0, electric_meters=0, water_meters=0)
    single, many = world_at(90, alone), world_at(90)
    for point, series in single.hourly("lift-01", START, after(90))[1].items():
        np.testing.assert_array_equal(series, many.hourly("lift-01", START, after(90))[1][point])
    assert single.events(START, after(90)) == many.events(START, after(90), asset_id="lift-01")


def test_readings_don_t_know_the_future() -> None:
    long = world_at(200)
    for day in (40, 111):
        short = world_at(day)
        assert_same_readings(short, long, day)
        assert short.events(START, after(day)) == long.events(START, after(day))


def test_a_sudden_failure_can_t_be_seen_coming() -> None:
    lifts = Scenario(seed=11, start=START, lifts=12, doors=0, electric_meters=0, water_meters=0)
    world, healed = world_at(200, lifts), World(lifts)
    failure = next(found for found in world.failures(after(60), after(200)) if found.mode == SUDDEN)
    line = healed._lines[failure.asset_id]  # the life is made to last, which no crew can
    row = [component.name for component in line.kind.components].index(failure.component)
    healed.run(failure.at - timedelta(hours=2))
    assert line.life(row).number == failure.life
    line.life(row).wears_from += 1e6
    until = failure.at - timedelta(seconds=1)
    before, never = (which.hourly(failure.asset_id, START, until)[1] for which in (world, healed))
    for point, series in before.items():
        np.testing.assert_array_equal(series, never[point])
    assert world.events(START, until, asset_id=failure.asset_id) == healed.events(
        START, until, asset_id=failure.asset_id
    )


def test_every_code_that_wear_provokes_occurs_without_wear_too() -> None:
    sound = Scenario(seed=5, start=START, lifts=25, doors=12, electric_meters=0, water_meters=0, failures=0.0)
    world = world_at(365, sound)
    assert world.failures(START, after(365)) == []
    seen = {row.code for row in world.events(START, after(365))}
    for kind in ("lift", "door"):
        for component in PHYSICS[kind].components:
            codes = {precursor.code for precursor in component.precursors} | {component.fault.code}
            assert codes <= seen, component.name


def test_counters_never_fall_whatever_fails() -> None:
    world = world_at(200)
    counters = {counter.name for kind in PHYSICS.values() for counter in kind.counters}
    for asset_id, point, series in all_readings(world, 200):
        if point in counters:
            known = series[~np.isnan(series)]
            assert (np.diff(known) >= 0).all(), (asset_id, point)
            assert known[-1] > known[0], (asset_id, point)


def test_live_readings_agree_with_the_hours_and_counters_grow_between_them() -> None:
    world = world_at(30)
    at = after(20)
    hours, values = world.hourly("door-01", at, after(21))
    assert len(hours) == 24
    shown = world.readings("door-01", at)
    assert shown["openings"] == values["openings"][0]
    minutes = [world.readings("door-01", at + timedelta(minutes=10 * step))["openings"] for step in range(144)]
    known = [count for count in minutes if count is not None]
    assert known == sorted(known)
    assert known[-1] > known[0]


def test_gaps_are_none_live_and_nan_in_hours() -> None:
    world = world_at(120)
    hours, values = world.hourly("lift-02", START, after(120))
    empty = np.flatnonzero(np.isnan(values["door_close_s"]))
    assert 0 < len(empty) < 0.2 * len(hours)
    at = START + timedelta(hours=int(empty[0]))
    assert world.readings("lift-02", at)["door_close_s"] is None


def test_without_gaps_every_hour_of_a_sound_asset_has_all_values() -> None:
    calm = Scenario(seed=3, start=START, lifts=0, doors=2, electric_meters=0, water_meters=0, gaps=0.0)
    for _, _, series in all_readings(world_at(60, calm), 60):
        assert not np.isnan(series).any()


def test_a_failed_part_stays_failed_until_somebody_from_outside_comes() -> None:
    only_lifts = Scenario(seed=11, start=START, lifts=6, doors=0, electric_meters=0, water_meters=0)
    world = World(only_lifts)
    world.run(START, workshop=Workshop.EXTERNAL)
    world.run(after(60))
    failure = next(found for found in world.failures(START, after(60)) if found.component != "guide_shoe")
    other = World(only_lifts)
    other.run(failure.at, workshop=Workshop.EXTERNAL)
    next_hour = failure.at.replace(minute=0, second=0) + timedelta(hours=1)
    later = next_hour + timedelta(hours=20)
    trips = other.hourly(failure.asset_id, next_hour, later)[1]["trips"]
    assert np.nanmax(trips) == np.nanmin(trips)
    visit = other.visit(failure.asset_id, failure.component, later)
    assert (visit.finding, visit.component) == ("confirmed", failure.component)
    again = other.hourly(failure.asset_id, later, later + timedelta(hours=24))[1]["trips"]
    assert np.nanmax(again) > np.nanmin(again)


def test_a_visit_without_anything_to_find_repairs_nothing() -> None:
    new = Scenario(seed=2, start=START, lifts=1, doors=1, electric_meters=1, water_meters=1, failures=0.0)
    world, untouched = world_at(10, new), world_at(10, new)
    for spec in world.assets:
        visit = world.visit(spec.asset_id, None, after(10))
        assert visit.finding == "nothing_found"
        assert visit.component is None
    assert_same_readings(world, untouched, 10)
    world.run(after(40))
    untouched.run(after(40))
    assert_same_readings(world, untouched, 40)


def worn_life(world: World, days: float) -> tuple[str, str, datetime, datetime]:
    """(asset, component, detectable from, fails at) of a part that wears out during an untouched run."""
    for life in world.truth():
        if life.detectable_from and after(5) < life.detectable_from and life.fails_at < after(days):
            return life.asset_id, life.component, life.detectable_from, life.fails_at
    pytest.fail("nobody wears out")


def test_a_crew_finds_wear_once_it_is_detectable_and_then_the_failure_doesn_t_come() -> None:
    asset_id, component, detectable, fails = worn_life(world_at(150, workshop=Workshop.EXTERNAL), 150)
    early = world_at(0, workshop=Workshop.EXTERNAL)
    assert early.visit(asset_id, component, detectable - timedelta(hours=1)).component != component
    timely = world_at(0, workshop=Workshop.EXTERNAL)
    visit = timely.visit(asset_id, component, detectable + timedelta(hours=1))
    assert (visit.finding, visit.component) == ("worn", component)
    ended = next(life for life in timely.truth() if life.asset_id == asset_id and life.component == component)
    assert ended.ended_by == "preventive"
    assert ended.fails_at == fails
    failures = timely.failures(START, fails + timedelta(hours=1))
    assert not any(
        found.asset_id == asset_id and found.component == component and found.life == 0 for found in failures
    )


def test_a_visit_changes_nothing_but_the_part_it_repairs() -> None:
    asset_id, component, detectable, fails = worn_life(world_at(150, workshop=Workshop.EXTERNAL), 150)
    visited, left = world_at(0, workshop=Workshop.EXTERNAL), world_at(0, workshop=Workshop.EXTERNAL)
    visited.visit(asset_id, component, detectable + timedelta(hours=1))
    for world in (visited, left):
        world.run(after(150))
    others = [
        [life for life in world.truth() if (life.asset_id, life.component) != (asset_id, component)]
        for world in (visited, left)
    ]
    assert [life.fails_at for life in others[0]] == [life.fails_at for life in others[1]]
    for spec in visited.assets:
        if spec.asset_id != asset_id:
            assert visited.events(START, after(150), asset_id=spec.asset_id) == left.events(
                START, after(150), asset_id=spec.asset_id
            )
    assert fails < after(150)


def test_a_visit_in_the_past_of_the_asset_takes_place_now() -> None:
    world = world_at(50)
    world.visit("lift-01", None, after(10))
    assert world.repairs(after(49.9), after(51))


def test_crews_on_their_way_are_called_off_when_tickets_take_over() -> None:
    scenario = Scenario(seed=4, start=START, lifts=12, doors=0, electric_meters=0, water_meters=0)
    world = world_at(90, scenario)
    world.run(after(90), workshop=Workshop.EXTERNAL)
    world.run(after(150))
    late = world.repairs(after(90) + timedelta(minutes=1), after(150))
    assert {row.cause for row in late if not row.fault_found} <= {"preventive"}


def test_a_silent_meter_doesn_t_answer_and_its_reader_counts_on() -> None:
    many = Scenario(seed=8, start=START, lifts=0, doors=1, electric_meters=40, water_meters=0, failures=4.0, gaps=0.0)
    world = world_at(200, many, Workshop.EXTERNAL)
    failure = next(found for found in world.failures(START, after(190)) if found.component == "comm_module")
    at = failure.at + timedelta(hours=3)
    link = world.link(failure.asset_id, at)
    assert link.silent
    assert link.error_share == 1.0
    shown = world.readings(failure.asset_id, at)
    assert shown["power_w"] is None
    assert world.readings(failure.asset_id, at + timedelta(hours=5))["comm_errors"] > shown["comm_errors"]  # type: ignore[operator]
    assert not world.link("door-01", at).silent
    before = world.link(failure.asset_id, START)
    assert before.latency_ms > 0


def test_a_power_cut_is_told_by_doors_and_lifts() -> None:
    world = world_at(365, Scenario(seed=1, start=START, lifts=2, doors=2, electric_meters=0, water_meters=0))
    codes = {row.code for row in world.events(START, after(365))}
    assert {"lift.mains_lost", "door.mains_lost"} <= codes


def test_every_alarm_that_is_raised_is_cleared_or_still_stands() -> None:
    world = world_at(365)
    standing: dict[tuple[str, str], int] = {}
    for row in world.events(START, after(366)):
        key = (row.asset_id, row.code)
        if row.state == "momentary":
            continue
        standing[key] = standing.get(key, 0) + (1 if row.state == "raise" else -1)
    assert all(count in (0, 1) for count in standing.values())
