"""One connection to a Modbus bus: connect with back-off, ask, and turn whatever goes wrong into BusError."""

import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass

from pymodbus.client import ModbusSerialClient, ModbusTcpClient
from pymodbus.exceptions import ModbusException, ModbusIOException
from pymodbus.framer import FramerType

from anju_edge_agent.backoff import Backoff
from anju_edge_agent.errors import BusError, RefusedError
from anju_edge_agent.place import Place, SerialPlace
from anju_edge_agent.probing import Found
from anju_edge_agent.registers import Block, ModbusMap, decode_register

_NEVER = 2**31
_UNHEARD_BEFORE_RECONNECT = 20
_SILENT_CHARACTERS = 3.5
"""What parts two RTU frames (Modbus over Serial Line 1.02, 2.5.1.1)."""
_REFUSALS = {
    1: "it doesn't know this function: check `function` in the profile",
    2: "it has no such register: check addresses, max_gap and the model",
    3: "it doesn't give so many registers at once: check max_registers and even_counts",
    4: "the device failed",
    6: "the device is busy",
    10: "the converter has no path to it: check its routing and the unit id",
    11: "the converter heard nothing: check unit id, baud rate, parity and wiring",
}


@dataclass(frozen=True, slots=True)
class ModbusBus:
    """`framing` is `tcp` (Modbus TCP) or `rtu` (RTU frames on a serial port or through a transparent serial
    converter); `timeout_s` is in real seconds; a device that answered last time is asked up to `retries` times more
    in its turn."""

    place: Place
    framing: str = "tcp"
    timeout_s: float = 1.0
    retries: int = 1


@dataclass(frozen=True, slots=True)
class Ask:
    """A question for a block of registers of a map."""

    map: ModbusMap
    block: Block


class ModbusLine:
    """Used by one thread. `close` may be followed by another `ask`."""

    def __init__(self, bus: ModbusBus) -> None:
        self._bus = bus
        self._client = _client(bus)
        self._client.set_max_no_responses(_NEVER)
        self._backoff = Backoff(first_s=0.2, most_s=30.0)
        self._retry_at_s = 0.0
        self._reached = True
        self._unheard = 0

    @property
    def connected(self) -> bool:
        """Whether the last try to connect succeeded. A connection that we gave up ourselves, lest a late answer pass
        for another, is none that was lost."""
        return self._reached

    def ask(self, address: str, question: Ask) -> list[Found]:
        """The values of the block's points; BusError when there is no connection, no answer or a refusal."""
        block = question.block
        words = self._words(int(address), block)
        found = []
        for index in block.points:
            register = question.map.registers[index]
            start = register.address - block.address
            mine = words[start : start + register.words]
            raw = b"".join(word.to_bytes(2, "big") for word in mine)
            found.append(Found(index, decode_register(register, mine), raw))
        return found

    def close(self) -> None:
        self._client.close()  # type: ignore[no-untyped-call]

    def _words(self, unit: int, block: Block) -> Sequence[int]:
        self._connect()
        ask = self._client.read_holding_registers if block.function == 3 else self._client.read_input_registers
        try:
            reply = ask(block.address, count=block.count, device_id=unit)
        except (ModbusException, OSError) as exc:
            self._failed()
            raise BusError(f"unit {unit}: {self._reason(exc)}") from exc
        self._unheard = 0
        if reply.isError():
            reason = _REFUSALS.get(reply.exception_code, "for a reason of its own")
            raise RefusedError(
                f"unit {unit}: registers {block.address} to {block.address + block.count - 1} refused with Modbus "
                f"exception {reply.exception_code}: {reason}"
            )
        if len(reply.registers) != block.count:
            raise BusError(f"unit {unit}: {len(reply.registers)} registers instead of {block.count}")
        return reply.registers

    def _reason(self, exc: Exception) -> str:
        if isinstance(exc, ModbusIOException) and "No response" in str(exc):
            return f"no answer within {self._bus.timeout_s:g} s: check unit id, baud rate, parity and wiring"
        return str(exc)

    def _connect(self) -> None:
        if self._client.connected:
            return
        now_s = time.monotonic()
        if now_s < self._retry_at_s:
            raise BusError(f"{self._bus.place}: no connection")
        self._reached = bool(self._client.connect())
        if not self._reached:
            self._retry_at_s = time.monotonic() + self._backoff.next_s()
            raise BusError(f"{self._bus.place}: no connection")
        self._backoff.reset()
        self._unheard = 0

    def _failed(self) -> None:
        """RTU frames carry no number, so a late answer could pass for the next one: on a port, let it come and throw
        it away; on a connection, start afresh. So do we when nothing at all has been heard for long."""
        self._unheard += 1
        if isinstance(self._bus.place, SerialPlace) and isinstance(self._client, ModbusSerialClient):
            self._let_pass(self._client, self._bus.place)
        elif self._bus.framing == "rtu" or self._unheard >= _UNHEARD_BEFORE_RECONNECT:
            self.close()

    def _let_pass(self, client: ModbusSerialClient, place: SerialPlace) -> None:
        quiet_s = max(_SILENT_CHARACTERS * place.character_s, 0.002)
        until_s = time.monotonic() + self._bus.timeout_s
        port = client.socket
        with contextlib.suppress(OSError):
            while port is not None and port.in_waiting and time.monotonic() < until_s:
                port.read(port.in_waiting)
                time.sleep(quiet_s)
            return
        self.close()


def _client(bus: ModbusBus) -> ModbusSerialClient | ModbusTcpClient:
    place = bus.place
    if isinstance(place, SerialPlace):
        return ModbusSerialClient(
            place.path,
            framer=FramerType.RTU,
            baudrate=place.baud,
            parity=place.parity[0].upper(),
            stopbits=place.stop_bits,
            timeout=bus.timeout_s,
            retries=0,
        )
    framer = FramerType.RTU if bus.framing == "rtu" else FramerType.SOCKET
    return ModbusTcpClient(place.host, port=place.port, framer=framer, timeout=bus.timeout_s, retries=0)
