"""Which asset hangs on which line: the devices process and the gateway's configuration both follow from it."""

from collections.abc import Iterable
from dataclasses import dataclass

from anju_simulators.devices.dialects import DIALECTS
from anju_simulators.fleet import AssetSpec

METER_KINDS = ("electric_meter", "water_meter")


@dataclass(frozen=True, slots=True)
class OnBus:
    """A meter: unit id `unit` (1 to 247) behind the converter number `converter`."""

    asset: str
    kind: str
    converter: int
    unit: int


@dataclass(frozen=True, slots=True)
class OnBroker:
    """A lift monitor or a door controller, by its model and the serial number that it puts into its messages."""

    asset: str
    kind: str
    model: str
    serial: str


@dataclass(frozen=True, slots=True)
class Wiring:
    meters: tuple[OnBus, ...]
    monitors: tuple[OnBroker, ...]

    @property
    def converters(self) -> int:
        return 1 + max((meter.converter for meter in self.meters), default=-1)


def wire(fleet: Iterable[AssetSpec], *, meters_a_converter: int) -> Wiring:
    """Lines for all assets, in the order given. Electric and water meters share no converter."""
    meters: list[OnBus] = []
    monitors: list[OnBroker] = []
    specs = list(fleet)
    for kind in METER_KINDS:
        first = 1 + max((meter.converter for meter in meters), default=-1)
        for index, spec in enumerate(spec for spec in specs if spec.kind == kind):
            converter, unit = divmod(index, meters_a_converter)
            meters.append(OnBus(spec.asset_id, kind, first + converter, unit + 1))
    for number, spec in enumerate((spec for spec in specs if spec.kind not in METER_KINDS), 1):
        serial = DIALECTS[spec.model].serial.format(number)
        monitors.append(OnBroker(spec.asset_id, spec.kind, spec.model, serial))
    return Wiring(tuple(meters), tuple(monitors))
