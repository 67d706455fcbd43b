"""One connection to a Modbus bus: connect with back-off, ask, and turn whatever goes wrong into BusError."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from pymodbus.client import ModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.framer import FramerType

from anju_edge_agent.backoff import Backoff
from anju_edge_agent.errors import BusError
from anju_edge_agent.registers import Block

_NEVER = 2**31
_UNHEARD_BEFORE_RECONNECT = 20


@dataclass(frozen=True, slots=True)
class ModbusBus:
    """`framing` is `tcp` (Modbus TCP) or `rtu` (RTU frames through a transparent serial converter); `timeout_s` is in
    real seconds; a device that answered last time is asked up to `retries` times more in its turn."""

    host: str
    port: int = 502
    framing: str = "tcp"
    timeout_s: float = 1.0
    retries: int = 1


class ModbusLine:
    """Used by one thread. `close` may be followed by another `read`."""

    def __init__(self, bus: ModbusBus) -> None:
        self._bus = bus
        self._rtu = bus.framing == "rtu"
        framer = FramerType.RTU if self._rtu else FramerType.SOCKET
        self._client = ModbusTcpClient(bus.host, port=bus.port, framer=framer, timeout=bus.timeout_s, retries=0)
        self._client.set_max_no_responses(_NEVER)
        self._backoff = Backoff(first_s=0.2, most_s=30.0)
        self._retry_at_s = 0.0
        self._unheard = 0

    @property
    def connected(self) -> bool:
        return self._client.connected

    def read(self, unit: int, block: Block) -> Sequence[int]:
        """The registers of `block`; BusError when there is no connection, no answer or a refusal."""
        self._connect()
        ask = self._client.read_holding_registers if block.function == 3 else self._client.read_input_registers
        try:
            reply = ask(block.address, count=block.count, device_id=unit)
        except (ModbusException, OSError) as exc:
            self._failed()
            raise BusError(f"unit {unit}: {exc}") from exc
        self._unheard = 0
        if reply.isError():
            raise BusError(f"unit {unit}: registers {block.address}+{block.count} refused ({reply})")
        if len(reply.registers) != block.count:
            raise BusError(f"unit {unit}: {len(reply.registers)} registers instead of {block.count}")
        return reply.registers

    def close(self) -> None:
        self._client.close()  # type: ignore[no-untyped-call]

    def _connect(self) -> None:
        if self._client.connected:
            return
        where = f"{self._bus.host}:{self._bus.port}"
        now_s = time.monotonic()
        if now_s < self._retry_at_s:
            raise BusError(f"{where}: no connection")
        if not self._client.connect():  # type: ignore[no-untyped-call]
            self._retry_at_s = time.monotonic() + self._backoff.next_s()
            raise BusError(f"{where}: no connection")
        self._backoff.reset()
        self._unheard = 0

    def _failed(self) -> None:
        """RTU frames carry no number, so a late answer could pass for the next one: start afresh. So do we when
        nothing at all has been heard for long."""
        self._unheard += 1
        if self._rtu or self._unheard >= _UNHEARD_BEFORE_RECONNECT:
            self.close()
