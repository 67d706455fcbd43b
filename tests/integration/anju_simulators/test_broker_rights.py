"""The accounts and rights that docker-compose.yml gives the broker, on a real Mosquitto."""

import queue
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from anju_contracts.topics import DOWNLINK, UPLINK, Channel, GatewayAddress, filter_for
from anju_simulators.services import Access, Broker

pytestmark = pytest.mark.mosquitto
ROOT = Path(__file__).resolve().parents[3]
SECONDS = 20.0
OWN = GatewayAddress("jinxiu", "gw-1")
FOREIGN = GatewayAddress("yihe", "gw-1")


class Account:
    """A client of one account, that tells what the broker answered."""

    def __init__(self, port: int, name: str, password: str) -> None:
        self.answers: queue.Queue[ReasonCode] = queue.Queue()
        self.messages: queue.Queue[mqtt.MQTTMessage] = queue.Queue()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self.client.username_pw_set(name, password)
        self.client.on_connect = lambda _client, _data, _flags, reason, _properties: self.answers.put(reason)
        self.client.on_publish = lambda _client, _data, _mid, reason, _properties: self.answers.put(reason)
        self.client.on_subscribe = lambda _client, _data, _mid, reasons, _properties: self.answers.put(reasons[0])
        self.client.on_message = lambda _client, _data, message: self.messages.put(message)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def answer(self) -> ReasonCode:
        return self.answers.get(timeout=SECONDS)

    def publish(self, topic: str) -> ReasonCode:
        self.client.publish(topic, b"x", qos=1)
        return self.answer()

    def subscribe(self, topic: str) -> ReasonCode:
        self.client.subscribe(topic, qos=1)
        return self.answer()

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


class Guarded:
    """A running broker with the rights of the compose file and two accounts."""

    def __init__(self, port: int, secrets: Path) -> None:
        self.port = port
        self._secrets = secrets
        self._open: list[Account] = []

    def connect(self, name: str, password: str | None = None) -> Account:
        if password is None:
            password = (self._secrets / f"mqtt_{name.replace('/', '+')}").read_text(encoding="utf-8")
        account = Account(self.port, name, password)
        self._open.append(account)
        return account

    def close(self) -> None:
        for account in self._open:
            account.close()


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Guarded]:
    secrets = tmp_path / "secrets"
    subprocess.run([sys.executable, ROOT / "docker/make_secrets.py", secrets, str(OWN)], check=True)
    access = Access(accounts=secrets / "broker_accounts", rights=ROOT / "docker/mosquitto.acl")
    with Broker(tmp_path / "broker", kind="mosquitto", access=access) as running:
        guard = Guarded(running.port, secrets)
        yield guard
        guard.close()


def test_a_gateway_publishes_on_its_own_topics_and_hears_its_own_receipts(guarded: Guarded) -> None:
    gateway = guarded.connect(str(OWN))
    assert not gateway.answer().is_failure
    assert not any(gateway.publish(OWN.topic(channel)).is_failure for channel in UPLINK)
    assert not any(gateway.subscribe(OWN.topic(channel)).is_failure for channel in DOWNLINK)
    platform = guarded.connect("platform")
    assert not platform.answer().is_failure
    assert not platform.publish(OWN.topic(Channel.RECEIPT)).is_failure
    assert gateway.messages.get(timeout=SECONDS).topic == OWN.topic(Channel.RECEIPT)


def test_a_gateway_can_neither_speak_for_another_nor_for_the_platform(guarded: Guarded) -> None:
    gateway = guarded.connect(str(OWN))
    assert not gateway.answer().is_failure
    assert all(gateway.publish(FOREIGN.topic(channel)).is_failure for channel in UPLINK)
    assert all(gateway.publish(OWN.topic(channel)).is_failure for channel in DOWNLINK)


def test_a_gateway_hears_nothing_of_another(guarded: Guarded) -> None:
    gateway = guarded.connect(str(OWN))
    assert not gateway.answer().is_failure
    gateway.subscribe("anju/1/#")
    platform = guarded.connect("platform")
    assert not platform.answer().is_failure
    assert not platform.publish(FOREIGN.topic(Channel.RECEIPT)).is_failure
    assert not platform.publish(OWN.topic(Channel.RECEIPT)).is_failure
    assert gateway.messages.get(timeout=SECONDS).topic == OWN.topic(Channel.RECEIPT)


def test_the_platform_hears_every_gateway_by_a_shared_subscription(guarded: Guarded) -> None:
    platform = guarded.connect("platform")
    assert not platform.answer().is_failure
    assert not platform.subscribe(filter_for(Channel.TELEMETRY, share="ingest")).is_failure
    gateway = guarded.connect(str(OWN))
    assert not gateway.answer().is_failure
    assert not gateway.publish(OWN.topic(Channel.TELEMETRY)).is_failure
    assert platform.messages.get(timeout=SECONDS).topic == OWN.topic(Channel.TELEMETRY)


@pytest.mark.parametrize(("name", "password"), [("platform", "wrong"), ("nobody", "x"), ("", "")])
def test_whoever_has_no_account_is_turned_away(guarded: Guarded, name: str, password: str) -> None:
    assert guarded.connect(name, password).answer().is_failure
