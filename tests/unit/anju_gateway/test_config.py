from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from anju_contracts.birth import decode_birth, encode_birth
from anju_contracts.kinds import Label
from anju_edge_agent.endpoint import Endpoint
from anju_gateway.config import birth_of
from anju_gateway.config_reader import load_config
from anju_gateway.errors import ConfigurationError
from anju_gateway.outbox_file import Limits

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
GOOD = """
community = "jinxiu"
gateway = "gw-1"
data_dir = "var"
[community_label]
zh = "锦绣花园"
en = "Jinxiu Garden"
[uplink]
url = "mqtt://127.0.0.1:1883"
[[agent]]
name = "meters-1"
driver = "modbus"
host = "127.0.0.1"
port = 5020
[[agent.device]]
asset = "em-001"
profile = "eastron-sdm630"
unit = 1
period_s = 60
location = "Building 1"
installed_on = 2020-05-01
[[agent.device]]
asset = "wm-001"
profile = "huayi-wm1"
unit = 2
[[agent]]
name = "lifts"
driver = "mqtt_json"
url = "mqtt://127.0.0.1:1884"
[[agent.device]]
asset = "lift-01"
profile = "shengtong-lm3"
device = "LM0001"
label = { zh = "1号楼客梯", en = "Building 1 lift" }
attributes = { storeys = 18, entrance = "A" }
"""


def write(folder: Path, text: str) -> Path:
    file = folder / "gateway.toml"
    file.write_text(text, encoding="utf-8")
    return file


def problems_of(folder: Path, text: str) -> dict[str, str]:
    with pytest.raises(ConfigurationError) as caught:
        load_config(write(folder, text))
    return {problem.key: str(problem) for problem in caught.value.problems}


def test_a_configuration_is_read_with_its_defaults(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, GOOD))
    assert config.data_dir == tmp_path / "var"
    assert config.software.startswith("anju-gateway ")
    assert config.uplink.endpoint == Endpoint("127.0.0.1", 1883)
    assert config.uplink.client_id == "anju-jinxiu-gw-1"
    assert config.limits == Limits()
    assert [(agent.name, len(agent.devices)) for agent in config.agents] == [("meters-1", 2), ("lifts", 1)]
    meter, water = (device.device for device in config.agents[0].devices)
    assert (meter.period_s, water.period_s, water.address) == (60.0, 900.0, "2")


def test_the_birth_announces_every_point_that_the_gateway_will_speak_of(tmp_path: Path) -> None:
    birth = birth_of(load_config(write(tmp_path, GOOD)), epoch="e1", at=NOON)
    assert decode_birth(encode_birth(birth)) == birth
    meter, water, lift = birth.assets
    assert (meter.id, meter.kind, meter.model) == ("em-001", "electric_meter", "eastron-sdm630")
    assert (meter.location, meter.installed_on) == ("Building 1", date(2020, 5, 1))
    assert {"import_kwh", "comm_errors", "comm_latency_ms"} <= {point.id for point in meter.points}
    assert "comm_errors" in {point.id for point in water.points}
    assert (lift.label, lift.attributes) == (Label("1号楼客梯", "Building 1 lift"), {"storeys": 18.0, "entrance": "A"})
    assert len(lift.points) == 12
    assert birth.label == Label("锦绣花园", "Jinxiu Garden")


