"""Base rates over many assets, in the wide bounds of what is known of real communities."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from anju_simulators.physics.life import SUDDEN
from anju_simulators.scenario import Scenario
from anju_simulators.world import World

START = datetime(2024, 3, 1, tzinfo=UTC)
END = START + timedelta(days=365)
COUNTS = {"lift": 200, "door": 200, "electric_meter": 600, "water_meter": 600}


@pytest.fixture(scope="module")
def world() -> World:
    world = World(
        Scenario(seed=99, start=START, lifts=200, doors=200, electric_meters=600, water_meters=600),
    )
    world.run(END)
    return world


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [("lift", 3.0, 4.2), ("door", 0.9, 1.5), ("electric_meter", 0.1, 0.22), ("water_meter", 0.17, 0.34)],
)
def test_repairs_with_a_fault_found_come_as_often_as_in_real_communities(
    world: World, kind: str, low: float, high: float
) -> None:
    prefix = {"lift": "lift-", "door": "door-", "electric_meter": "em-", "water_meter": "wm-"}[kind]
    found = [
        row
        for row in world.repairs(START, END)
        if row.asset_id.startswith(prefix) and row.cause == "corrective" and row.fault_found
    ]
    assert low <= len(found) / COUNTS[kind] <= high


def test_most_lift_failures_are_of_the_door_system(world: World) -> None:
    counted = Counter(row.component for row in world.failures(START, END) if row.asset_id.startswith("lift-"))
    assert 0.6 <= (counted["door_operator"] + counted["door_lock"]) / counted.total() <= 0.8


def test_a_fifth_to_a_third_of_the_failures_come_without_warning(world: World) -> None:
    failures = world.failures(START, END)
    assert 0.2 <= sum(row.mode == SUDDEN for row in failures) / len(failures) <= 0.3


def test_entrapments_are_rare_and_mostly_not_the_machine_s_fault() -> None:
    many = Scenario(seed=3, start=START, lifts=150, doors=0, electric_meters=0, water_meters=0, entrapments=20.0)
    world = World(many)
    world.run(END)
    causes = Counter(row.cause for row in world.entrapments(START, END))
    per_lift_day = causes.total() / 20.0 / 150 / 365
    assert 0.00006 <= per_lift_day <= 0.00017
    outside = (causes["external"] + causes["human"]) / causes.total()
    assert 0.5 <= outside <= 0.8
    trapped = [row for row in world.events(START, END) if row.code.startswith("lift.trapped") and row.state == "raise"]
    assert len(trapped) == causes.total()


def test_some_visits_find_nothing_and_maintenance_seldom_does_more_than_look(world: World) -> None:
    counted = Counter((row.cause, row.fault_found) for row in world.repairs(START, END))
    assert counted["corrective", False] > 0.1 * counted["corrective", True]
    assert 0 < counted["preventive", True] < 0.03 * counted["preventive", False]


def test_lifts_are_maintained_twice_a_month(world: World) -> None:
    visits = [row for row in world.repairs(START, END) if row.asset_id == "lift-01"]
    maintenance = sorted(row.opened_at for row in visits if row.cause == "preventive" and not row.fault_found)
    gaps = [(later - earlier).days for earlier, later in pairwise(maintenance)]
    assert max(gaps) <= 19
    assert 22 <= len(maintenance) <= 26


def test_most_failures_of_lifts_are_reported_by_residents_and_some_before_they_happen(world: World) -> None:
    early = [life for life in world.truth() if life.ended_by == "preventive"]
    assert len(early) > 0.1 * len(world.failures(START, END))
    complaints = [row for row in world.complaints(START, END) if row.asset_id.startswith("lift-")]
    assert len(complaints) > 3 * COUNTS["lift"]
