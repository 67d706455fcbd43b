"""The Modbus driver: asks each device on a bus in fair turns and measures how well it answers."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from anju_edge_agent.agent import AgentContext
from anju_edge_agent.drivers.modbus_line import ModbusBus, ModbusLine
from anju_edge_agent.errors import BusError
from anju_edge_agent.flow import Device, DeviceFlow
from anju_edge_agent.registers import Block, ModbusMap, decode_register, plan_blocks
from anju_edge_agent.samples import Handover
from anju_edge_agent.turns import Turns

GATHER_S = 0.1
"""How long readings wait for others, so that a fast bus doesn't ask the disk for an fsync a device."""
GATHER_SAMPLES = 500
TICK_S = 0.5


@dataclass(slots=True)
class _Asked:
    """One device; `errors` counts questions without a usable answer since the agent began."""

    flow: DeviceFlow
    unit: int
    protocol: ModbusMap
    errors: int = 0
    answered: bool = True


@dataclass(frozen=True, slots=True)
class _Poll:
    """Those points of a device that have the same period."""

    asked: _Asked
    blocks: tuple[Block, ...]
    real_period_s: float


class ModbusAgent:
    """Runs in its own thread. Device times are the clock's when the answer came."""

    def __init__(self, bus: ModbusBus, devices: Sequence[Device], context: AgentContext) -> None:
        self._bus = bus
        self._context = context
        self._line = ModbusLine(bus)
        now_us = context.now_us()
        self._asked = [_asked(device, context, now_us) for device in devices]
        self._polls = [poll for asked in self._asked for poll in _polls(asked, context)]
        self._out = Handover()
        self._gathering_since_s = 0.0

    def run(self) -> None:
        turns = Turns({n: poll.real_period_s for n, poll in enumerate(self._polls)}, now_s=time.monotonic())
        tick_s = 0.0
        try:
            while not self._context.stop.is_set():
                now_s = time.monotonic()
                if now_s - tick_s >= TICK_S:
                    tick_s = now_s
                    self._tick()
                turn = turns.take(now_s)
                if turn is None:
                    self._hand_over()
                    self._context.stop.wait(min(turns.wait_s(now_s), TICK_S))
                    continue
                answered = self._ask(self._polls[turn])
                turns.done(turn, started_s=now_s, now_s=time.monotonic(), answered=answered)
                if self._gathered_enough():
                    self._hand_over()
            self._hand_over()
        finally:
            self._line.close()

    def _ask(self, poll: _Poll) -> bool:
        asked = poll.asked
        tries = 1 + (self._bus.retries if asked.answered else 0)
        if not self._out:
            self._gathering_since_s = time.monotonic()
        for _ in range(tries):
            try:
                values, latency_ms = self._read(poll)
            except BusError as exc:
                asked.errors += 1
                self._context.count("no_answer")
                self._context.trouble(None if self._line.connected else str(exc))
                if not self._line.connected:
                    break
            else:
                self._take(asked, values, latency_ms)
                return True
        self._miss(asked)
        return False

    def _read(self, poll: _Poll) -> tuple[list[tuple[int, float]], float]:
        """The values by point index, and the mean time of an answer in real milliseconds."""
        registers = poll.asked.protocol.registers
        values: list[tuple[int, float]] = []
        began_s = time.monotonic()
        for block in poll.blocks:
            words = self._line.read(poll.asked.unit, block)
            for index in block.points:
                start = registers[index].address - block.address
                value = decode_register(registers[index], words[start : start + registers[index].words])
                if value is None:
                    self._context.count("not_a_number")
                else:
                    values.append((index, value))
        return values, (time.monotonic() - began_s) * 1000.0 / len(poll.blocks)

    def _take(self, asked: _Asked, values: list[tuple[int, float]], latency_ms: float) -> None:
        self._context.trouble(None)
        asked.answered = True
        now_us = self._context.now_us()
        errors, latency = len(asked.protocol.registers), len(asked.protocol.registers) + 1
        asked.flow.heard(now_us, self._out)
        asked.flow.take(now_us, [*values, (errors, float(asked.errors)), (latency, round(latency_ms, 1))], self._out)

    def _miss(self, asked: _Asked) -> None:
        """No sample of the device; only what was measured here, the count of errors, is fresh."""
        asked.answered = False
        now_us = self._context.now_us()
        asked.flow.missed(now_us, self._out)
        asked.flow.take(now_us, [(len(asked.protocol.registers), float(asked.errors))], self._out)

    def _tick(self) -> None:
        now_us = self._context.now_us()
        for asked in self._asked:
            asked.flow.advance(now_us, self._out)

    def _gathered_enough(self) -> bool:
        full = len(self._out.samples) >= GATHER_SAMPLES
        return full or time.monotonic() - self._gathering_since_s >= GATHER_S

    def _hand_over(self) -> None:
        if self._out:
            out, self._out = self._out, Handover()
            self._context.sink(out.samples, out.events)


def _asked(device: Device, context: AgentContext, now_us: int) -> _Asked:
    protocol = device.profile.protocol
    assert isinstance(protocol, ModbusMap)
    flow = DeviceFlow(device, now_us=now_us, raised=context.raised.get(device.asset, ()))
    return _Asked(flow, int(device.address), protocol)


def _polls(asked: _Asked, context: AgentContext) -> list[_Poll]:
    """A point's own period counts, but for the device's: that is the period of every point that has none."""
    device = asked.flow.device
    groups: dict[float, list[int]] = {}
    for index, point in enumerate(device.profile.points):
        own = point.period_s != device.profile.period_s
        groups.setdefault(point.period_s if own else device.period_s, []).append(index)
    return [
        _Poll(asked, plan_blocks(asked.protocol, points), context.clock.real_s(period_s))
        for period_s, points in groups.items()
    ]
