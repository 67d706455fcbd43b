"""The water meters of the alarm benchmark, asked by a real Modbus client and by the gateway's configuration."""

from pathlib import Path

from pymodbus.client import ModbusTcpClient

from anju_gateway.config_reader import load_config
from benchmarks.devices import write_gateway
from benchmarks.meters import PROFILE, Meters, agent_of


def test_a_register_pair_reads_as_the_flow_of_its_unit() -> None:
    with Meters() as meters:
        client = ModbusTcpClient("127.0.0.1", port=meters.port)
        meters.flows[3] = 2.5
        found = [client.read_input_registers(0, count=2, device_id=unit).registers for unit in (3, 4)]
        client.close()
    assert [client.convert_from_registers(pair, client.DATATYPE.FLOAT32) for pair in found] == [2.5, 0.0]


def test_the_gateway_can_read_them(tmp_path: Path) -> None:
    (tmp_path / "flow.toml").write_text(PROFILE, encoding="utf-8")
    config = load_config(write_gateway(tmp_path, 1, port=1, uplink_port=2, more_agents=agent_of(502, 2)))
    assert [device.device.asset for device in config.agents[1].devices] == ["meter-000", "meter-001"]
