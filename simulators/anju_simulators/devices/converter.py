"""A serial-to-TCP converter: a Modbus TCP server with several meters' unit ids behind one port.

pymodbus decodes and encodes the frames. Its own server remembers one "last" request a connection, so an answer
that comes late would go out under the next request's number; a converter has a slow bus and late answers by
nature, so the serving is done here: one request at a time on the bus, and an answer that nobody waits for
any more is dropped.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from pymodbus.exceptions import ModbusIOException
from pymodbus.framer import FramerSocket
from pymodbus.pdu import DecodePDU, ExceptionResponse, ModbusPDU
from pymodbus.pdu.register_message import ReadInputRegistersResponse

from anju_simulators.devices.lines import TcpPort
from anju_simulators.devices.registers import FUNCTION, ILLEGAL_FUNCTION, ILLEGAL_VALUE, Refused

log = logging.getLogger(__name__)
GATEWAY_NO_RESPONSE = 11
BUS_TIMEOUT_S = 0.45
"""How long the converter waits for a meter; a later answer is lost on the bus, as with the real ones."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`registers` after `after_s` real seconds; `sent` is called once they are on their way to the client."""

    registers: list[int]
    after_s: float
    sent: Callable[[], None]


Unit = Callable[[int, int, int], Answer | None]
"""(function, address, count) -> the answer, None for silence, or Refused."""


class Converter:
    """Serves `units` (by unit id) on `host`:`port`; port 0 takes any free one."""

    def __init__(self, units: Mapping[int, Unit], *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._units = units
        self._bus = asyncio.Lock()
        self._port = TcpPort(self._serve, host=host, port=port)

    async def start(self) -> int:
        """Listen, and return the port."""
        _, port = await self._port.open()
        return port

    async def stop(self) -> None:
        await self._port.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _Session(reader, writer, self._on_bus).run()

    async def _on_bus(self, request: ModbusPDU) -> tuple[ModbusPDU, Callable[[], None]] | None:
        """The response, and what to call once it is sent; None when the converter stays silent."""
        async with self._bus:
            unit = self._units.get(request.dev_id)
            if unit is None:
                return _exception(request, GATEWAY_NO_RESPONSE), _nothing
            try:
                answer = unit(request.function_code, request.address, request.count)
            except Refused as refusal:
                return _exception(request, refusal.code), _nothing
            if answer is None or answer.after_s > BUS_TIMEOUT_S:
                await asyncio.sleep(BUS_TIMEOUT_S)
                return None
            await asyncio.sleep(answer.after_s)
        return _addressed(ReadInputRegistersResponse(registers=answer.registers), request), answer.sent


class _Session:
    """One client's connection."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        on_bus: Callable[[ModbusPDU], Awaitable[tuple[ModbusPDU, Callable[[], None]] | None]],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._on_bus = on_bus
        self._framer = FramerSocket(DecodePDU(is_server=True))
        self._requests: asyncio.Queue[ModbusPDU] = asyncio.Queue()

    async def run(self) -> None:
        answering = asyncio.create_task(self._answer())
        try:
            await self._listen()
        finally:
            answering.cancel()
            with suppress(asyncio.CancelledError, ConnectionError):
                await answering

    async def _listen(self) -> None:
        data = b""
        while more := await self._reader.read(1024):
            data += more
            while data:
                used, request = self._frame(data)
                data = data[used:]
                if request is None:
                    break
                self._requests.put_nowait(request)

    def _frame(self, data: bytes) -> tuple[int, ModbusPDU | None]:
        try:
            return self._framer.handleFrame(data, 0, 0)
        except (ModbusIOException, ValueError) as exc:
            log.info("frame refused", extra={"reason": str(exc)})
            code = ILLEGAL_VALUE if data[7] == FUNCTION else ILLEGAL_FUNCTION
            refusal = ExceptionResponse(data[7], code, data[6], int.from_bytes(data[:2], "big"))
            self._writer.write(self._framer.buildFrame(refusal))
            return len(data), None

    async def _answer(self) -> None:
        while True:
            request = await self._requests.get()
            found = await self._on_bus(request)
            given_up = not self._requests.empty() or self._writer.is_closing()
            if found is None or given_up:
                continue
            response, sent = found
            self._writer.write(self._framer.buildFrame(response))
            sent()
            await self._writer.drain()


def _exception(request: ModbusPDU, code: int) -> ModbusPDU:
    return _addressed(ExceptionResponse(request.function_code, code), request)


def _addressed(response: ModbusPDU, request: ModbusPDU) -> ModbusPDU:
    response.dev_id, response.transaction_id = request.dev_id, request.transaction_id
    return response


def _nothing() -> None:
    """An exception carries no reading, so there is nothing to note."""
