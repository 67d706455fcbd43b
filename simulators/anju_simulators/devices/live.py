"""The live devices of a scenario: meters that are asked, monitors and controllers that report."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from anju_contracts.clock import Clock
from anju_simulators.devices.converter import Converter, Unit
from anju_simulators.devices.dialects import DIALECTS
from anju_simulators.devices.meter import MeterUnit, known
from anju_simulators.devices.publication import PublicationLog
from anju_simulators.devices.publisher import Publisher
from anju_simulators.devices.registers import MAP_OF
from anju_simulators.devices.vendor_json import to_milliseconds
from anju_simulators.devices.wiring import OnBroker, Wiring
from anju_simulators.world import World

log = logging.getLogger(__name__)


class Meters:
    """The converters of a wiring; converter number n listens on `first_port` + n."""

    def __init__(self, wiring: Wiring, world: World, clock: Clock, publications: PublicationLog) -> None:
        units: list[dict[int, Unit]] = [{} for _ in range(wiring.converters)]
        for meter in wiring.meters:
            unit = MeterUnit(meter.asset, MAP_OF[meter.kind], world, clock.now, publications)
            units[meter.converter][meter.unit] = unit
        self._units = units
        self._converters: list[Converter] = []

    async def start(self, *, host: str, first_port: int) -> None:
        for number, units in enumerate(self._units):
            converter = Converter(units, host=host, port=first_port + number)
            await converter.start()
            self._converters.append(converter)

    async def stop(self) -> None:
        for converter in self._converters:
            await converter.stop()


class Monitors:
    """Lift monitors and door controllers: each reports every `period`, at moments of its own, and events at once."""

    def __init__(
        self,
        wiring: Wiring,
        world: World,
        publisher: Publisher,
        publications: PublicationLog,
        *,
        period: timedelta,
        start: datetime,
    ) -> None:
        self._world = world
        self._publisher = publisher
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
        self._publisher.settle()

    def _report(self, monitor: OnBroker, due: datetime) -> None:
        at = to_milliseconds(due)
        values = known(self._world.readings(monitor.asset, at))
        if not values:
            return
        dialect = DIALECTS[monitor.model]
        message = dialect.report(monitor.serial, values, at)
        self._publisher.publish(message, self._note(monitor, dialect.shown(values), at))

    def _announce(self, monitor: OnBroker, code: str, state: str, at: datetime) -> None:
        at = to_milliseconds(at)
        messages = DIALECTS[monitor.model].event(monitor.serial, code, state, at)
        if not messages:
            log.info("the vendor has no word for it", extra={"asset": monitor.asset, "code": code})
            return
        for message in messages[:-1]:
            self._publisher.publish(message, _nothing)
        self._publisher.publish(messages[-1], lambda: self._publications.event(monitor.asset, code, at, state))

    def _note(self, monitor: OnBroker, shown: Mapping[str, float], at: datetime) -> Callable[[], None]:
        def sent() -> None:
            for point, value in shown.items():
                self._publications.reading(monitor.asset, point, at, value)

        return sent


def _nothing() -> None:
    """Only the last message of an event is noted."""
