from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from anju_edge_agent.endpoint import Endpoint, prepare, read_endpoint
from anju_edge_agent.tables import Problem, Table


def read(folder: Path, **keys: object) -> tuple[Endpoint, list[str]]:
    problems: list[Problem] = []
    table = Table(keys, file="gateway.toml", problems=problems)
    endpoint = read_endpoint(table, folder)
    table.done()
    return endpoint, [problem.key for problem in problems]


def test_a_url_gives_host_port_and_encryption(tmp_path: Path) -> None:
    assert read(tmp_path, url="mqtt://broker")[0] == Endpoint("broker", 1883)
    assert read(tmp_path, url="mqtts://[::1]:9000")[0] == Endpoint("::1", 9000, tls=True)
    assert str(Endpoint("broker", 8883, tls=True)) == "mqtts://broker:8883"


@pytest.mark.parametrize(
    "url",
    ["broker:1883", "http://broker", "mqtt://", "mqtt://a:b", "mqtt://a:0", "mqtt://me:secret@a", "mqtt://a/path"],
)
def test_any_other_url_is_a_mistake(tmp_path: Path, url: str) -> None:
    assert read(tmp_path, url=url)[1] == ["url"]


def test_files_must_be_there_and_fit_together(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").touch()
    assert read(tmp_path, url="mqtts://a", ca_file="ca.pem")[0].ca_file == tmp_path / "ca.pem"
    assert read(tmp_path, url="mqtt://a", ca_file="ca.pem")[1] == ["ca_file"]
    assert read(tmp_path, url="mqtts://a", ca_file="gone.pem")[1] == ["ca_file"]
    assert read(tmp_path, url="mqtts://a", cert_file="ca.pem")[1] == ["cert_file"]
    assert read(tmp_path, url="mqtt://a", password_file="ca.pem")[1] == ["username"]


def test_the_password_comes_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("geheim\n", encoding="utf-8")
    client = Client(CallbackAPIVersion.VERSION2)
    prepare(client, Endpoint("a", 1883, username="gw-1", password_file=tmp_path / "password"))
    assert (client.username, client.password) == ("gw-1", "geheim")
    prepare(client, Endpoint("a", 1883, username="gw-2"))
    assert client.username == "gw-2"


def test_tls_takes_the_systems_authorities_or_those_of_a_file(tmp_path: Path) -> None:
    prepare(Client(CallbackAPIVersion.VERSION2), Endpoint("a", 8883, tls=True))
    (tmp_path / "ca.pem").write_text("no certificate", encoding="utf-8")
    with pytest.raises(OSError, match="no certificate"):
        prepare(Client(CallbackAPIVersion.VERSION2), Endpoint("a", 8883, tls=True, ca_file=tmp_path / "ca.pem"))
