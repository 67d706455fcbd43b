"""Local servers: they start, stop, survive a crash, and go when their starter goes."""

import os
import queue
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import paho.mqtt.client as mqtt
import psycopg
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from anju_simulators.services import Broker, BrokerKind, Flavour, Postgres, ServiceFailed, broker_kinds
from anju_simulators.services.ports import accepts

SECONDS = 20.0


def connect(broker: Broker, topic: str = "services/#") -> tuple[mqtt.Client, "queue.Queue[mqtt.MQTTMessage]"]:
    received: queue.Queue[mqtt.MQTTMessage] = queue.Queue()
    ready: queue.Queue[str] = queue.Queue()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.on_message = lambda _client, _data, message: received.put(message)
    client.on_connect = lambda *_: ready.put("connected")
    client.on_subscribe = lambda *_: ready.put("subscribed")
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    assert ready.get(timeout=SECONDS) == "connected"
    client.subscribe(topic, qos=1)
    assert ready.get(timeout=SECONDS) == "subscribed"
    return client, received


def disconnect(client: mqtt.Client) -> None:
    client.disconnect()
    client.loop_stop()


def test_a_database_keeps_its_rows_and_its_port_over_a_clean_restart(flavour: Flavour, tmp_path: Path) -> None:
    server = Postgres(flavour, tmp_path, durable=False).start()
    with psycopg.connect(server.url) as conn:
        conn.execute("CREATE TABLE kept (n int)")
        conn.execute("INSERT INTO kept VALUES (7)")
    port = server.port
    server.stop()
    assert not accepts(port)
    with server.start(), psycopg.connect(server.url) as conn:
        assert conn.execute("SELECT n FROM kept").fetchall() == [(7,)]
        assert server.port == port


def test_a_database_keeps_what_it_committed_over_a_crash(flavour: Flavour, tmp_path: Path) -> None:
    server = Postgres(flavour, tmp_path).start()
    with psycopg.connect(server.url) as conn:
        conn.execute("CREATE TABLE kept (n int)")
    server.crash()
    with server.start(), psycopg.connect(server.url) as conn:
        assert conn.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_a_database_wants_the_password_that_its_folder_keeps(flavour: Flavour, tmp_path: Path) -> None:
    with Postgres(flavour, tmp_path, durable=False) as server:
        assert (tmp_path / "anju.password").stat().st_mode & 0o077 == 0
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(f"postgresql://postgres:wrong@127.0.0.1:{server.port}/postgres")


def test_every_test_gets_an_empty_database_with_the_schema(database_url: str, flavour: Flavour) -> None:
    with psycopg.connect(database_url) as conn:
        assert conn.execute("SELECT count(*) FROM asset").fetchone() == (0,)
        extensions = [name for (name,) in conn.execute("SELECT extname FROM pg_extension")]
    assert ("timescaledb" in extensions) == (flavour == "timescale")


@pytest.mark.parametrize("kind", broker_kinds())
def test_a_broker_carries_an_mqtt_5_message_and_keeps_a_retained_one(kind: BrokerKind, tmp_path: Path) -> None:
    with Broker(tmp_path, kind=kind) as broker:
        client, received = connect(broker)
        client.publish("services/retained", b"hello", qos=1, retain=True).wait_for_publish(SECONDS)
        assert received.get(timeout=SECONDS).payload == b"hello"
        late, received_late = connect(broker)
        message = received_late.get(timeout=SECONDS)
        assert (message.topic, message.retain) == ("services/retained", True)
        disconnect(late)
        disconnect(client)


def test_only_mosquitto_promises_shared_subscriptions(broker: Broker) -> None:
    assert broker.shared_subscriptions == (broker.kind == "mosquitto")


@pytest.mark.mosquitto
def test_a_shared_subscription_gives_each_message_to_one_of_the_subscribers(tmp_path: Path) -> None:
    with Broker(tmp_path, kind="mosquitto") as shared:
        first, to_first = connect(shared, "$share/workers/services/#")
        second, to_second = connect(shared, "$share/workers/services/#")
        for number in range(20):
            first.publish("services/work", str(number), qos=1).wait_for_publish(SECONDS)
        numbers: set[int] = set()
        deadline = time.monotonic() + SECONDS
        while len(numbers) < 20 and time.monotonic() < deadline:
            for inbox in (to_first, to_second):
                while not inbox.empty():
                    number = int(inbox.get().payload)
                    assert number not in numbers
                    numbers.add(number)
            time.sleep(0.02)
        disconnect(first)
        disconnect(second)
    assert numbers == set(range(20))


@pytest.mark.mosquitto
def test_a_persistent_broker_keeps_retained_messages_over_a_restart(tmp_path: Path) -> None:
    with Broker(tmp_path, kind="mosquitto", persistent=True) as kept:
        client, _ = connect(kept)
        client.publish("services/retained", b"hello", qos=1, retain=True).wait_for_publish(SECONDS)
        disconnect(client)
        kept.stop()
        kept.start()
        client, received = connect(kept)
        assert received.get(timeout=SECONDS).payload == b"hello"
        disconnect(client)


def test_a_port_that_is_taken_is_replaced_by_a_free_one(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with Broker(tmp_path, port=port) as broker:
            assert broker.port != port
            assert accepts(broker.port)


def test_a_server_that_can_not_start_says_what_is_in_its_log(tmp_path: Path) -> None:
    server = Postgres("plain", tmp_path, durable=False).start()
    server.stop()
    (server.data_dir / "postgresql.conf").write_text("no_such_setting = 1\n", encoding="utf-8")
    with pytest.raises(ServiceFailed, match="no_such_setting"):
        server.start()


STARTER = """
import sys, time
from pathlib import Path
from anju_simulators.services import Broker
broker = Broker(Path(sys.argv[1])).start()
print(broker.port, flush=True)
time.sleep(600)
"""


def test_a_server_ends_when_its_starter_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", STARTER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        port = int(starter.stdout.readline())
        assert accepts(port)
        os.kill(starter.pid, signal.SIGKILL)
        deadline = time.monotonic() + SECONDS
        while accepts(port) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not accepts(port)
