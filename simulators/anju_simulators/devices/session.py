"""One run of the devices process: world, devices and people keep up with the clock until they are told to stop."""

import asyncio
import logging
import signal
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from anju_contracts.clock import Clock
from anju_simulators.devices.connections import Connections
from anju_simulators.devices.crew import CrewPolicy
from anju_simulators.devices.dialects import DIALECTS
from anju_simulators.devices.kaixin import KAIXIN_DC2, command_topic, obey
from anju_simulators.devices.live import Buses, Monitors, Visitors
from anju_simulators.devices.people import Crew, Residents
from anju_simulators.devices.platform_api import PlatformApi, Unreachable
from anju_simulators.devices.publication import PublicationLog
from anju_simulators.devices.visits import Visits
from anju_simulators.devices.wiring import Wiring, wire
from anju_simulators.truth import write_truth
from anju_simulators.world import World

log = logging.getLogger(__name__)
TICK_S = 0.1
"""Real seconds between two looks at the clock."""
CREW_EVERY_S = 0.5
"""Real seconds between two looks of the crew at the tickets."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Line number n listens on `modbus_port` + n, or is a serial port in `serial_dir`, where its protocol can be
    spoken on one. `api_url` None: nobody complains and nobody repairs. `passwords` is the folder of the
    devices' passwords for the broker, a file an asset; None for a broker that asks for no accounts.

    `visits` gets a line for each visit of a crew; `truth` gets the hidden truth at the end.
    """

    mqtt_url: str
    modbus_port: int
    publications: Path
    host: str = "127.0.0.1"
    meters_a_converter: int = 8
    period: timedelta = timedelta(hours=1)
    api_url: str | None = None
    crew: CrewPolicy = field(default_factory=CrewPolicy)
    visits: Path | None = None
    truth: Path | None = None
    readers: int = 0
    serial_dir: Path | None = None
    passwords: Path | None = None


async def run_session(world: World, setting: Setting, clock: Clock) -> None:
    """Until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    wiring = wire(world.assets, meters_a_converter=setting.meters_a_converter, readers=setting.readers)
    start = clock.now()
    connections = _connections(wiring, setting)
    with PublicationLog(setting.publications) as publications:
        buses = Buses(wiring, world, clock, publications)
        monitors = Monitors(wiring, world, connections, publications, period=setting.period, start=start)
        connections.connect()
        await buses.start(host=setting.host, first_port=setting.modbus_port, serial_dir=setting.serial_dir)
        log.info("devices are live", extra={"meters": len(wiring.meters), "monitors": len(wiring.monitors)})
        try:
            async with AsyncExitStack() as stack:
                people = await _people(world, setting, start, stack)
                visitors = Visitors(buses.readers, start=start)
                await _keep_up(world, (monitors, visitors), people, clock, stop)
        finally:
            await buses.stop()
            fates = connections.close()
    if setting.truth is not None:
        write_truth(setting.truth, world.truth())
    log.info("devices stopped", extra=fates)


def _connections(wiring: Wiring, setting: Setting) -> Connections:
    """Door controllers listen for commands, each on its own topic."""
    connections = Connections(setting.mqtt_url, [monitor.asset for monitor in wiring.monitors], setting.passwords)
    for monitor in wiring.monitors:
        if DIALECTS[monitor.model] is KAIXIN_DC2:
            connections.of(monitor.asset).listen(command_topic(monitor.serial), obey)
    return connections


@dataclass
class People:
    """Both go on from where they were when the platform could not be reached for a while."""

    residents: Residents
    crew: Crew

    async def live(self, clock: Clock, stop: asyncio.Event) -> None:
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
    return People(Residents(world, api, community, start=start), Crew(Visits(world, setting.visits), api, setting.crew))


async def _keep_up(
    world: World, speakers: Sequence[Monitors | Visitors], people: People | None, clock: Clock, stop: asyncio.Event
) -> None:
    """Whatever is late goes out with its own time. An error of the people ends the devices, too."""
    async with asyncio.TaskGroup() as tasks:
        if people is not None:
            tasks.create_task(people.live(clock, stop))
        while not stop.is_set():
            now = clock.now()
            world.run(now)
            for speaker in speakers:
                speaker.step(now)
            await asyncio.sleep(TICK_S)
