"""Which asset hangs on which line: the devices process and the gateway's configuration both follow from it."""

from collections.abc import Iterable
from dataclasses import dataclass

METER_KINDS = ("electric_meter", "water_meter")
_SERIAL = {"lift": "LM{:04d}", "door": "DC{:04d}"}


@dataclass(frozen=True, slots=True)
class OnBus:
    """A meter: unit id `unit` (1 to 247) behind the converter number `converter`."""

    asset: str
    kind: str
    converter: int
    unit: int


@dataclass(frozen=True, slots=True)
class OnBroker:
    """A lift monitor or a door controller, by the serial number that it puts into topic and message."""

    asset: str
    kind: str
    serial: str


@dataclass(frozen=True, slots=True)
class Wiring:
    meters: tuple[OnBus, ...]
    monitors: tuple[OnBroker, ...]

    @property
    def converters(self) -> int:
        return 1 + max((meter.converter for meter in self.meters), default=-1)


def wire(assets: Iterable[tuple[str, str]], *, meters_a_converter: int) -> Wiring:
    """Lines for `assets` (id and kind), in the order given. Electric and water meters share no converter."""
    meters: list[OnBus] = []
    monitors: list[OnBroker] = []
    by_kind: dict[str, list[str]] = {}
    for asset, kind in assets:
        by_kind.setdefault(kind, []).append(asset)
    first = 0
    for kind in METER_KINDS:
        for index, asset in enumerate(by_kind.get(kind, ())):
            converter, unit = divmod(index, meters_a_converter)
            meters.append(OnBus(asset, kind, first + converter, unit + 1))
        first = 1 + max((meter.converter for meter in meters), default=-1)
    for kind, pattern in _SERIAL.items():
        monitors += [OnBroker(asset, kind, pattern.format(n)) for n, asset in enumerate(by_kind.get(kind, ()), 1)]
    return Wiring(tuple(meters), tuple(monitors))
