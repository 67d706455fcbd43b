"""Modbus registers: what a profile says about them, how they become numbers, and how few reads fetch them all."""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

_FORMATS: Final = MappingProxyType(
    {
        "u16": ("H", 1),
        "s16": ("h", 1),
        "u32": ("I", 2),
        "s32": ("i", 2),
        "f32": ("f", 2),
        "u64": ("Q", 4),
        "s64": ("q", 4),
        "f64": ("d", 4),
    }
)
REGISTER_TYPES: Final = tuple(_FORMATS)
FUNCTIONS: Final = (3, 4)
LAST_ADDRESS: Final = 65_535
MOST_REGISTERS: Final = 125
"""The protocol's own limit of a read (Modbus Application Protocol 1.1b3, 6.3)."""


@dataclass(frozen=True, slots=True)
class Register:
    """`function` 3 reads holding registers, 4 input registers; `address` counts from 0 as on the wire."""

    function: int
    address: int
    type: str
    little_bytes: bool = False
    little_words: bool = False

    @property
    def words(self) -> int:
        return _FORMATS[self.type][1]


@dataclass(frozen=True, slots=True)
class ModbusMap:
    """The register map of a device model: `registers[i]` belongs to the profile's point i. Reads take at most
    `max_registers`, bridge at most `max_gap` unused ones, and are even in number where `even_counts` says so."""

    registers: tuple[Register, ...]
    max_registers: int = MOST_REGISTERS
    max_gap: int = 0
    even_counts: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """One read: `count` registers from `address`; `points` are the indices of the points in it."""

    function: int
    address: int
    count: int
    points: tuple[int, ...]


def decode_register(register: Register, words: Sequence[int]) -> float | None:
    """The number in `words` (most significant word first unless the map says otherwise); None for NaN or infinity,
    which some meters send for what they can't measure. A 32-bit float keeps the 7 digits that it has."""
    letter = _FORMATS[register.type][0]
    ordered = reversed(words) if register.little_words else words
    raw = b"".join(word.to_bytes(2, "little" if register.little_bytes else "big") for word in ordered)
    value = float(struct.unpack(f">{letter}", raw)[0])
    if not math.isfinite(value):
        return None
    return float(f"{value:.7g}") if register.type == "f32" else value


def plan_blocks(modbus_map: ModbusMap, points: Sequence[int]) -> tuple[Block, ...]:
    """The fewest reads in ascending order that fetch `points` (indices into the map) within its limits."""
    wanted = sorted(points, key=lambda i: (modbus_map.registers[i].function, modbus_map.registers[i].address))
    groups: list[list[int]] = []
    for index in wanted:
        if groups and _fits(modbus_map, groups[-1], index):
            groups[-1].append(index)
        else:
            groups.append([index])
    return tuple(_block(modbus_map, group) for group in groups)


def _fits(modbus_map: ModbusMap, group: Sequence[int], index: int) -> bool:
    block, register = _block(modbus_map, group), modbus_map.registers[index]
    end = register.address + register.words
    count = end - block.address
    if modbus_map.even_counts:
        count += count % 2
    gap = register.address - (block.address + block.count)
    return block.function == register.function and gap <= modbus_map.max_gap and count <= modbus_map.max_registers


def _block(modbus_map: ModbusMap, group: Sequence[int]) -> Block:
    registers = [modbus_map.registers[index] for index in group]
    first = registers[0].address
    count = max(register.address + register.words for register in registers) - first
    if modbus_map.even_counts:
        count += count % 2
    return Block(registers[0].function, first, count, tuple(group))