def test_every_mistake_is_found_in_one_run(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "own.toml").write_text('driver = "modbus"\nkind = "x"\n', encoding="utf-8")
    found = problems_of(
        tmp_path,
        """
        community = "锦绣"
        data_dir = "file"
        softwear = "x"
        community_label = "Jinxiu"
        [uplink]
        url = "tcp://127.0.0.1"
        telemetry_window = 0
        keepalive = 5
        [outbox]
        max_mb = "lots"
        [[agent]]
        name = "meters"
        driver = "modbus"
        host = "10.0.0.1"
        timeout_s = 0
        [[agent.device]]
        asset = "em-001"
        profile = "eastron-sdm360"
        unit = 300
        installed_on = "2020-05-01"
        [[agent.device]]
        asset = "em-001"
        profile = "shengtong-lm3"
        unit = 2
        period_s = -1
        [[agent.device]]
        asset = "em-003"
        profile = "own.toml"
        unit = 2
        [agent.device.attributes]
        nested = { a = 1 }
        [[agent]]
        name = "meters"
        driver = "modbus"
        host = "10.0.0.1"
        [[agent]]
        name = "lifts"
        driver = "mqtt-json"
        [[agent.device]]
        asset = "lift 1"
        profile = "shengtong-lm3"
        """,
    )
    own = {"model", "period_s", "point"}
    assert set(found) - own == {
        *("community", "gateway", "data_dir", "softwear", "community_label"),
        *("uplink.url", "uplink.telemetry_window", "uplink.keepalive", "outbox.max_mb", "agent[0].timeout_s"),
        *("agent[0].device[0].profile", "agent[0].device[0].unit", "agent[0].device[0].installed_on"),
        *("agent[0].device[1].asset", "agent[0].device[1].profile", "agent[0].device[1].period_s"),
        *("agent[0].device[2].unit", "agent[0].device[2].attributes.nested"),
        *("agent[1].name", "agent[1].device", "agent[1].port", "agent[2].driver", "agent[2].device[0].asset"),
    }
    assert own <= set(found)
    assert "own.toml: model: is missing" in found["model"]
    assert "did you mean 'software'" in found["softwear"]
    assert "did you mean 'keepalive_s'" in found["uplink.keepalive"]
    assert "did you mean 'eastron-sdm630'" in found["agent[0].device[0].profile"]
    assert "did you mean 'mqtt_json'" in found["agent[2].driver"]
    assert (
        "gateway.toml: agent[0].device[1].asset: got 'em-001', expected one that occurs once; agent[0].device[0].asset"
        in (found["agent[0].device[1].asset"])
    )


def test_a_profile_that_is_not_there_is_named_by_agent_and_device(tmp_path: Path) -> None:
    found = problems_of(tmp_path, GOOD.replace('"huayi-wm1"', '"models/wm.toml"'))
    assert list(found) == ["agent[0].device[1].profile"]
    assert "got 'models/wm.toml', expected a file that exists" in found["agent[0].device[1].profile"]


def test_limits_of_the_outbox_are_read(tmp_path: Path) -> None:
    text = GOOD + "[outbox]\nmax_mb = 2\nmax_age_days = 0.5\npatience_s = 0\n"
    assert load_config(write(tmp_path, text)).limits == Limits(2_000_000, 43_200.0, 0.0)


def test_two_devices_of_a_listener_may_share_an_id_when_their_models_differ(tmp_path: Path) -> None:
    other = '[[agent.device]]\nasset = "door-01"\nprofile = "kaixin-dc2"\ndevice = "LM0001"\n'
    assert len(load_config(write(tmp_path, GOOD + other)).agents[1].devices) == 2
    same = other.replace("kaixin-dc2", "shengtong-lm3")
    assert set(problems_of(tmp_path, GOOD + same)) == {"agent[1].device[1].device"}


@pytest.mark.parametrize(
    ("text", "key"), [("community =", "(syntax)"), ("", "community"), (GOOD.replace("[[agent]]", "[[agnt]]"), "agnt")]
)
def test_a_file_that_is_no_configuration_says_so(tmp_path: Path, text: str, key: str) -> None:
    assert key in problems_of(tmp_path, text)


def test_a_file_that_is_not_utf_8_says_so(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_bytes("community = '锦绣'".encode("gbk"))
    with pytest.raises(ConfigurationError, match="UTF-8"):
        load_config(tmp_path / "gateway.toml")


def test_more_points_than_a_birth_can_hold_are_a_mistake(tmp_path: Path) -> None:
    points = "".join(f'[[point]]\nid = "p{number}"\naddress = {number}\ntype = "u16"\n' for number in range(1_000))
    head = 'driver = "modbus"\nkind = "x"\nmodel = "big"\nperiod_s = 60\n'
    (tmp_path / "big.toml").write_text(head + points, encoding="utf-8")
    devices = "".join(
        f'[[agent.device]]\nasset = "x{unit}"\nprofile = "big.toml"\nunit = {unit}\n' for unit in range(50)
    )
    start = GOOD.split("[[agent]]", maxsplit=1)[0]
    text = start + '[[agent]]\nname = "a"\ndriver = "modbus"\nhost = "10.0.0.1"\n' + devices
    assert set(problems_of(tmp_path, text)) == {"agent"}
