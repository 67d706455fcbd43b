"""The Modbus driver: questions for registers, asked on a bus."""

from collections.abc import Sequence

from anju_edge_agent.agent import AgentContext
from anju_edge_agent.drivers.bus import BusAgent
from anju_edge_agent.drivers.modbus_line import Ask, ModbusBus, ModbusLine
from anju_edge_agent.flow import Device
from anju_edge_agent.profile import Profile
from anju_edge_agent.registers import ModbusMap, plan_blocks


def modbus_agent(bus: ModbusBus, devices: Sequence[Device], context: AgentContext) -> BusAgent[Ask]:
    return BusAgent(ModbusLine(bus), plan_asks, devices, context, retries=bus.retries)


def plan_asks(profile: Profile, points: Sequence[int]) -> tuple[Ask, ...]:
    registers = profile.protocol
    assert isinstance(registers, ModbusMap)
    return tuple(Ask(registers, block) for block in plan_blocks(registers, points))
