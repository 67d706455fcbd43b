"""Reading the part of a profile that the Modbus driver knows."""

from collections.abc import Sequence

from anju_edge_agent.registers import FUNCTIONS, LAST_ADDRESS, MOST_REGISTERS, REGISTER_TYPES, ModbusMap, Register
from anju_edge_agent.tables import Table

_ORDERS = ("big", "little")


def read_modbus_map(root: Table, points: Sequence[Table], _ids: Sequence[str]) -> ModbusMap:
    """`[modbus]`, and function, address and type of every point."""
    table = root.table("modbus")
    orders = {key: table.choice(key, _ORDERS, "big") for key in ("byte_order", "word_order")}
    function = table.integer("function", 4, least=min(FUNCTIONS), most=max(FUNCTIONS))
    most = table.integer("max_registers", MOST_REGISTERS, least=4, most=MOST_REGISTERS)
    gap = table.integer("max_gap", 0, least=0, most=MOST_REGISTERS)
    even = table.flag("even_counts")
    table.done()
    registers = tuple(_read_register(point, function, orders) for point in points)
    return ModbusMap(registers, most, gap, even)


def _read_register(point: Table, function: int, orders: dict[str, str]) -> Register:
    register = Register(
        function=point.integer("function", function, least=min(FUNCTIONS), most=max(FUNCTIONS)),
        address=point.integer("address", required=True, least=0, most=LAST_ADDRESS),
        type=point.choice("type", REGISTER_TYPES, "u16", required=True),
        little_bytes=point.choice("byte_order", _ORDERS, orders["byte_order"]) == "little",
        little_words=point.choice("word_order", _ORDERS, orders["word_order"]) == "little",
    )
    if register.address + register.words - 1 > LAST_ADDRESS:
        point.problem("address", register.address, f"an address whose last register is at most {LAST_ADDRESS}")
    return register
