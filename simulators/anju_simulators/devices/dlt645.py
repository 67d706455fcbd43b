"""Meters that speak DL/T 645-2007 on a shared line: frames, data by identifier, and what goes wrong with a module."""

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final, NamedTuple

from anju_simulators.devices.lines import Send
from anju_simulators.devices.meter import MeterWorld, known
from anju_simulators.devices.publication import PublicationLog

_START, _END, _OFFSET = 0x68, 0x16, 0x33
READ, ANSWER, REFUSAL = 0x11, 0x91, 0xD1
NO_SUCH_DATA = 0x02
_SHORTEST = 12


class Item(NamedTuple):
    """A point in the data under an identifier: `length` bytes of BCD in units of 1/`scale`."""

    point: str
    length: int
    scale: float


_PHASES = (1, 2, 3)
ITEMS: Final = MappingProxyType(
    {
        "00010000": (Item("import_kwh", 4, 100),),
        "0201FF00": tuple(Item(f"voltage_l{phase}_v", 2, 10) for phase in _PHASES),
        "0202FF00": tuple(Item(f"current_l{phase}_a", 3, 1_000) for phase in _PHASES),
        "02030000": (Item("power_w", 3, 10),),
        **{f"02010{phase}00": (Item(f"voltage_l{phase}_v", 2, 10),) for phase in _PHASES},
        **{f"02020{phase}00": (Item(f"current_l{phase}_a", 3, 1_000),) for phase in _PHASES},
    }
)
"""What a meter holds, by identifier (DL/T 645-2007, appendix A)."""
_SIGNED = frozenset({"current_l1_a", "current_l2_a", "current_l3_a", "power_w"})


class Request(NamedTuple):
    address: str
    control: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Told:
    """`data` after `after_s` real seconds; `sent` is called once it is on its way."""

    control: int
    data: bytes
    after_s: float
    sent: Callable[[], None]


Speak = Callable[[int, bytes], Told | None]
"""(control code, data) -> what the meter says; None for silence."""


def build_frame(address: str, control: int, data: bytes) -> bytes:
    """`address` as printed on the meter: 12 digits."""
    body = bytes([_START, *bytes.fromhex(address)[::-1], _START, control, len(data)])
    body += bytes((byte + _OFFSET) % 256 for byte in data)
    return body + bytes([sum(body) % 256, _END])


def take_request(received: bytes) -> tuple[bytes, Request | None]:
    """The first whole frame, and what is left behind it. What is no frame is skipped."""
    while (start := received.find(_START)) >= 0:
        received = received[start:]
        if len(received) < _SHORTEST:
            return received, None
        size = _SHORTEST + received[9]
        if received[7] == _START and len(received) < size:
            return received, None
        frame = received[:size]
        if received[7] == _START and frame[-1] == _END and sum(frame[:-2]) % 256 == frame[-2]:
            data = bytes((byte - _OFFSET) % 256 for byte in frame[10:-2])
            return received[size:], Request(frame[1:7][::-1].hex(), frame[8], data)
        received = received[1:]
    return b"", None


class Dlt645Bus:
    """`meters` by address. One that isn't there, or stays silent, is silence on the line."""

    def __init__(self, meters: Mapping[str, Speak]) -> None:
        self._meters = meters

    async def serve(self, reader: asyncio.StreamReader, send: Send) -> None:
        received = b""
        while more := await reader.read(256):
            received, request = take_request(received + more)
            meter = self._meters.get(request.address) if request else None
            told = meter(request.control, request.data) if request and meter else None
            if request is None or told is None:
                continue
            await asyncio.sleep(told.after_s)
            send(b"\xfe" * 4 + build_frame(request.address, told.control, told.data))
            told.sent()


class Dlt645Meter:
    """Shows what the world's meter shows; a module that errs spoils the first question of a reading with silence."""

    def __init__(
        self, asset: str, world: MeterWorld, now: Callable[[], datetime], publications: PublicationLog
    ) -> None:
        self._asset = asset
        self._world = world
        self._now = now
        self._publications = publications
        self._chance = random.Random(asset)  # noqa: S311  the luck of a simulated line

    def __call__(self, control: int, data: bytes) -> Told | None:
        at = self._now()
        link = self._world.link(self._asset, at)
        identifier = data[:4][::-1].hex().upper()
        first = identifier == "0201FF00"
        if control != READ or link.silent or (first and self._chance.random() < link.error_share):
            return None
        values = known(self._world.readings(self._asset, at))

        def sent() -> None:
            for item in ITEMS[identifier]:
                if item.point in values:
                    self._publications.reading(self._asset, item.point, at, shown(item, values[item.point]))

        if identifier not in ITEMS:
            return Told(REFUSAL, bytes([NO_SUCH_DATA]), link.latency_ms / 1000, _nothing)
        return Told(ANSWER, data[:4] + encode_items(identifier, values), link.latency_ms / 1000, sent)


def encode_items(identifier: str, values: Mapping[str, float]) -> bytes:
    """The data under `identifier`. A point without a value is filled with FF."""
    return b"".join(_encode(item, values.get(item.point)) for item in ITEMS[identifier])


def shown(item: Item, value: float) -> float:
    """`value` as far as the meter's digits tell it."""
    return round(value * item.scale) / item.scale


def _encode(item: Item, value: float | None) -> bytes:
    if value is None:
        return b"\xff" * item.length
    whole = round(value * item.scale)
    packed = bytearray.fromhex(f"{abs(whole):0{2 * item.length}d}"[-2 * item.length :])
    if whole < 0 and item.point in _SIGNED:
        packed[0] |= 0x80
    return bytes(reversed(packed))


def _nothing() -> None:
    """A refusal carries no reading."""
