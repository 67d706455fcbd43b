"""What simulated devices of the benchmarks say is what the gateway's configuration reads."""

from pathlib import Path

import msgspec

from anju_gateway.config_reader import load_config
from benchmarks.devices import VALUES, reports, write_gateway


def test_the_gateways_configuration_is_fine_and_names_every_device_and_value(tmp_path: Path) -> None:
    config = load_config(write_gateway(tmp_path / "box", 3, port=1, uplink_port=2))
    devices = [device.device for agent in config.agents for device in agent.devices]
    assert [device.asset for device in devices] == ["d000", "d001", "d002"]
    assert {len(device.profile.points) for device in devices} == {VALUES}


def test_devices_speak_in_turn_and_no_two_messages_are_of_one_moment() -> None:
    said = reports(3, 7, first=10)
    found = [msgspec.json.decode(payload) for payload in said.payloads]
    assert [one["id"] for one in found] == ["d000", "d001", "d002"] * 2 + ["d000"]
    assert [one["v"]["p0"] for one in found] == list(range(10, 17))
    assert len({one["ts"] for one in found}) == 7
    assert {len(one["v"]) for one in found} == {VALUES}
