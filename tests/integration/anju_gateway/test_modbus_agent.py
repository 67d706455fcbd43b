"""The Modbus driver against servers on real sockets."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pymodbus.datastore import ModbusServerContext, ModbusSimulatorContext
from pymodbus.framer import FramerType
from pymodbus.simulator import DataType, SimData, SimDevice

from anju_edge_agent.samples import Sample

PROFILE = """
driver = "modbus"
kind = "heat_meter"
model = "acme-h1"
period_s = 0.2
silent_after = 2
[modbus]
function = 3
[[point]]
id = "power_kw"
unit = "kW"
address = 10
type = "s16"
scale = 0.1
[[point]]
id = "energy_kwh"
unit = "kW.h"
kind = "counter"
address = 100
type = "u32"
word_order = "little"
[[point]]
id = "flow_l_h"
unit = "L/h"
function = 4
address = 20
type = "f32"
"""


def bus(port: int, *units: int, profile: str = "eastron-sdm630", period_s: float = 0.2, more: str = "") -> str:
    devices = "".join(
        f'[[agent.device]]\nasset = "em-{unit}"\nprofile = "{profile}"\nunit = {unit}\nperiod_s = {period_s}\n'
        for unit in units
    )
    head = f'[[agent]]\nname = "bus"\ndriver = "modbus"\nhost = "127.0.0.1"\nport = {port}\ntimeout_s = 0.3\n'
    return f"{head}{more}\n{devices}"


def test_a_meter_is_read_with_one_question_a_period(
    serve: Any, meters: Any, run_agent: Any, eventually: Callable[..., bool]
) -> None:
    server = serve(*meters(231.4))
    agent = run_agent(bus(server.port, 1, period_s=0.1))
    assert eventually(lambda: len(agent.kept.samples) >= 30)
    agent.end()
    latest = agent.kept.latest("em-1")
    assert latest.pop("comm_latency_ms") > 0
    assert latest.pop("comm_errors") == 0
    assert latest == {
        **{f"voltage_l{phase}_v": 231.4 for phase in (1, 2, 3)},
        **{f"current_l{phase}_a": 231.4 for phase in (1, 2, 3)},
        "power_w": 231.4,
        "import_kwh": 231.4,
    }
    assert server.requests <= len(agent.kept.samples) / 10 + 1
    assert len({sample.at_us for sample in agent.kept.samples}) == len(agent.kept.samples) / 10


def test_a_device_that_does_not_answer_gives_no_sample_and_is_silent_until_it_does(
    serve: Any, meters: Any, run_agent: Any, eventually: Callable[..., bool]
) -> None:
    server = serve(*meters(230.0, 235.0))
    agent = run_agent(bus(server.port, 1, 2))
    assert eventually(lambda: len(agent.kept.samples) >= 40)
    server.deaf.add(2)
    assert eventually(lambda: ("em-2", "device.silent", "raise") in agent.kept.codes())
    quiet_since_us = agent.kept.events[0].at.timestamp() * 1e6

    def later() -> list[Sample]:
        return [sample for sample in agent.kept.samples if sample.at_us > quiet_since_us]

    assert eventually(lambda: "voltage_l1_v" in {sample.point for sample in later() if sample.asset == "em-1"})
    assert eventually(lambda: agent.kept.latest("em-2")["comm_errors"] >= 6)
    assert {sample.point for sample in later() if sample.asset == "em-2"} == {"comm_errors"}
    assert agent.kept.latest("em-1")["comm_errors"] == 0
    server.deaf.clear()
    assert eventually(lambda: ("em-2", "device.silent", "clear") in agent.kept.codes())
    assert agent.kept.codes() == [("em-2", "device.silent", "raise"), ("em-2", "device.silent", "clear")]


def test_a_bus_that_goes_away_is_reported_and_found_again(
    serve: Any, meters: Any, run_agent: Any, eventually: Callable[..., bool]
) -> None:
    server = serve(*meters(230.0))
    agent = run_agent(bus(server.port, 1))
    assert eventually(lambda: agent.kept.samples)
    server.stop()
    assert eventually(lambda: any(reason and "no connection" in reason for reason in agent.troubles))
    assert eventually(lambda: agent.kept.codes() == [("em-1", "device.silent", "raise")])
    again = serve(*meters(240.0), port=server.port)
    assert eventually(lambda: agent.kept.latest("em-1")["voltage_l1_v"] == 240.0)
    assert agent.troubles[-1] is None
    assert again.requests


def test_an_address_that_the_device_refuses_counts_as_an_error(
    serve: Any, run_agent: Any, eventually: Callable[..., bool]
) -> None:
    server = serve(SimDevice(1, simdata=[SimData(0, values=[1.0] * 4, datatype=DataType.FLOAT32)]))
    agent = run_agent(bus(server.port, 1))
    assert eventually(lambda: agent.kept.latest("em-1").get("comm_errors", 0) >= 3)
    assert agent.kept.latest("em-1").keys() == {"comm_errors"}
    assert agent.oddities[0] == "no_answer"


def test_what_a_meter_cannot_measure_is_left_out(serve: Any, run_agent: Any, eventually: Callable[..., bool]) -> None:
    values = [230.0, float("nan")] + [1.0] * 38
    server = serve(SimDevice(1, simdata=[SimData(0, values=values, datatype=DataType.FLOAT32)]))
    agent = run_agent(bus(server.port, 1))
    assert eventually(lambda: "voltage_l3_v" in agent.kept.latest("em-1"))
    assert "voltage_l2_v" not in agent.kept.latest("em-1")
    assert "not_a_number" in agent.oddities


def test_rtu_frames_through_a_transparent_converter(
    serve: Any, meters: Any, run_agent: Any, eventually: Callable[..., bool]
) -> None:
    server = serve(*meters(229.0), framer=FramerType.RTU)
    agent = run_agent(bus(server.port, 1, more='framing = "rtu"'))
    assert eventually(lambda: agent.kept.latest("em-1").get("voltage_l1_v") == 229.0)


def test_an_alarm_from_before_a_restart_is_cleared_when_the_device_answers(
    serve: Any, meters: Any, run_agent: Any, eventually: Callable[..., bool]
) -> None:
    server = serve(*meters(230.0))
    agent = run_agent(bus(server.port, 1), raised={"em-1": {"device.silent"}})
    assert eventually(lambda: agent.kept.codes() == [("em-1", "device.silent", "clear")])


REGISTER_FILE = """
{
  "setup": {
    "co size": 150, "di size": 150, "hr size": 150, "ir size": 150,
    "shared blocks": true, "type exception": false,
    "defaults": {
      "value": {"bits": 0, "uint16": 0, "int16": 0, "uint32": 0, "float32": 0.0, "string": " "},
      "action": {"bits": null, "uint16": null, "int16": null, "uint32": null, "float32": null, "string": null}
    }
  },
  "invalid": [], "write": [], "bits": [],
  "uint16": [{"addr": 10, "value": 65411}, {"addr": 100, "value": 7}, {"addr": 101, "value": 1}],
  "int16": [], "uint32": [],
  "float32": [{"addr": [20, 21], "value": 512.5}],
  "string": [], "repeat": []
}
"""


def test_a_device_that_nobody_here_wrote_is_read_by_a_profile_alone(
    serve: Any, run_agent: Any, eventually: Callable[..., bool], tmp_path: Path
) -> None:
    simulator = ModbusSimulatorContext(json.loads(REGISTER_FILE), None)
    server = serve(context=ModbusServerContext(devices={1: simulator}))
    (tmp_path / "acme-h1.toml").write_text(PROFILE, encoding="utf-8")
    agent = run_agent(bus(server.port, 1, profile="acme-h1.toml"))
    assert eventually(lambda: "flow_l_h" in agent.kept.latest("em-1"))
    latest = agent.kept.latest("em-1")
    assert (latest["power_kw"], latest["energy_kwh"], latest["flow_l_h"]) == (-12.5, 65_543.0, 512.5)
