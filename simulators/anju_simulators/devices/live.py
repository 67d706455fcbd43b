"""The live devices of a scenario: meters that are asked, monitors and controllers that report."""

import logging
import random
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from anju_contracts.clock import Clock
from anju_simulators.devices.connections import Connections
from anju_simulators.devices.converter import Converter, Unit
from anju_simulators.devices.dialects import DIALECTS
from anju_simulators.devices.dlt645 import Dlt645Bus, Dlt645Meter
from anju_simulators.devices.lines import Line, SerialLine, TcpLine
from anju_simulators.devices.meter import MeterUnit, known
from anju_simulators.devices.osdp_reader import OsdpBus, OsdpReader
from anju_simulators.devices.publication import PublicationLog
from anju_simulators.devices.registers import MAP_OF
from anju_simulators.devices.rtu import RtuBus
from anju_simulators.devices.vendor_json import to_milliseconds
from anju_simulators.devices.wiring import OnBroker, OnBus, Wiring, reader_key
from anju_simulators.world import World

log = logging.getLogger(__name__)
BETWEEN_CARDS = timedelta(minutes=40)
CARDS = 500


class Buses:
    """The lines of a wiring; line number n listens on `first_port` + n, or is a serial port in `serial_dir`."""

    def __init__(self, wiring: Wiring, world: World, clock: Clock, publications: PublicationLog) -> None:
        self._wiring = wiring
        self._world = world
        self._clock = clock
        self._publications = publications
        self._readers = {place: OsdpReader(place.unit, reader_key(place)) for place in wiring.readers}
        self._lines: list[Line | Converter] = []

    @property
    def readers(self) -> dict[str, OsdpReader]:
        return {place.asset: reader for place, reader in self._readers.items()}

    async def start(self, *, host: str, first_port: int, serial_dir: Path | None = None) -> None:
        for number in range(self._wiring.converters):
            line = self._line(number, host, first_port + number, serial_dir)
            await line.start()
            self._lines.append(line)

    async def stop(self) -> None:
        for line in self._lines:
            await line.stop()

    def _line(self, number: int, host: str, port: int, serial_dir: Path | None) -> Line | Converter:
        places = self._wiring.behind(number)
        protocol = places[0].protocol
        if protocol == "modbus_tcp":
            return Converter(self._units(places), host=host, port=port)
        if protocol == "modbus_rtu":
            serve = RtuBus(self._units(places)).serve
        elif protocol == "dlt645":
            serve = Dlt645Bus({place.meter_address: self._meter(place) for place in places}).serve
        else:
            serve = OsdpBus([self._readers[place] for place in places]).serve
        if serial_dir is None:
            return TcpLine(serve, host=host, port=port)
        return SerialLine(serve, link=serial_dir / f"bus-{number + 1}")

    def _units(self, places: Iterable[OnBus]) -> dict[int, Unit]:
        now, world, log_ = self._clock.now, self._world, self._publications
        return {place.unit: MeterUnit(place.asset, MAP_OF[place.model], world, now, log_) for place in places}

    def _meter(self, place: OnBus) -> Dlt645Meter:
        return Dlt645Meter(place.asset, self._world, self._clock.now, self._publications)


class Visitors:
    """People who hold cards to readers, each reader at moments of its own."""

    def __init__(self, readers: Mapping[str, OsdpReader], *, start: datetime) -> None:
        self._readers = readers
        self._chances = {asset: random.Random(asset) for asset in readers}  # noqa: S311  simulated people
        self._due = dict.fromkeys(readers, start)

    def step(self, now: datetime) -> None:
        for asset, reader in self._readers.items():
            chance = self._chances[asset]
            while self._due[asset] <= now:
                self._due[asset] += BETWEEN_CARDS * chance.expovariate(1.0)
                reader.present(chance.randrange(CARDS))


class Monitors:
    """Lift monitors and door controllers: each reports every `period`, at moments of its own, and events at once."""

    def __init__(
        self,
        wiring: Wiring,
        world: World,
        connections: Connections,
        publications: PublicationLog,
        *,
        period: timedelta,
        start: datetime,
    ) -> None:
        self._world = world
        self._connections = connections
        self._publications = publications
        self._period = period
        self._by_asset = {monitor.asset: monitor for monitor in wiring.monitors}
        count = max(len(wiring.monitors), 1)
        self._due = {
            monitor.asset: start + period * ((index + 1) / count) for index, monitor in enumerate(wiring.monitors)
        }
        self._events_until = start

    def step(self, now: datetime) -> None:
        """Publish everything that is due by `now`."""
        for asset, monitor in self._by_asset.items():
            while self._due[asset] <= now:
                self._report(monitor, self._due[asset])
                self._due[asset] += self._period
        for event in self._world.events(self._events_until, now):
            if event.asset_id in self._by_asset:
                self._announce(self._by_asset[event.asset_id], event.code, event.state, event.at)
        self._events_until = now
        self._connections.settle()

    def _report(self, monitor: OnBroker, due: datetime) -> None:
        at = to_milliseconds(due)
        values = known(self._world.readings(monitor.asset, at))
        if not values:
            return
        dialect = DIALECTS[monitor.model]
        message = dialect.report(monitor.serial, values, at)
        self._connections.of(monitor.asset).publish(message, self._note(monitor, dialect.shown(values), at))

    def _announce(self, monitor: OnBroker, code: str, state: str, at: datetime) -> None:
        at = to_milliseconds(at)
        messages = DIALECTS[monitor.model].event(monitor.serial, code, state, at)
        if not messages:
            log.info("the vendor has no word for it", extra={"asset": monitor.asset, "code": code})
            return
        publisher = self._connections.of(monitor.asset)
        for message in messages[:-1]:
            publisher.publish(message, _nothing)
        publisher.publish(messages[-1], lambda: self._publications.event(monitor.asset, code, at, state))

    def _note(self, monitor: OnBroker, shown: Mapping[str, float], at: datetime) -> Callable[[], None]:
        def sent() -> None:
            for point, value in shown.items():
                self._publications.reading(monitor.asset, point, at, value)

        return sent


def _nothing() -> None:
    """Only the last message of an event is noted."""
