"""The DL/T 645 driver: questions for identifiers, asked on a bus over a serial port or a serial server."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from anju_edge_agent.agent import AgentContext
from anju_edge_agent.dlt645 import Dlt645Map, Query, decode_bcd, error_text, plan_queries, wire_address
from anju_edge_agent.drivers.bus import BusAgent
from anju_edge_agent.drivers.dlt645_frames import Reply, read_request, take_reply
from anju_edge_agent.errors import BusError, RefusedError
from anju_edge_agent.flow import Device
from anju_edge_agent.place import Place, SerialPlace
from anju_edge_agent.probing import Found
from anju_edge_agent.profile import Profile
from anju_edge_agent.wire import Wire

_CHECK = "check its address, baud rate, parity and wiring"
_LEAST_QUIET_S = 0.03
"""What the standard leaves between frames: 20 to 500 ms from the last byte."""


@dataclass(frozen=True, slots=True)
class Dlt645Bus:
    """`preamble` bytes of FE go before each request; `timeout_s` is in real seconds, from the end of the request."""

    place: Place
    timeout_s: float = 1.0
    retries: int = 1
    preamble: int = 4


def dlt645_agent(bus: Dlt645Bus, devices: Sequence[Device], context: AgentContext) -> BusAgent[Query]:
    return BusAgent(Dlt645Line(bus), plan, devices, context, retries=bus.retries)


def plan(profile: Profile, points: Sequence[int]) -> tuple[Query, ...]:
    assert isinstance(profile.protocol, Dlt645Map)
    return plan_queries(profile.protocol, points)


class Dlt645Line:
    """Used by one thread. An answer names the meter and the identifier, so one that comes late is told apart."""

    def __init__(self, bus: Dlt645Bus) -> None:
        self._bus = bus
        self._wire = Wire(bus.place, timeout_s=bus.timeout_s)
        self._quiet = True

    @property
    def connected(self) -> bool:
        return self._wire.connected

    def ask(self, address: str, question: Query) -> list[Found]:
        """The values of the question's points; BusError when there is no connection, no answer or a refusal."""
        request = read_request(address, question.identifier, preamble=self._bus.preamble)
        if not self._quiet:
            self._wire.drain(_LEAST_QUIET_S)
        self._quiet = False
        self._wire.write(request)
        data = self._answer(address, question.identifier, self._line_s(len(request)))
        self._quiet = True
        return [_found(question.map, index, data) for index in question.points]

    def close(self) -> None:
        self._wire.close()

    def _line_s(self, count: int) -> float:
        """How long `count` characters are on the line, where that is known."""
        place = self._bus.place
        return count * place.character_s if isinstance(place, SerialPlace) else 0.0

    def _answer(self, address: str, identifier: str, sending_s: float) -> bytes:
        """The data behind the identifier of the meter's answer."""
        wanted = wire_address(address)
        until_s = time.monotonic() + sending_s + self._bus.timeout_s
        received = b""
        while (wait_s := until_s - time.monotonic()) > 0:
            received += self._wire.read(wait_s)
            reply: Reply | None = None
            received, reply = take_reply(received)
            while reply is not None:
                if reply.address == wanted and reply.answers_reading:
                    data = _data_of(reply, address, identifier)
                    if data is not None:
                        return data
                received, reply = take_reply(received)
        raise BusError(f"meter {address}: no answer within {self._bus.timeout_s:g} s: {_CHECK}")


def _data_of(reply: Reply, address: str, identifier: str) -> bytes | None:
    """None for an answer to another question; BusError for a refusal."""
    if reply.refused:
        code = reply.data[0] if reply.data else 0
        raise RefusedError(f"meter {address}: {identifier} refused with error {code:02X}: {error_text(code)}")
    if reply.data[:4] != bytes.fromhex(identifier)[::-1]:
        return None
    if reply.goes_on:
        raise BusError(f"meter {address}: {identifier} has more data than one frame holds; ask for a smaller block")
    return reply.data[4:]


def _found(dlt645_map: Dlt645Map, index: int, data: bytes) -> Found:
    field = dlt645_map.fields[index]
    raw = data[field.at : field.at + field.length]
    value = decode_bcd(raw, signed=field.signed) if len(raw) == field.length else None
    return Found(index, value, raw)
