"""What `anju-gateway check` says of mistakes in buses, addresses and keys."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from anju_gateway.cli import main
from anju_gateway.config_reader import load_config
from anju_gateway.errors import ConfigurationError

HEAD = 'community = "jinxiu"\ngateway = "gw-1"\ndata_dir = "var"\n[uplink]\nurl = "mqtt://127.0.0.1:1"\n'
MODBUS = """
[[agent]]
name = "bus"
driver = "modbus"
serial = "/dev/ttyUSB0"
[[agent.device]]
asset = "em-1"
profile = "eastron-sdm120"
unit = 1
"""
DLT645 = """
[[agent]]
name = "meters"
driver = "dlt645"
serial = "/dev/ttyUSB1"
[[agent.device]]
asset = "em-9"
profile = "dlt645-single-phase"
address = "202311130042"
"""
OSDP = """
[[agent]]
name = "readers"
driver = "osdp"
host = "10.0.0.7"
credential_key_file = "cards.key"
[[agent.device]]
asset = "door-1"
profile = "osdp-reader"
address = 1
key_file = "door-1.key"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("cards.key", "door-1.key"):
        (tmp_path / name).write_text("0123456789abcdefABCDEF0123456789", encoding="ascii")
    (tmp_path / "short.key").write_text("0123", encoding="ascii")
    (tmp_path / "words.key").write_text("x" * 32, encoding="ascii")
    return tmp_path


def problems_of(folder: Path, agents: str) -> list[str]:
    file = folder / "gateway.toml"
    file.write_text(HEAD + agents, encoding="utf-8")
    try:
        load_config(file)
    except ConfigurationError as exc:
        return [str(problem).removeprefix(f"{file}: ") for problem in exc.problems]
    return []


def test_buses_of_all_protocols_are_fine_together(folder: Path) -> None:
    assert problems_of(folder, MODBUS + DLT645 + OSDP) == []


@pytest.mark.parametrize(
    ("agent", "wrong", "right", "problem"),
    [
        (MODBUS, 'serial = "/dev/ttyUSB0"', "", "agent[0].host: is missing, expected host"),
        (MODBUS, "serial", 'host = "10.0.0.1"\nserial', "agent[0].host: got '10.0.0.1', expected host"),
        (MODBUS, "serial", 'parity = "E"\nserial', "agent[0].parity: got 'E', expected one of none, even, odd"),
        (MODBUS, "serial", "baud = 96\nserial", "agent[0].baud: got 96, expected a whole number at least 300"),
        (MODBUS, "serial", "port = 502\nserial", "agent[0].port: got 502, expected no such key"),
        (MODBUS, "serial", 'framing = "tcp"\nserial', "agent[0].framing: got 'tcp', expected no framing beside serial"),
        (DLT645, '"202311130042"', '"42"', "agent[0].device[0].address: got '42', expected 12 digits in quotes"),
        (DLT645, '"202311130042"', "202311130042", "agent[0].device[0].address: got 202311130042, expected text"),
        (DLT645, "serial", "preamble = 5\nserial", "agent[0].preamble: got 5, expected a whole number at least 0"),
        (OSDP, "door-1.key", "gone.key", "key_file: got 'gone.key (No such file or directory)', expected a file of 32"),
        (OSDP, "door-1.key", "short.key", "key_file: got 'short.key (4 characters)', expected a file of 32 hex digits"),
        (OSDP, "cards.key", "words.key", "credential_key_file: got 'words.key (32 characters)', expected a file of 32"),
        (OSDP, "address = 1", "address = 127", "agent[0].device[0].address: got 127, expected a whole number at least"),
        (OSDP, 'credential_key_file = "cards.key"', "", "agent[0].credential_key_file: is missing"),
    ],
)
def test_a_mistake_is_named_with_what_would_be_right(
    folder: Path, agent: str, wrong: str, right: str, problem: str
) -> None:
    found = problems_of(folder, agent.replace(wrong, right, 1))
    assert any(problem in one for one in found), found


@pytest.mark.parametrize(("agent", "asset"), [(MODBUS, "em-1"), (DLT645, "em-9"), (OSDP, "door-1")])
def test_two_devices_with_one_address_on_a_bus_are_named(folder: Path, agent: str, asset: str) -> None:
    again = agent[agent.index("[[agent.device]]") :].replace(f'asset = "{asset}"', 'asset = "other"')
    (problem,) = problems_of(folder, agent + again)
    assert "expected one that occurs once; agent[0].device[0]" in problem


def test_two_agents_on_one_serial_port_are_named(folder: Path) -> None:
    (problem,) = problems_of(folder, MODBUS + DLT645.replace("ttyUSB1", "ttyUSB0"))
    assert problem.startswith("agent[1].serial: got '/dev/ttyUSB0', expected a bus that no other agent asks")


def test_a_key_is_never_part_of_a_message(folder: Path) -> None:
    (folder / "door-1.key").write_text("00112233445566778899aabbccddeefg", encoding="ascii")
    (problem,) = problems_of(folder, OSDP)
    assert "0011" not in problem


def test_a_serial_port_that_is_not_there_is_a_mistake_for_who_checks_and_none_for_who_runs(folder: Path) -> None:
    agents = MODBUS.replace("/dev/ttyUSB0", str(folder / "ttyNONE"))
    assert problems_of(folder, agents) == []
    result = CliRunner().invoke(main, ["check", str(folder / "gateway.toml")])
    assert result.exit_code == 2
    assert "agent[0].serial: got" in result.output
    assert "expected a serial port that is there; on this machine:" in result.output
    (folder / "ttyNONE").touch()
    assert CliRunner().invoke(main, ["check", str(folder / "gateway.toml")]).exit_code == 0
