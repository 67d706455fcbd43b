"""Which asset hangs on which line: the devices process and the gateway's configuration both follow from it."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from types import MappingProxyType
from typing import Final, Literal

from anju_contracts.kinds import Label
from anju_simulators.devices.dialects import DIALECTS
from anju_simulators.fleet import AssetSpec
from anju_simulators.scenario import Scenario

METER_KINDS = ("electric_meter", "water_meter")
Protocol = Literal["modbus_tcp", "modbus_rtu", "dlt645", "osdp"]
PROTOCOL_OF: Final = MappingProxyType[str, Protocol](
    {
        "eastron-sdm630": "modbus_tcp",
        "eastron-sdm120": "modbus_rtu",
        "chint-ddsu666": "modbus_rtu",
        "chint-dtsu666": "modbus_rtu",
        "huayi-wm1": "modbus_tcp",
        "dlt645-three-phase": "dlt645",
        "dlt645-single-phase": "dlt645",
    }
)
READER_MODEL: Final = "osdp-reader"


@dataclass(frozen=True, slots=True)
class OnBus:
    """A meter or reader: unit id `unit` (1 to 247) behind the converter number `converter`."""

    asset: str
    kind: str
    converter: int
    unit: int
    model: str
    protocol: Protocol = "modbus_tcp"

    @property
    def meter_address(self) -> str:
        """What is printed on a DL/T 645 meter: 12 digits."""
        return f"2025{self.converter:04d}{self.unit:04d}"


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
    readers: tuple[OnBus, ...] = ()

    @property
    def converters(self) -> int:
        return 1 + max((place.converter for place in (*self.meters, *self.readers)), default=-1)

    def behind(self, converter: int) -> tuple[OnBus, ...]:
        return tuple(place for place in (*self.meters, *self.readers) if place.converter == converter)


def wire(fleet: Iterable[AssetSpec], *, meters_a_converter: int, readers: int = 0) -> Wiring:
    """Lines for all assets, in the order given. Meters of different kinds or protocols share no converter; the
    readers share one."""
    specs = list(fleet)
    meters: list[OnBus] = []
    for kind in METER_KINDS:
        mine = [spec for spec in specs if spec.kind == kind]
        for protocol in dict.fromkeys(PROTOCOL_OF.values()):
            same = [spec for spec in mine if PROTOCOL_OF.get(spec.model, "modbus_tcp") == protocol]
            first = 1 + max((meter.converter for meter in meters), default=-1)
            meters += _on_buses(same, protocol, first, meters_a_converter)
    monitors = []
    for number, spec in enumerate((spec for spec in specs if spec.kind not in METER_KINDS), 1):
        serial = DIALECTS[spec.model].serial.format(number)
        monitors.append(OnBroker(spec.asset_id, spec.kind, spec.model, serial))
    last = 1 + max((meter.converter for meter in meters), default=-1)
    return Wiring(tuple(meters), tuple(monitors), tuple(_readers(readers, last)))


def reader_specs(scenario: Scenario, readers: int) -> tuple[AssetSpec, ...]:
    """Card readers at the entrances; they have no physics, so they are no part of the fleet."""
    day = scenario.start.date()
    return tuple(
        AssetSpec(
            place.asset, place.kind, place.model, day, Label(f"{place.unit}号读卡器", f"reader {place.unit}"), "1栋"
        )
        for place in _readers(readers, 0)
    )


def reader_key(place: OnBus) -> bytes:
    """The secure channel base key of a simulated reader; it keeps nobody out of anything."""
    return hashlib.sha256(f"simulated {place.asset}".encode()).digest()[:16]


def _on_buses(specs: Sequence[AssetSpec], protocol: Protocol, first: int, at_most: int) -> list[OnBus]:
    places = []
    for index, spec in enumerate(specs):
        converter, unit = divmod(index, at_most)
        places.append(OnBus(spec.asset_id, spec.kind, first + converter, unit + 1, spec.model, protocol))
    return places


def _readers(readers: int, converter: int) -> list[OnBus]:
    units = zip(range(readers), count(1), strict=False)
    return [OnBus(f"reader-{unit:02d}", "door", converter, unit, READER_MODEL, "osdp") for _, unit in units]
