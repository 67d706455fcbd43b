"""Devices on the box's own network have accounts of their own, on a real Mosquitto."""

import os
import queue
from collections.abc import Callable, Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from click.testing import CliRunner
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from anju_gateway.cli import main
from anju_gateway.local_broker import GATEWAY
from anju_simulators.services import Access, Broker

pytestmark = pytest.mark.mosquitto
WITHIN_S = 20.0
CONFIGURATION = """
community = "jinxiu"
gateway = "gw-1"
data_dir = "var"
[uplink]
url = "mqtt://127.0.0.1:1"
[[agent]]
name = "lifts"
driver = "mqtt_json"
url = "mqtt://127.0.0.1:1"
username = "_gateway"
"""
DEVICE = '[[agent.device]]\nasset = "{asset}"\nprofile = "shengtong-lm3"\ndevice = "{device}"\n'
LIFT_1, LIFT_2 = ("lift-01", "LM0001"), ("lift-02", "LM0002")


class Account:
    """A client that tells what the broker answered."""

    def __init__(self, port: int, name: str, password: str) -> None:
        self.answers: queue.Queue[ReasonCode] = queue.Queue()
        self.topics: queue.Queue[str] = queue.Queue()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5, reconnect_on_failure=False)
        self.client.username_pw_set(name, password)
        self.client.on_connect = lambda _client, _data, _flags, reason, _properties: self.answers.put(reason)
        self.client.on_publish = lambda _client, _data, _mid, reason, _properties: self.answers.put(reason)
        self.client.on_subscribe = lambda _client, _data, _mid, reasons, _properties: self.answers.put(reasons[0])
        self.client.on_message = lambda _client, _data, message: self.topics.put(message.topic)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        self.is_in = self._is_good()

    def publish(self, topic: str) -> bool:
        self.client.publish(topic, b"{}", qos=1)
        return self._is_good()

    def subscribe(self, topic: str) -> None:
        self.client.subscribe(topic, qos=1)
        self.answers.get(timeout=WITHIN_S)

    def _is_good(self) -> bool:
        return not self.answers.get(timeout=WITHIN_S).is_failure


class Box:
    """The files that `anju-gateway local-broker` writes for some devices."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "gateway.toml"
        self.out = folder / "local"

    def write(self, *devices: tuple[str, str], more: str = "") -> str:
        """What the program said; `more` are lines of the agent."""
        text = "".join(DEVICE.format(asset=asset, device=device) for asset, device in devices)
        self._file.write_text(CONFIGURATION + more + text, encoding="utf-8")
        return CliRunner().invoke(main, ["local-broker", str(self._file), "--out", str(self.out)]).output

    def password(self, account: str) -> str:
        return (self.out / "passwords" / account).read_text(encoding="utf-8")


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


@pytest.fixture
def account(box: Box, tmp_path: Path) -> Iterator[Callable[..., Account]]:
    """A client with an account's own password, or another one, on a broker with the files for two lifts."""
    assert "2 devices" in box.write(LIFT_1, LIFT_2)
    access = Access(accounts=box.out / "accounts", rights=box.out / "access.acl")
    clients: list[Account] = []
    with Broker(tmp_path / "broker", kind="mosquitto", access=access) as broker:

        def connect(name: str, password: str | None = None) -> Account:
            clients.append(Account(broker.port, name, password or box.password(name)))
            return clients[-1]

        yield connect
        for client in clients:
            client.client.disconnect()
            client.client.loop_stop()


def test_a_device_publishes_as_itself_only_and_the_gateway_hears_it(account: Callable[..., Account]) -> None:
    gateway, lift = account(GATEWAY), account("lift-01")
    gateway.subscribe("liftmon/+/status")
    assert not lift.publish("liftmon/LM0002/status")
    assert not lift.publish("anything")
    assert lift.publish("liftmon/LM0001/status")
    assert gateway.topics.get(timeout=WITHIN_S) == "liftmon/LM0001/status"


def test_a_device_hears_nothing_of_others(account: Callable[..., Account]) -> None:
    other, lift, gateway = account("lift-02"), account("lift-01"), account(GATEWAY)
    other.subscribe("#")
    gateway.subscribe("liftmon/+/fault")
    assert lift.publish("liftmon/LM0001/fault")
    assert gateway.topics.get(timeout=WITHIN_S) == "liftmon/LM0001/fault"
    assert other.topics.empty()


@pytest.mark.parametrize(("name", "password"), [("lift-01", "guessed"), ("lift-03", "any"), ("", "")])
def test_whoever_has_no_account_is_turned_away(account: Callable[..., Account], name: str, password: str) -> None:
    assert not account(name, password or "x").is_in


def test_a_device_is_added_without_changing_the_password_of_another(box: Box) -> None:
    box.write(LIFT_1)
    first = box.password("lift-01")
    box.write(LIFT_1, LIFT_2)
    assert (box.password("lift-01"), box.password("lift-02") != first) == (first, True)
    assert [line.split(":")[0] for line in (box.out / "accounts").read_text(encoding="utf-8").splitlines()] == [
        GATEWAY,
        "lift-01",
        "lift-02",
    ]
    assert (box.out / "passwords").stat().st_mode & 0o077 == 0
    assert all(file.stat().st_mode & 0o077 == 0 for file in (box.out / "passwords").iterdir())


def test_the_configuration_may_name_the_gateways_password_before_there_is_one(box: Box) -> None:
    assert "1 device;" in box.write(LIFT_1, more='password_file = "local/passwords/_gateway"\n')
    assert box.password(GATEWAY) != box.password("lift-01")


def test_mosquittos_own_account_can_read_hashes_and_rights_but_no_password(box: Box) -> None:
    mask = os.umask(0o077)
    try:
        box.write(LIFT_1)
    finally:
        os.umask(mask)
    modes = {file.name: file.stat().st_mode & 0o777 for file in (box.out / "accounts", box.out / "access.acl")}
    assert modes == {"accounts": 0o644, "access.acl": 0o644}
    assert (box.out / "passwords" / "lift-01").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("device", ["+", "#", "a/b", "a b"])
def test_an_id_that_would_open_topics_of_others_is_refused(box: Box, device: str) -> None:
    assert f"device of lift-01: got '{device}'" in box.write(("lift-01", device))
    assert not (box.out / "access.acl").exists()
