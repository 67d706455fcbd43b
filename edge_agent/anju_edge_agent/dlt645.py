"""DL/T 645-2007: what a profile says about a meter's data, and how answers become numbers. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

ADDRESS_DIGITS: Final = 12
MOST_BYTES: Final = 8
ERRORS: Final = (
    (0x02, "it has no data under this identifier: check `identifier` in the profile and the meter's model"),
    (0x04, "wrong password or no permission"),
    (0x08, "the rate can't be changed"),
    (0x10, "too many year time zones"),
    (0x20, "too many day time slots"),
    (0x40, "too many tariffs"),
    (0x01, "another error"),
)
"""The bits of the byte that a refusal carries (DL/T 645-2007, appendix A), gravest first."""


@dataclass(frozen=True, slots=True)
class Field:
    """Where a point stands: `length` bytes of BCD, least significant first, at byte `at` of the data under
    `identifier` (8 hex digits, as the standard prints them). `signed`: the highest bit is a minus."""

    identifier: str
    at: int
    length: int
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Dlt645Map:
    """`fields[i]` belongs to the profile's point i."""

    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """One question: what stands under `identifier`; `points` are the indices of the points in it."""

    map: Dlt645Map
    identifier: str
    points: tuple[int, ...]


def plan_queries(dlt645_map: Dlt645Map, points: Sequence[int]) -> tuple[Query, ...]:
    """One question an identifier, in the order of the points."""
    groups: dict[str, list[int]] = {}
    for index in points:
        groups.setdefault(dlt645_map.fields[index].identifier, []).append(index)
    return tuple(Query(dlt645_map, identifier, tuple(group)) for identifier, group in groups.items())


def wire_address(digits: str) -> bytes:
    """A meter's address as printed on it, as it is on the wire: least significant first."""
    return bytes.fromhex(digits)[::-1]


def decode_bcd(data: bytes, *, signed: bool) -> float | None:
    """The number in BCD bytes, least significant first; None where they are no digits: meters fill with FF what they
    can't measure."""
    high_first = bytearray(reversed(data))
    negative = signed and bool(high_first[0] & 0x80)
    if negative:
        high_first[0] &= 0x7F
    digits = high_first.hex()
    if not digits.isdecimal():
        return None
    return -float(digits) if negative else float(digits)


def error_text(code: int) -> str:
    """What the byte of a refusal says."""
    return next((text for bit, text in ERRORS if code & bit), "it does not say why")
