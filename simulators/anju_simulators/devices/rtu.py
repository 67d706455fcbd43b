"""A Modbus RTU bus: several meters on one pair of wires, which answer only what is for them."""

import asyncio
import logging
from collections.abc import Mapping

from pymodbus.exceptions import ModbusException
from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU, ExceptionResponse, ModbusPDU
from pymodbus.pdu.register_message import ReadHoldingRegistersResponse, ReadInputRegistersResponse

from anju_simulators.devices.converter import Unit
from anju_simulators.devices.lines import Send
from anju_simulators.devices.registers import ILLEGAL_FUNCTION, Refused

log = logging.getLogger(__name__)
_REGISTERS = {3: ReadHoldingRegistersResponse, 4: ReadInputRegistersResponse}
GAP_S = 0.05
"""Silence on the line that ends a frame, whole or not; generous, for a machine that has other work."""


class RtuBus:
    """`units` by unit id. A unit that isn't there, or stays silent, is silence on the wire."""

    def __init__(self, units: Mapping[int, Unit]) -> None:
        self._units = units
        self._framer = FramerRTU(DecodePDU(is_server=True))

    async def serve(self, reader: asyncio.StreamReader, send: Send) -> None:
        data = b""
        while True:
            try:
                more = await asyncio.wait_for(reader.read(256), GAP_S if data else None)
            except TimeoutError:
                data = b""
                continue
            if not more:
                return
            used, request = self._frame(data + more)
            data = (data + more)[used:]
            if request is not None:
                data = b""
                await self._answer(request, send)

    def _frame(self, data: bytes) -> tuple[int, ModbusPDU | None]:
        try:
            return self._framer.handleFrame(data, 0, 0)
        except (ModbusException, ValueError, IndexError) as exc:
            log.info("frame refused", extra={"reason": str(exc)})
            return len(data), None

    async def _answer(self, request: ModbusPDU, send: Send) -> None:
        unit = self._units.get(request.dev_id)
        if unit is None:
            return
        kind = _REGISTERS.get(request.function_code)
        if kind is None:
            self._send(ExceptionResponse(request.function_code, ILLEGAL_FUNCTION), request, send)
            return
        try:
            answer = unit(request.function_code, request.address, request.count)
        except Refused as refusal:
            self._send(ExceptionResponse(request.function_code, refusal.code), request, send)
            return
        if answer is None:
            return
        await asyncio.sleep(answer.after_s)
        self._send(kind(registers=answer.registers), request, send)
        answer.sent()

    def _send(self, response: ModbusPDU, request: ModbusPDU, send: Send) -> None:
        response.dev_id = request.dev_id
        send(self._framer.buildFrame(response))
