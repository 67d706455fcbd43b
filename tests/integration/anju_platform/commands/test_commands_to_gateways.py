"""From the request to the gateway and back: database, `anju commands`, a broker with certificates, a real gateway."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

import paho.mqtt.client as mqtt
import psycopg
import pytest
from arriving import birth, intake_on, lift
from eventual import WITHIN_S, eventually
from guarded import Guarded, guarded_broker

from anju_contracts.clock import RealClock
from anju_contracts.command import CommandResponse, decode_command, encode_response
from anju_contracts.envelope import Stream
from anju_contracts.topics import Channel, GatewayAddress
from anju_gateway.config import GatewayConfig
from anju_gateway.config_reader import load_config
from anju_gateway.gateway import Gateway, exclusive
from anju_platform.commands import service, store
from anju_platform.commands.models import Order
from anju_platform.commands.sender import CommandSender
from anju_platform.config import settings_from
from anju_simulators.services import Broker, Flavour, Postgres, flavours

pytestmark = pytest.mark.mosquitto
A = GatewayAddress("jinxiu", "gw-1")
B = GatewayAddress("jinxiu", "gw-2")
AGENT = """
[[agent]]
name = "meters"
driver = "modbus"
host = "127.0.0.1"
port = 1
[[agent.device]]
asset = "lift-01"
profile = "eastron-sdm630"
unit = 1
period_s = 86400
"""
DOORS = """
[[agent]]
name = "doors"
driver = "mqtt_json"
url = "{url}"
[[agent.device]]
asset = "door-01"
profile = "kaixin-dc2"
device = "DC0001"
"""


@pytest.fixture
def database_url(database_servers: Callable[[Flavour], Postgres]) -> Iterator[str]:
    """Of one flavour, with two gateways and what they announced."""
    server = database_servers(flavours()[0])
    url = server.create_database("anju_commanded", template="anju_template")
    with intake_on(url) as intake:
        for address, asset in ((A, "lift-01"), (A, "door-01"), (B, "lift-02")):
            intake.take(birth([lift(asset)], address=address))
    yield url
    server.drop_database("anju_commanded")


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Guarded]:
    with guarded_broker(tmp_path) as running:
        yield running


def environment_of(guarded: Guarded, database_url: str) -> dict[str, str]:
    files = guarded.folder / "platform"
    return {
        "ANJU_DATABASE_URL": database_url,
        "ANJU_MQTT_URL": guarded.platform_url,
        "ANJU_MQTT_CA": str(files / "ca.pem"),
        "ANJU_MQTT_CERT": str(files / "platform.pem"),
        "ANJU_MQTT_KEY": str(files / "platform.key"),
        "ANJU_COMMAND_KEY": str(guarded.folder / "command.key"),
    }


@contextmanager
def sender_on(guarded: Guarded, database_url: str) -> Iterator[CommandSender]:
    stopping = Event()
    sender = CommandSender(settings_from(environment_of(guarded, database_url)), stopping=stopping)
    thread = Thread(target=sender.run)
    thread.start()
    try:
        yield sender
    finally:
        stopping.set()
        thread.join(WITHIN_S)
        assert not thread.is_alive()


@contextmanager
def program_on(guarded: Guarded, database_url: str) -> Iterator[subprocess.Popen[bytes]]:
    """`anju commands`, killed at the end."""
    program = [Path(sys.executable).with_name("anju"), "commands"]
    process = subprocess.Popen(program, env=os.environ | environment_of(guarded, database_url))
    try:
        yield process
    finally:
        process.kill()
        process.wait(WITHIN_S)


def configured(box: Path, agents: str = AGENT) -> GatewayConfig:
    """As enrolled; its usual agent never reaches its bus."""
    file = box / "gateway.toml"
    head = file.read_text(encoding="utf-8").replace("[uplink]\n", "[uplink]\nflush_timeout_s = 0\n")
    file.write_text(head + agents, encoding="utf-8")
    return load_config(file)


@contextmanager
def gateway_of(config: GatewayConfig) -> Iterator[Gateway]:
    with exclusive(config.data_dir), Gateway(config, RealClock()) as gateway:
        yield gateway


class Desk:
    """Whoever gives orders and looks at what became of them."""

    def __init__(self, url: str) -> None:
        self._url = url

    def order(self, *, asset: str | None = None, action: str = "announce", valid_for_s: float = 60) -> int:
        with psycopg.connect(self._url) as conn:
            target = store.target_asset(conn, asset) if asset else store.target_gateway(conn, "jinxiu", "gw-1")
            order = Order(action, {}, "wang", "test", valid_for_s)
            return service.give(conn, target, order, now=datetime.now(UTC))

    def state(self, command_id: int) -> str:
        return str(self._one("SELECT state FROM command WHERE id = %s", command_id))

    def answer(self, command_id: int) -> Any:
        return self._one("SELECT answer FROM command WHERE id = %s", command_id)

    def acts(self, command_id: int) -> list[str]:
        with psycopg.connect(self._url) as conn:
            rows = conn.execute("SELECT act FROM command_log WHERE command_id = %s ORDER BY id", [command_id])
            return [str(act) for (act,) in rows]

    def _one(self, query: str, command_id: int) -> object:
        with psycopg.connect(self._url) as conn:
            row = conn.execute(query.encode(), [command_id]).fetchone()
        return row[0] if row else None


@pytest.fixture
def desk(database_url: str) -> Desk:
    return Desk(database_url)


def test_orders_are_done_refused_and_answered(guarded: Guarded, database_url: str, desk: Desk) -> None:
    with sender_on(guarded, database_url), gateway_of(configured(guarded.enrol(A))):
        done = desk.order()
        refused = desk.order(asset="jinxiu:lift-01", action="unlock")
        assert eventually(lambda: desk.state(done) == "done")
        assert eventually(lambda: desk.state(refused) == "refused")
        assert desk.answer(refused)["reason"] == "not_allowed"
        assert set(desk.acts(done)) >= {"asked", "sent", "delivered", "done"}


@pytest.fixture
def door(broker: Broker) -> Iterator[list[Any]]:
    """A door controller on the box's own network that opens when it is told, and what it was told."""
    told: list[Any] = []

    def answer(client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        told.append(json.loads(message.payload))
        client.publish("dc2/DC0001/answer", json.dumps({"req": told[-1]["req"], "ok": True}), qos=1)

    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.on_message = answer
    client.connect("127.0.0.1", broker.port)
    client.subscribe("dc2/DC0001/command", qos=1)
    client.loop_start()
    yield told
    client.disconnect()
    client.loop_stop()


def test_a_door_is_opened_once_and_says_so(
    guarded: Guarded, database_url: str, desk: Desk, broker: Broker, door: list[Any]
) -> None:
    config = configured(guarded.enrol(A), DOORS.format(url=broker.url))
    with sender_on(guarded, database_url), gateway_of(config) as gateway:
        opened = desk.order(asset="jinxiu:door-01", action="unlock")
        assert eventually(lambda: desk.state(opened) == "done")
        assert desk.answer(opened)["result"] == {"acknowledged": True}
        assert [(one["cmd"], one["sec"]) for one in door] == [("OPEN", 5)]
        assert eventually(lambda: gateway.outbox.counts()[Stream.EVENT].produced == 1)


def test_an_order_waits_for_a_gateway_that_is_away_and_for_a_sender_that_was_killed(
    guarded: Guarded, database_url: str, desk: Desk
) -> None:
    config = configured(guarded.enrol(A))
    with gateway_of(config):
        pass
    with program_on(guarded, database_url):
        waiting = desk.order()
        assert eventually(lambda: "undelivered" in desk.acts(waiting))
    with gateway_of(config), sender_on(guarded, database_url):
        assert eventually(lambda: desk.state(waiting) == "done")


def test_an_order_that_nobody_answers_in_its_time_is_expired(guarded: Guarded, database_url: str, desk: Desk) -> None:
    with sender_on(guarded, database_url):
        lost = desk.order(valid_for_s=1)
        assert eventually(lambda: desk.state(lost) == "expired")


def test_a_gateway_can_answer_for_itself_only(guarded: Guarded, database_url: str, desk: Desk) -> None:
    other = guarded.gateway(guarded.enrol(B))
    mine = guarded.gateway(guarded.enrol(A))
    assert other.connect()
    assert mine.connect()
    mine.subscribe(A.topic(Channel.COMMAND))
    with sender_on(guarded, database_url):
        asked = desk.order()
        sent = mine.messages.get(timeout=WITHIN_S)
        command = decode_command(bytes(sent.payload))
        assert sent.properties is not None
        assert sent.properties.ResponseTopic == A.topic(Channel.RESPONSE)
        assert sent.properties.CorrelationData == command.id.encode()
        assert 0 < sent.properties.MessageExpiryInterval <= 60
        answer = encode_response_of(command.id)
        assert not other.publish(A.topic(Channel.RESPONSE), answer)
        assert other.publish(B.topic(Channel.RESPONSE), answer)
        assert mine.publish(A.topic(Channel.RESPONSE), b"nonsense")
        assert mine.publish(A.topic(Channel.RESPONSE), encode_response_of("c-of-nobody"))
        assert mine.publish(A.topic(Channel.RESPONSE), encode_response_of(command.id, detail="no database takes \0"))
        late = desk.order(valid_for_s=1)
        assert eventually(lambda: desk.state(late) == "expired")
        assert desk.state(asked) == "delivered"
        assert mine.publish(A.topic(Channel.RESPONSE), answer)
        assert eventually(lambda: desk.state(asked) == "done")


def encode_response_of(command_id: str, *, detail: str | None = None) -> bytes:
    return encode_response(CommandResponse(command_id, done=True, at=datetime.now(UTC), detail=detail))


def test_orders_and_answers_survive_a_database_that_throws_the_sender_out(
    guarded: Guarded, database_url: str, desk: Desk
) -> None:
    throw_out = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE application_name = 'anju commands' AND datname = current_database()"
    )
    with sender_on(guarded, database_url), gateway_of(configured(guarded.enrol(A))):
        first = desk.order()
        assert eventually(lambda: desk.state(first) == "done")
        with psycopg.connect(database_url) as conn:
            assert conn.execute(throw_out.encode()).fetchone() == (1,)
        second = desk.order()
        assert eventually(lambda: desk.state(second) == "done")
