"""What a meter's Modbus registers hold: input registers, 32-bit floats, big-endian, the high word first."""

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass

FUNCTION = 4
"""Read input registers."""
_POWER_FACTOR = 0.95


@dataclass(frozen=True, slots=True)
class RegisterMap:
    """`points` gives the point at each (even) wire address; what lies between reads as 0.0.

    `words` is the number of registers there are, `most` how many one request may ask for, `has_phases` whether
    some of the points are derived from others by `with_phases`.
    """

    points: Mapping[int, str]
    words: int
    most: int = 80
    has_phases: bool = False


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
    words=384,
    has_phases=True,
)
"""Eastron SDM630, wire addresses; even register counts only, at most 80 a read."""

WM1 = RegisterMap(
    points={0: "total_m3", 2: "flow_m3_h", 4: "battery_v", 6: "signal_dbm"},
    words=8,
)
"""The water meter's own map."""

MAP_OF = {"electric_meter": SDM630, "water_meter": WM1}


class Refused(Exception):  # noqa: N818
    """The request asks for something that the meter doesn't hold; `code` is the Modbus exception code."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(f"Modbus exception {code}")


ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3


def check_request(registers: RegisterMap, function: int, address: int, count: int) -> None:
    """Raise Refused as the real meter would: half a float, too long a read, or a register that isn't there."""
    if function != FUNCTION:
        raise Refused(ILLEGAL_FUNCTION)
    if count < 2 or count % 2 or count > registers.most:
        raise Refused(ILLEGAL_VALUE)
    if address % 2 or address + count > registers.words:
        raise Refused(ILLEGAL_ADDRESS)


def encode_registers(registers: RegisterMap, values: Mapping[str, float], address: int, count: int) -> list[int]:
    """`count` 16-bit words from `address` on. A point without a value reads as not-a-number."""
    points = (registers.points.get(at) for at in range(address, address + count, 2))
    floats = (0.0 if point is None else values.get(point, math.nan) for point in points)
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
