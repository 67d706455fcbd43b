"""A gateway at a broker, played by a bare client, and ingests: in this process or as programs of their own."""

import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
import psycopg
from arriving import birth, telemetry
from psycopg.sql import SQL, Identifier

from anju_contracts.receipt import decode_receipt
from anju_contracts.topics import Channel, GatewayAddress
from anju_platform.config import Settings
from anju_platform.ingest.models import Arrival
from anju_platform.ingest.service import Ingest
from anju_simulators.services import Broker

WITHIN_S = 60.0
"""Patience of these tests on a busy machine; nothing takes nearly as long on an idle one."""
TRIPS = "lift-01/trips"
_numbers = itertools.count(1)


@dataclass
class Gateway:
    """A client that publishes as a gateway of its own community and keeps the receipts."""

    client: mqtt.Client
    address: GatewayAddress
    receipts: list[tuple[str, tuple[int, int]]] = field(default_factory=list)
    """(stream, range) of each receipt, as they came."""
    told: list[datetime | None] = field(default_factory=list)
    """The platform's time in each receipt."""

    def publish(self, message: Arrival, *, retain: bool = False) -> None:
        wait_for(self.client.is_connected)
        sent = self.client.publish(message.topic, message.payload, qos=1, retain=retain)
        sent.wait_for_publish(WITHIN_S)

    def receipted(self, stream: str) -> set[int]:
        return {seq for name, (first, last) in self.receipts if name == stream for seq in range(first, last + 1)}


@contextmanager
def gateway_on(broker: Broker) -> Iterator[Gateway]:
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    gateway = Gateway(client, GatewayAddress(f"community-{next(_numbers)}", "gw-1"))

    def on_message(_client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        receipt = decode_receipt(bytes(message.payload))
        gateway.told.append(receipt.at)
        gateway.receipts += [(str(receipt.stream), one) for one in receipt.ranges]

    def on_connect(client: mqtt.Client, *_more: object) -> None:
        client.subscribe(gateway.address.topic(Channel.RECEIPT), qos=1)

    client.on_message = on_message
    client.on_connect = on_connect
    client.reconnect_delay_set(min_delay=0.1, max_delay=0.5)
    parts = urlsplit(broker.url)
    client.connect(parts.hostname or "", parts.port or 0)
    client.loop_start()
    yield gateway
    client.publish(gateway.address.topic(Channel.BIRTH), b"", qos=1, retain=True).wait_for_publish(WITHIN_S)
    client.disconnect()
    client.loop_stop()


def settings_for(url: str, broker: Broker, **more: int) -> Settings:
    return Settings(url, mqtt_url=broker.url, mqtt_shared=broker.shared_subscriptions, **more)  # type: ignore[arg-type]


@contextmanager
def ingest_on(settings: Settings) -> Iterator[Ingest]:
    stopping = Event()
    ingest = Ingest(settings, stopping=stopping)
    thread = Thread(target=ingest.run)
    thread.start()
    try:
        wait_for(lambda: ingest.subscribed)
        yield ingest
    finally:
        stopping.set()
        thread.join(WITHIN_S)
        assert not thread.is_alive()


def wait_for(done: Callable[[], bool], *, within_s: float = WITHIN_S, else_go_on: bool = False) -> None:
    until = time.monotonic() + within_s
    while not done():
        if time.monotonic() >= until:
            assert else_go_on, "nothing came of it"
            return
        time.sleep(0.02)


def count(url: str, query: str) -> int:
    with psycopg.connect(url) as conn:
        row = conn.execute(query.encode()).fetchone()
    return int(row[0]) if row else 0


@dataclass
class Program:
    """`anju ingest` in a process of its own."""

    process: subprocess.Popen[bytes]
    log: Path

    def has_logged(self, message: str) -> bool:
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return any(json.loads(line).get("message") == message for line in lines if line.startswith("{"))


@contextmanager
def ingest_program(settings: Settings, folder: Path) -> Iterator[Program]:
    """Started and subscribed; killed at the end if it still runs."""
    environment = os.environ | {
        "ANJU_DATABASE_URL": settings.database_url,
        "ANJU_MQTT_URL": settings.mqtt_url,
        "ANJU_MQTT_KEEPALIVE_S": str(settings.mqtt_keepalive_s),
    }
    log = folder / f"ingest-{next(_numbers)}.log"
    command = [sys.executable, "-c", "from anju_platform.cli import main; main()", "ingest"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    program = Program(process, log)
    try:
        wait_for(lambda: program.has_logged("subscribed"))
        yield program
    finally:
        process.kill()
        process.wait(WITHIN_S)


def send_until_receipted(gateway: Gateway, seqs: Iterable[int], now: datetime) -> None:
    """As a gateway does: what has no receipt after a while is sent again."""
    wanted = set(seqs)
    until = time.monotonic() + WITHIN_S
    while missing := wanted - gateway.receipted("telemetry"):
        assert time.monotonic() < until, f"no receipt for {sorted(missing)}"
        for seq in sorted(missing):
            gateway.publish(batch_of(gateway, seq, now))
        wait_for(lambda: wanted <= gateway.receipted("telemetry"), within_s=2.0, else_go_on=True)


def batch_of(gateway: Gateway, seq: int, now: datetime) -> Arrival:
    """Two readings of their own moments, so that what is stored can be counted."""
    moments = [now - timedelta(seconds=seq * 10 + part) for part in range(2)]
    return telemetry([(TRIPS, at, float(seq)) for at in moments], seq=seq, address=gateway.address)


def announce(gateway: Gateway, url: str, now: datetime) -> None:
    """Publish the birth of the gateway and wait until its points are known."""
    gateway.publish(birth(address=gateway.address, at=now), retain=True)
    wait_for(lambda: count(url, "SELECT count(*) FROM point") > 0)


@contextmanager
def closed_to_all(url: str) -> Iterator[None]:
    """As long as the block runs nobody can connect to the database, and whoever was connected is thrown out."""
    name = urlsplit(url).path.lstrip("/")
    with psycopg.connect(url.removesuffix(name) + "postgres", autocommit=True) as conn:
        allow = SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
        conn.execute(allow.format(Identifier(name), SQL("false")))
        conn.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        try:
            yield
        finally:
            conn.execute(allow.format(Identifier(name), SQL("true")))
