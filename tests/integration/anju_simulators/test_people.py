"""Residents and crews of a simulated world, against the real REST API."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from serving import serving

from anju_contracts.clock import ScaledClock
from anju_simulators.devices.crew import CrewPolicy
from anju_simulators.devices.people import Crew, Residents
from anju_simulators.devices.platform_api import PlatformApi, Refused, Resolution, Unreachable
from anju_simulators.devices.visits import Visits, world_until
from anju_simulators.records import Failure
from anju_simulators.scenario import Scenario
from anju_simulators.workshop import Workshop
from anju_simulators.world import World

HARD_LIFE = Scenario(lifts=12, doors=0, electric_meters=0, water_meters=0, failures=3.0, seed=3)
LIVE_FROM = HARD_LIFE.start + timedelta(days=60)
NOON = datetime(2025, 5, 1, 4, tzinfo=UTC)
POLICY = CrewPolicy(technicians=("li",), watch_s=0.0, travel=timedelta(0), work=timedelta(0))


@pytest.fixture
def world() -> World:
    """Two months of which nobody repaired anything."""
    world = World(HARD_LIFE)
    world.run(LIVE_FROM)
    world.run(NOON, workshop=Workshop.EXTERNAL)
    return world


@pytest.fixture
def failed(world: World) -> Failure:
    """A part that has failed and waits for a crew, the only one of its lift."""
    broken = [failure for failure in world.failures(LIVE_FROM, NOON) if is_broken(world, failure)]
    lifts = [failure.asset_id for failure in broken]
    return next(failure for failure in broken if lifts.count(failure.asset_id) == 1)


@pytest.fixture
def platform(database_url: str, world: World) -> Iterator[str]:
    """The address of a platform that knows the community's lifts; its clock stands at NOON."""
    with psycopg.connect(database_url) as conn:
        conn.execute("INSERT INTO community VALUES ('jinxiu', '锦绣花园', 'Jinxiu Garden', DEFAULT, %s)", [NOON])
        for spec in world.assets:
            conn.execute(
                "INSERT INTO asset (community_id, code, kind, model, first_seen_at) VALUES ('jinxiu', %s, %s, %s, %s)",
                [spec.asset_id, spec.kind, spec.model, NOON],
            )
    with serving(database_url, clock=ScaledClock(NOON, datetime(2026, 1, 1, tzinfo=UTC), 1e-10)) as url:
        yield url


def with_api(url: str, act: Callable[[PlatformApi], Awaitable[None]]) -> None:
    async def run() -> None:
        async with PlatformApi(url, "jinxiu") as api:
            await act(api)

    asyncio.run(run())


async def complain(api: PlatformApi, asset: str) -> int:
    """A complaint of five hours ago, and the number of its ticket."""
    at = NOON - timedelta(hours=5)
    await api.complain(f"jinxiu:{asset}", "out_of_service", "电梯停了", at=at, request_id="one")
    (ticket,) = await api.tickets("new")
    return ticket.id


def is_broken(world: World, failure: Failure) -> bool:
    """Whether the life that failed still waits for its repair."""
    return any(
        (life.asset_id, life.component, life.life) == (failure.asset_id, failure.component, failure.life)
        and life.ended_at is None
        for life in world.truth()
    )


def test_residents_report_every_complaint_once(world: World, platform: str, database_url: str) -> None:
    expected = world.complaints(LIVE_FROM, NOON)
    assert expected

    async def act(api: PlatformApi) -> None:
        for _ in range(2):
            await Residents(world, api, "jinxiu", start=LIVE_FROM).step(NOON)

    with_api(platform, act)
    with psycopg.connect(database_url) as conn:
        rows = conn.execute("SELECT at FROM complaint ORDER BY at").fetchall()
    assert [at for (at,) in rows] == [complaint.at for complaint in expected]


def test_a_complaint_waits_while_the_platform_cannot_be_reached(world: World, platform: str) -> None:
    async def act(api: PlatformApi) -> None:
        async with PlatformApi("http://127.0.0.1:9", "jinxiu") as nowhere:
            residents = Residents(world, nowhere, "jinxiu", start=LIVE_FROM)
            with pytest.raises(Unreachable):
                await residents.step(NOON)
            residents._api = api
            await residents.step(NOON)
        assert await api.tickets("new")

    with_api(platform, act)


def test_a_crew_accepts_visits_resolves_and_closes_and_the_machine_is_repaired(
    world: World, failed: Failure, platform: str
) -> None:
    async def act(api: PlatformApi) -> None:
        number = await complain(api, failed.asset_id)
        crew = Crew(Visits(world), api, POLICY)
        await crew.step(NOON, real_s=0.0)
        await crew.step(NOON, real_s=1.0)
        ticket = await api.ticket(number)
        assert (ticket.state, ticket.assignee, ticket.finding) == ("closed", "li", "confirmed")

    with_api(platform, act)
    assert not is_broken(world, failed)


def test_a_ticket_that_a_person_accepted_is_left_to_them_and_their_visit_repairs_the_machine(
    world: World, failed: Failure, platform: str
) -> None:
    async def act(api: PlatformApi) -> None:
        number = await complain(api, failed.asset_id)
        await api.accept(number, "me")
        crew = Crew(Visits(world), api, POLICY)
        await crew.step(NOON, real_s=0.0)
        assert is_broken(world, failed)
        await api.resolve(number, "me", Resolution("confirmed", "replace", failed.component, "done"))
        await crew.step(NOON, real_s=1.0)
        assert (await api.ticket(number)).state == "resolved"

    with_api(platform, act)
    assert not is_broken(world, failed)


def test_a_crew_goes_on_with_what_it_had_accepted_in_an_earlier_run(
    world: World, failed: Failure, platform: str
) -> None:
    async def act(api: PlatformApi) -> None:
        number = await complain(api, failed.asset_id)
        await api.accept(number, "li")
        await Crew(Visits(world), api, POLICY).step(NOON, real_s=0.0)
        assert (await api.ticket(number)).state == "closed"

    with_api(platform, act)


def test_what_the_platform_refuses_is_not_tried_for_ever(world: World, platform: str) -> None:
    async def act(api: PlatformApi) -> None:
        with pytest.raises(Refused, match="404"):
            await api.accept(99, "li")

    with_api(platform, act)


def test_a_world_with_the_same_visits_goes_on_where_it_was(tmp_path: Path, world: World, failed: Failure) -> None:
    Visits(world, tmp_path / "visits.csv").visit(failed.asset_id, None, NOON)
    later = NOON + timedelta(days=20)
    world.run(later)
    again = world_until(HARD_LIFE, LIVE_FROM, later, tmp_path / "visits.csv")
    assert again.truth() == world.truth()
    assert again.readings("lift-01", later) == world.readings("lift-01", later)
