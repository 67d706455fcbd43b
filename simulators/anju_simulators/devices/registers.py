"""What a meter's Modbus registers hold: 32-bit floats, big-endian, the high word first."""

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

FUNCTION = 4
"""Read input registers."""
_POWER_FACTOR = 0.95


@dataclass(frozen=True, slots=True)
class RegisterMap:
    """`points` gives the point at each (even) wire address; what lies between reads as 0.0.

    `spans` are the registers that there are, from an address until before another; `most` is how many one request
    may ask for, `has_phases` whether some of the points are derived from others by `with_phases`. `scales` is by what
    a point is multiplied in its register, where that isn't 1.
    """

    points: Mapping[int, str]
    spans: tuple[tuple[int, int], ...]
    most: int = 80
    has_phases: bool = False
    function: int = FUNCTION
    scales: Mapping[str, float] = field(default_factory=dict)

    def in_register(self, point: str, value: float) -> float:
        return value * self.scales.get(point, 1.0)

    def told(self, point: str, value: float) -> float:
        """`value` as far as its register pair can tell it."""
        return as_float32(self.in_register(point, value)) / self.scales.get(point, 1.0)


SDM630 = RegisterMap(
    points={
        0: "voltage_l1_v",
        2: "voltage_l2_v",
        4: "voltage_l3_v",
        6: "current_l1_a",
        8: "current_l2_a",
        10: "current_l3_a",
        12: "power_l1_w",
        14: "power_l2_w",
        16: "power_l3_w",
        52: "power_w",
        72: "import_kwh",
        74: "export_kwh",
    },
    spans=((0, 384),),
    has_phases=True,
)
"""Eastron SDM630, wire addresses; even register counts only, at most 80 a read."""

WM1 = RegisterMap(
    points={0: "total_m3", 2: "flow_m3_h", 4: "battery_v", 6: "signal_dbm"},
    spans=((0, 8),),
)
"""The water meter's own map."""

SDM120 = RegisterMap(
    points={0: "voltage_l1_v", 6: "current_l1_a", 12: "power_w", 70: "frequency_hz", 72: "import_kwh"},
    spans=((0, 346),),
)
"""Eastron SDM120, wire addresses."""

DDSU666 = RegisterMap(
    points={
        0x2000: "voltage_l1_v",
        0x2002: "current_l1_a",
        0x2004: "power_w",
        0x200E: "frequency_hz",
        0x4000: "import_kwh",
    },
    spans=((0x2000, 0x2014), (0x4000, 0x400C)),
    function=3,
    scales={"power_w": 0.001},
)
"""Chint DDSU666: holding registers, kilowatts."""

DTSU666 = RegisterMap(
    points={
        0x101E: "import_kwh",
        0x2006: "voltage_l1_v",
        0x2008: "voltage_l2_v",
        0x200A: "voltage_l3_v",
        0x200C: "current_l1_a",
        0x200E: "current_l2_a",
        0x2010: "current_l3_a",
        0x2012: "power_w",
        0x2014: "power_l1_w",
        0x2016: "power_l2_w",
        0x2018: "power_l3_w",
    },
    spans=((0x1000, 0x1100), (0x2000, 0x2052)),
    has_phases=True,
    function=3,
    scales={
        **{f"voltage_l{phase}_v": 10.0 for phase in (1, 2, 3)},
        **{f"current_l{phase}_a": 1_000.0 for phase in (1, 2, 3)},
        **{f"power_l{phase}_w": 10.0 for phase in (1, 2, 3)},
        "power_w": 10.0,
    },
)
"""Chint DTSU666: holding registers with scaled numbers."""

MAP_OF = {
    "eastron-sdm630": SDM630,
    "eastron-sdm120": SDM120,
    "chint-ddsu666": DDSU666,
    "chint-dtsu666": DTSU666,
    "huayi-wm1": WM1,
}
"""By model."""


class Refused(Exception):  # noqa: N818
    """The request asks for something that the meter doesn't hold; `code` is the Modbus exception code."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(f"Modbus exception {code}")


ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3


def check_request(registers: RegisterMap, function: int, address: int, count: int) -> None:
    """Raise Refused as the real meter would: half a float, too long a read, or a register that isn't there."""
    if function != registers.function:
        raise Refused(ILLEGAL_FUNCTION)
    if count < 2 or count % 2 or count > registers.most:
        raise Refused(ILLEGAL_VALUE)
    if address % 2 or not any(first <= address and address + count <= end for first, end in registers.spans):
        raise Refused(ILLEGAL_ADDRESS)


def encode_registers(registers: RegisterMap, values: Mapping[str, float], address: int, count: int) -> list[int]:
    """`count` 16-bit words from `address` on. A point without a value reads as not-a-number."""
    points = (registers.points.get(at) for at in range(address, address + count, 2))
    floats = (0.0 if point is None else registers.in_register(point, values.get(point, math.nan)) for point in points)
    packed = b"".join(struct.pack(">f", value) for value in floats)
    return list(struct.unpack(f">{count}H", packed))


def points_in(registers: RegisterMap, values: Mapping[str, float], address: int, count: int) -> list[str]:
    """The points of `values` that a read of `count` registers from `address` on hands out."""
    return [point for at, point in registers.points.items() if address <= at < address + count and point in values]


def as_float32(value: float) -> float:
    """`value` as far as a register pair can tell it."""
    return float(struct.unpack(">f", struct.pack(">f", value))[0])


def with_phases(values: Mapping[str, float]) -> dict[str, float]:
    """`values` of an electric meter with what its other registers show: watts a phase, and nothing exported."""
    phases = {
        f"power_l{phase}_w": values[f"voltage_l{phase}_v"] * values[f"current_l{phase}_a"] * _POWER_FACTOR
        for phase in (1, 2, 3)
        if f"voltage_l{phase}_v" in values and f"current_l{phase}_a" in values
    }
    return {**phases, "export_kwh": 0.0, **values}
