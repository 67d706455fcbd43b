"""One run of the devices process: world, devices and people keep up with the clock until they are told to stop."""

import asyncio
import logging
import pickle
import signal
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from anju_contracts.clock import Clock
from anju_simulators.devices.crew import CrewPolicy
from anju_simulators.devices.live import Meters, Monitors
from anju_simulators.devices.people import Crew, Residents
from anju_simulators.devices.platform_api import PlatformApi, Unreachable
from anju_simulators.devices.publication import PublicationLog
from anju_simulators.devices.publisher import Publisher
from anju_simulators.devices.wiring import wire
from anju_simulators.scenario import Scenario
from anju_simulators.truth import write_truth
from anju_simulators.workshop import Workshop
from anju_simulators.world import World

log = logging.getLogger(__name__)
TICK_S = 0.1
"""Real seconds between two looks at the clock."""
CREW_EVERY_S = 0.5
"""Real seconds between two looks of the crew at the tickets."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Converter number n listens on `modbus_port` + n. `api_url` None: nobody complains and nobody repairs.

    `state` holds the world between two runs; `truth` gets the hidden truth at the end.
    """

    mqtt_url: str
    modbus_port: int
    publications: Path
    host: str = "127.0.0.1"
    meters_a_converter: int = 8
    period: timedelta = timedelta(hours=1)
    api_url: str | None = None
    crew: CrewPolicy = field(default_factory=CrewPolicy)
    state: Path | None = None
    truth: Path | None = None


def world_at(scenario: Scenario, start: datetime, state: Path | None) -> World:
    """The world as `state` left it, or as its own crews have kept it until `start`."""
    if state is not None and state.exists():
        kept: World = pickle.loads(state.read_bytes())  # noqa: S301  our own file, made by the run before
        kept.run(max(kept.now, start), workshop=Workshop.EXTERNAL)
        return kept
    world = World(scenario)
    world.run(start)
    world.run(start, workshop=Workshop.EXTERNAL)
    return world


async def run_session(world: World, setting: Setting, clock: Clock) -> None:
    """Until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    wiring = wire(world.assets, meters_a_converter=setting.meters_a_converter)
    start = clock.now()
    publisher = Publisher(setting.mqtt_url)
    with PublicationLog(setting.publications) as publications:
        meters = Meters(wiring, world, clock, publications)
        monitors = Monitors(wiring, world, publisher, publications, period=setting.period, start=start)
        publisher.connect()
        await meters.start(host=setting.host, first_port=setting.modbus_port)
        log.info("devices are live", extra={"meters": len(wiring.meters), "monitors": len(wiring.monitors)})
        try:
            async with AsyncExitStack() as stack:
                people = await _people(world, setting, start, stack)
                await _keep_up(world, monitors, people, clock, stop)
        finally:
            await meters.stop()
            unacknowledged = publisher.close()
    _leave(world, setting)
    log.info("devices stopped", extra={"unheard": publisher.unheard, "unacknowledged": unacknowledged})


@dataclass
class People:
    residents: Residents
    crew: Crew

    async def live(self, clock: Clock, stop: asyncio.Event) -> None:
        """A platform that can't be reached now is tried again."""
        while not stop.is_set():
            began_s = time.monotonic()
            try:
                await self.residents.step(clock.now())
                await self.crew.step(clock.now(), real_s=began_s)
            except Unreachable as exc:
                log.warning("platform unreachable", extra={"reason": str(exc)})
            await asyncio.sleep(max(CREW_EVERY_S - (time.monotonic() - began_s), 0.05))


async def _people(world: World, setting: Setting, start: datetime, stack: AsyncExitStack) -> People | None:
    if setting.api_url is None:
        return None
    community = world.scenario.community
    api = await stack.enter_async_context(PlatformApi(setting.api_url, community))
    return People(Residents(world, api, community, start=start), Crew(world, api, setting.crew))


async def _keep_up(world: World, monitors: Monitors, people: People | None, clock: Clock, stop: asyncio.Event) -> None:
    """Whatever is late goes out with its own time. An error of the people ends the devices, too."""
    async with asyncio.TaskGroup() as tasks:
        if people is not None:
            tasks.create_task(people.live(clock, stop))
        while not stop.is_set():
            now = clock.now()
            world.run(now, workshop=Workshop.EXTERNAL)
            monitors.step(now)
            await asyncio.sleep(TICK_S)


def _leave(world: World, setting: Setting) -> None:
    if setting.truth is not None:
        write_truth(setting.truth, world.truth())
    if setting.state is not None:
        setting.state.write_bytes(pickle.dumps(world))
