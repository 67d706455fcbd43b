"""Two arms of one world: what differs between them is what the tickets changed, and nothing else."""

from datetime import datetime, timedelta

import pytest

from anju_simulators.hours import to_hours
from anju_simulators.scenario import Scenario
from anju_simulators.twin.arm import Arm, Plan, begin
from anju_simulators.twin.compare import Pair, compare
from anju_simulators.twin.desk import Desk
from anju_simulators.twin.foresight import Foreseen, Prices
from anju_simulators.twin.tally import Outcome

PRICES = Prices(
    visit=200.0,
    false_visit=400.0,
    entrapment=5000.0,
    costs={"": {"reactive": 1000.0, "planned": 400.0, "downtime_per_h": 50.0}},
)
PLAN = Plan(Scenario(seed=7, lifts=6, doors=6, electric_meters=0, water_meters=0, failures=3.0), known_days=60, days=90)


def outcome(complaints: int, cost: float) -> Outcome:
    return Outcome(complaints, 0, 5, 10.0, 0, 7, 0, 1, 0, cost)


@pytest.fixture(scope="module")
def reactive() -> Outcome:
    arm = Arm(PLAN, begin(PLAN))
    arm.live()
    return arm.outcome(PRICES)


def test_the_same_arm_lived_again_is_the_same(reactive: Outcome) -> None:
    again = Arm(PLAN, begin(PLAN))
    again.live()
    assert again.outcome(PRICES) == reactive
    assert reactive.complaints > 5
    assert reactive.visits_foreseen == 0


def test_tickets_that_know_the_future_halve_failures_and_cost_less(reactive: Outcome) -> None:
    world = begin(PLAN)
    arm = Arm(PLAN, world)

    def know(now: datetime, desk: Desk) -> None:
        for life in world.truth():
            worn = life.detectable_from is not None and life.detectable_from <= now
            if worn and life.ended_at is None and now < life.fails_at < now + timedelta(days=30):
                desk.foresee(Foreseen(life.asset_id, life.component, 1.0), to_hours(now))

    arm.live(know)
    ahead = arm.outcome(PRICES)
    assert ahead.complaints < reactive.complaints / 2
    assert ahead.failures < reactive.failures
    assert ahead.cost < reactive.cost
    assert ahead.foreseen_needed >= 0.9 * ahead.visits_foreseen
    assert ahead.other_complaints == reactive.other_complaints


def test_visits_to_sound_assets_cost_and_repair_nothing(reactive: Outcome) -> None:
    arm = Arm(PLAN, begin(PLAN))
    arm.live(lambda now, desk: _send_somewhere(desk, now))
    blind = arm.outcome(PRICES)
    assert blind.visits_foreseen > 80
    assert blind.visits_without_finding > reactive.visits_without_finding + 60
    assert blind.cost > reactive.cost


def _send_somewhere(desk: Desk, now: datetime) -> None:
    for number in (1, 2):
        desk.foresee(Foreseen(f"lift-0{number}", "controller", 1.0), to_hours(now))


def test_an_interval_covers_the_difference_and_excludes_zero_only_when_all_communities_agree() -> None:
    pairs = [Pair(seed, outcome(10 + seed, 1000.0), outcome(4 + seed, 1000.0 + (-1) ** seed)) for seed in range(12)]
    measures = compare(pairs)
    low, high = measures["complaints"]["difference_95"]
    assert low <= measures["complaints"]["difference"] == -6.0 <= high < 0
    low, high = measures["cost"]["difference_95"]
    assert low < 0 < high
    assert measures["entrapments"]["ratio"] is None
