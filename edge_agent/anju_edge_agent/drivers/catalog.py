"""The drivers by name, and how each reads its part of the gateway's configuration."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from anju_edge_agent.agent import Agent, AgentContext
from anju_edge_agent.dlt645 import ADDRESS_DIGITS
from anju_edge_agent.drivers.dlt645 import Dlt645Bus, dlt645_agent
from anju_edge_agent.drivers.modbus import modbus_agent
from anju_edge_agent.drivers.modbus_line import ModbusBus
from anju_edge_agent.drivers.mqtt_json import MqttJsonAgent, MqttListener
from anju_edge_agent.drivers.osdp import OsdpAgent, OsdpBus
from anju_edge_agent.endpoint import read_endpoint
from anju_edge_agent.flow import Device
from anju_edge_agent.key_reader import read_key
from anju_edge_agent.place import Place, SerialPlace
from anju_edge_agent.place_reader import read_place
from anju_edge_agent.tables import Table

_SERIAL_SERVER_PORT: Final = 4_001
"""Where serial servers offer their first port by custom; there is no standard."""
Build = Callable[[Sequence[Device], AgentContext], Agent]
"""A new agent for these devices; called again when one died."""


@dataclass(frozen=True, slots=True)
class Plan:
    """An agent as configured. `place` is the bus that no other agent may ask; None for a listener."""

    build: Build
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Driver:
    """`read_agent` reads the `[[agent]]` table (with the folder of the file and the client id to use);
    `read_address` reads a device's address from its `[[agent.device]]` table, where it stands at `address_key`. On a
    bus no two devices of any model have the same (`one_bus`); behind a broker each model has ids of its own."""

    read_agent: Callable[[Table, Path, str], Plan]
    read_address: Callable[[Table], str]
    address_key: str
    one_bus: bool = True


def _read_modbus(table: Table, _folder: Path, _client_id: str) -> Plan:
    place = read_place(table, SerialPlace("", 9_600), port=502)
    serial = isinstance(place, SerialPlace)
    framing = table.choice("framing", ("tcp", "rtu"), "rtu" if serial else "tcp")
    if serial and framing == "tcp":
        table.problem("framing", framing, 'no framing beside serial, or "rtu"')
    bus = ModbusBus(
        place=place,
        framing=framing,
        timeout_s=table.number("timeout_s", 1.0, above=0, most=60),
        retries=table.integer("retries", 1, least=0, most=10),
    )
    return Plan(lambda devices, context: modbus_agent(bus, devices, context), place)


def _read_unit(table: Table) -> str:
    return str(table.integer("unit", 1, required=True, least=0, most=255))


def _read_dlt645(table: Table, _folder: Path, _client_id: str) -> Plan:
    bus = Dlt645Bus(
        place=read_place(table, SerialPlace("", 2_400, "even"), port=_SERIAL_SERVER_PORT),
        timeout_s=table.number("timeout_s", 1.0, above=0, most=60),
        retries=table.integer("retries", 1, least=0, most=10),
        preamble=table.integer("preamble", 4, least=0, most=4),
    )
    return Plan(lambda devices, context: dlt645_agent(bus, devices, context), bus.place)


def _read_osdp(table: Table, folder: Path, _client_id: str) -> Plan:
    """The readers' keys stand beside their addresses, in files of their own."""
    readers = table.tables("device", required=True)
    keys = {str(reader.integer("address", 0)): read_key(reader, "key_file", folder) for reader in readers}
    bus = OsdpBus(
        place=read_place(table, SerialPlace("", 9_600), port=_SERIAL_SERVER_PORT),
        keys=keys,
        credential_key=read_key(table, "credential_key_file", folder),
        timeout_s=table.number("timeout_s", 1.0, above=0, most=60),
    )
    return Plan(lambda devices, context: OsdpAgent(bus, devices, context), bus.place)


def _read_reader_address(table: Table) -> str:
    table.text("key_file")  # read with the agent, which is told the folder
    return str(table.integer("address", required=True, least=0, most=126))


def _read_meter_address(table: Table) -> str:
    address = table.text("address", required=True)
    if address and not (len(address) == ADDRESS_DIGITS and address.isascii() and address.isdecimal()):
        table.problem("address", address, f"{ADDRESS_DIGITS} digits in quotes, as printed on the meter")
    return address


def _read_mqtt_json(table: Table, folder: Path, client_id: str) -> Plan:
    endpoint = read_endpoint(table, folder)
    version = table.choice("mqtt_version", ("5", "3.1.1"), "5")
    listener = MqttListener(endpoint, table.text("client_id", client_id), 5 if version == "5" else 311)
    return Plan(lambda devices, context: MqttJsonAgent(listener, devices, context))


def _read_device_id(table: Table) -> str:
    return table.text("device", required=True)


DRIVERS: Final[Mapping[str, Driver]] = MappingProxyType(
    {
        "modbus": Driver(_read_modbus, _read_unit, "unit"),
        "dlt645": Driver(_read_dlt645, _read_meter_address, "address"),
        "osdp": Driver(_read_osdp, _read_reader_address, "address"),
        "mqtt_json": Driver(_read_mqtt_json, _read_device_id, "device", one_bus=False),
    }
)
