"""`anju-gateway probe`, and with it every profile of a device that is asked, against a simulated one."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from on_lines import OnLines, deaf_unit, steady_unit

from anju_edge_agent.dialect import JsonDialect
from anju_edge_agent.dlt645 import Dlt645Map
from anju_edge_agent.profile_reader import builtin_profile, builtin_profiles
from anju_edge_agent.registers import ModbusMap
from anju_gateway.cli import main
from anju_simulators.devices.dialects import DIALECTS
from anju_simulators.devices.dlt645 import ANSWER, ITEMS, Dlt645Bus, Told, encode_items
from anju_simulators.devices.lines import SerialLine, TcpLine
from anju_simulators.devices.osdp_reader import OsdpBus, OsdpReader
from anju_simulators.devices.registers import MAP_OF
from anju_simulators.devices.rtu import RtuBus
from anju_simulators.services import Broker

PROFILES = [builtin_profile(name) for name in builtin_profiles()]
METER = "202311130042"
HEAD = 'community = "jinxiu"\ngateway = "gw-1"\ndata_dir = "var"\n[uplink]\nurl = "mqtt://127.0.0.1:1"\n'


@pytest.fixture
def lines() -> Iterator[OnLines]:
    running = OnLines()
    yield running
    running.stop()


def probe(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["probe", *(str(argument) for argument in arguments)])


def values_of(result: Result) -> dict[str, float]:
    assert result.exit_code == 0, result.output
    rows = [line.split() for line in result.output.splitlines()[1:]]
    return {row[0]: float(row[1]) for row in rows if row[1] != "-"}


@pytest.mark.parametrize("model", [one.name for one in PROFILES if isinstance(one.protocol, ModbusMap)])
def test_every_modbus_profile_reads_a_meter_with_its_registers(lines: OnLines, model: str) -> None:
    truth = {point.id: 10.0 + 0.5 * number for number, point in enumerate(builtin_profile(model).points, 1)}
    path = lines.start(SerialLine(RtuBus({7: steady_unit(MAP_OF[model], truth)}).serve))
    found = values_of(probe("--profile", model, "--address", 7, "--set", f"serial={path}"))
    assert found == pytest.approx(truth, rel=1e-5)


@pytest.mark.parametrize("model", [one.name for one in PROFILES if isinstance(one.protocol, Dlt645Map)])
def test_every_dlt645_profile_reads_a_meter_with_its_data(lines: OnLines, model: str) -> None:
    truth = {item.point: 20.5 + number for number, items in enumerate(ITEMS.values()) for item in items}

    def speak(_control: int, data: bytes) -> Told:
        return Told(ANSWER, data + encode_items(data[::-1].hex().upper(), truth), 0.0, lambda: None)

    host, port = lines.start(TcpLine(Dlt645Bus({METER: speak}).serve)).split(":")
    found = values_of(probe("--profile", model, "--address", METER, "--set", f"host={host}", "--set", f"port={port}"))
    assert found == pytest.approx({point.id: truth[point.id] for point in builtin_profile(model).points})


@pytest.mark.parametrize("model", [one.name for one in PROFILES if isinstance(one.protocol, JsonDialect)])
def test_every_json_profile_reads_what_a_simulated_device_of_its_model_says(
    broker: Broker, device: Any, model: str
) -> None:
    truth = {point.id: 3.0 + number for number, point in enumerate(builtin_profile(model).points)}
    dialect, stop = DIALECTS[model], threading.Event()
    serial = dialect.serial.format(901)

    def speak() -> None:
        while not stop.wait(0.1):
            message = dialect.report(serial, truth, datetime.now(UTC))
            device.say(message.topic, message.payload)

    speaker = threading.Thread(target=speak)
    speaker.start()
    try:
        result = probe("--profile", model, "--address", serial, "--set", f"url={broker.url}")
    finally:
        stop.set()
        speaker.join()
    assert values_of(result) == pytest.approx(truth)


def test_a_reader_tells_its_state(lines: OnLines, tmp_path: Path) -> None:
    key = tmp_path / "reader.key"
    key.write_text("0f" * 16, encoding="ascii")
    path = lines.start(SerialLine(OsdpBus([OsdpReader(3, bytes.fromhex("0f" * 16))]).serve))
    options = [f"serial={path}", f"key_file={key}", f"credential_key_file={key}"]
    settings = [part for option in options for part in ("--set", option)]
    found = values_of(probe("--profile", "osdp-reader", "--address", 3, *settings))
    assert found == {"reader_online": 1.0, "tamper": 0.0, "power_lost": 0.0, "card_reads": 0.0, "comm_losses": 0.0}


def in_file(folder: Path, agent: str) -> Path:
    file = folder / "gateway.toml"
    file.write_text(f"{HEAD}{agent}", encoding="utf-8")
    return file


def modbus(place: str) -> str:
    device = '[[agent.device]]\nasset = "em-1"\nprofile = "eastron-sdm120"\nunit = 1\n'
    return f'[[agent]]\nname = "bus"\ndriver = "modbus"\n{place}\ntimeout_s = 0.3\n{device}'


def test_a_device_of_a_configuration_is_shown_with_units_quality_and_the_bytes_it_sent(
    lines: OnLines, tmp_path: Path
) -> None:
    shown = {"voltage_l1_v": 230.5, "current_l1_a": 900.0, "import_kwh": 12.5}
    path = lines.start(SerialLine(RtuBus({1: steady_unit(MAP_OF["eastron-sdm120"], shown)}).serve))
    result = probe(in_file(tmp_path, modbus(f'serial = "{path}"')), "em-1")
    lines_ = {line.split()[0]: line.split() for line in result.output.splitlines()}
    assert lines_["point"] == ["point", "value", "unit", "quality", "raw", "title"]
    assert lines_["voltage_l1_v"][:6] == ["voltage_l1_v", "230.5", "V", "good", "4366", "8000"]
    assert lines_["current_l1_a"][1:4] == ["900", "A", "uncertain"]
    assert lines_["power_w"][1:4] == ["-", "W", "nothing"]
    assert "有功功率 / active power" in result.output


@pytest.mark.parametrize(
    ("place", "unit", "expected"),
    [
        ("serial", 1, "check unit id, baud rate, parity and wiring"),
        ("nowhere", 1, "no connection: check that the port is there"),
    ],
)
def test_a_device_that_does_not_answer_is_told_with_what_to_check(
    lines: OnLines, tmp_path: Path, place: str, unit: int, expected: str
) -> None:
    path = lines.start(SerialLine(RtuBus({unit: deaf_unit}).serve)) if place == "serial" else "/dev/nowhere"
    result = probe(in_file(tmp_path, modbus(f'serial = "{path}"')), "em-1")
    assert result.exit_code == 1
    assert expected in result.output


def test_a_serial_server_that_is_not_there_is_told_with_what_to_check(tmp_path: Path) -> None:
    result = probe(in_file(tmp_path, modbus('host = "127.0.0.1"\nport = 1')), "em-1")
    assert result.exit_code == 1
    assert "127.0.0.1:1: no connection: check host and port" in result.output


def test_a_model_that_reads_registers_that_the_meter_does_not_have_is_told(lines: OnLines) -> None:
    meter = steady_unit(MAP_OF["eastron-sdm120"], {})
    path = lines.start(SerialLine(RtuBus({1: meter}).serve))
    result = probe("--profile", "chint-ddsu666", "--address", 1, "--set", f"serial={path}")
    assert result.exit_code == 1
    assert "Modbus exception 1: it doesn't know this function" in result.output


def test_a_device_that_says_nothing_of_itself_is_told(broker: Broker) -> None:
    result = probe(
        *("--profile", "shengtong-lm3", "--address", "LM9", "--within", 0.5, "--set", f"url={broker.url}"),
    )
    assert result.exit_code == 1
    assert "nothing came from 'LM9' within 0.5 s: check its id" in result.output


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        ([], 1, "FILE and DEVICE"),
        (["--profile", "eastron-sdm36"], 2, "profile: got 'eastron-sdm36', expected the path of a .toml file, or"),
        (["--profile", "eastron-sdm630"], 2, "unit: is missing"),
        (["--profile", "eastron-sdm630", "--address", "1"], 2, "host (a meter or serial server on the network)"),
        (["--profile", "eastron-sdm630", "--address", "1", "--set", "baud"], 2, "set: got 'baud', expected KEY=VALUE"),
        (["--profile", "dlt645-single-phase", "--address", "12"], 2, "address: got '12', expected 12 digits"),
    ],
)
def test_a_mistake_on_the_command_line_is_explained(arguments: list[str], code: int, expected: str) -> None:
    result = probe(*arguments)
    assert result.exit_code == code
    assert expected in result.output


def test_a_device_that_is_not_in_the_file_is_told_with_those_that_are(tmp_path: Path) -> None:
    result = probe(in_file(tmp_path, modbus('host = "127.0.0.1"')), "em-2")
    assert result.exit_code == 1
    assert "got 'em-2', expected the asset of one in the file: em-1" in result.output
