"""A real gateway, a broker that asks for certificates, a real ingest: what is handed over is in the database."""

import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

import psycopg
import pytest
from arriving import birth, lift
from eventual import WITHIN_S, eventually
from guarded import Guarded, guarded_broker

from anju_contracts.clock import RealClock
from anju_contracts.topics import Channel, GatewayAddress
from anju_edge_agent.samples import Sample
from anju_gateway.config_reader import load_config
from anju_gateway.gateway import Gateway, exclusive
from anju_simulators.services import Flavour, Postgres, flavours

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
asset = "em-001"
profile = "eastron-sdm630"
unit = 1
period_s = 86400
"""


@pytest.fixture
def database_url(database_servers: Callable[[Flavour], Postgres]) -> Iterator[str]:
    """Of one flavour: what is tested here is the way to it."""
    server = database_servers(flavours()[0])
    yield server.create_database("anju_enrolled", template="anju_template")
    server.drop_database("anju_enrolled")


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Guarded]:
    with guarded_broker(tmp_path) as running:
        yield running


@contextmanager
def ingest_on(guarded: Guarded, database_url: str) -> Iterator[None]:
    """The program, with the certificate that the authority made for the platform."""
    files = guarded.folder / "platform"
    environment = os.environ | {
        "ANJU_DATABASE_URL": database_url,
        "ANJU_MQTT_URL": guarded.platform_url,
        "ANJU_MQTT_CA": str(files / "ca.pem"),
        "ANJU_MQTT_CERT": str(files / "platform.pem"),
        "ANJU_MQTT_KEY": str(files / "platform.key"),
    }
    process = subprocess.Popen([Path(sys.executable).with_name("anju"), "ingest"], env=environment)
    try:
        yield
        assert process.poll() is None
    finally:
        process.terminate()
        process.wait(WITHIN_S)


@contextmanager
def gateway_in(box: Path) -> Iterator[Gateway]:
    """The gateway as enrolled, with an agent that never reaches its bus: the tests hand over themselves."""
    file = box / "gateway.toml"
    file.write_text(file.read_text(encoding="utf-8") + AGENT, encoding="utf-8")
    config = load_config(file)
    with exclusive(config.data_dir), Gateway(config, RealClock()) as gateway:
        yield gateway


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as conn:
        return conn.execute(query.encode()).fetchall()


class Meter:
    """Hands a value a moment over, as long as it runs, and counts them."""

    def __init__(self, gateway: Gateway) -> None:
        self.handed_over = 0
        self._gateway = gateway
        self._stop = Event()
        self._thread = Thread(target=self._run)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(WITHIN_S)

    def _run(self) -> None:
        while not self._stop.wait(0.02):
            sample = Sample("em-001", "power_w", round(time.time() * 1e6), float(self.handed_over))
            self._gateway.outbox([sample], [])
            self.handed_over += 1


def test_a_new_certificate_is_taken_without_a_restart_and_nothing_is_lost(
    guarded: Guarded, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    box = guarded.enrol(A)
    with ingest_on(guarded, database_url), gateway_in(box) as gateway, caplog.at_level(logging.WARNING):
        meter = Meter(gateway)
        stored = counted(database_url)
        assert eventually(lambda: stored() > 0)
        with guarded.authority() as authority:
            old = authority.of_gateway(A)[0].serial
        guarded.enrol(A, rotate=True)
        assert eventually(lambda: "the certificate was replaced" in reasons(caplog))
        guarded.revoke(A, old)
        guarded.reload()
        guarded.broker.stop()
        guarded.broker.start()
        before = meter.handed_over
        assert eventually(lambda: stored() > before)
        meter.stop()
        assert eventually(lambda: stored() == meter.handed_over)
    assert rows(database_url, "SELECT count(*) FROM dead_letter WHERE reason <> 'unknown_point'") == [(0,)]


def test_a_birth_that_names_another_gateway_than_its_topic_is_set_aside(guarded: Guarded, database_url: str) -> None:
    client = guarded.gateway(guarded.enrol(A))
    claimed = birth([lift("lift-99")], address=B, at=datetime.now(UTC))
    with ingest_on(guarded, database_url):
        assert client.connect()
        assert not client.publish(claimed.topic, claimed.payload)
        client.client.publish(A.topic(Channel.BIRTH), claimed.payload, qos=1, retain=True)
        letters = "SELECT topic, gateway_id, reason FROM dead_letter"
        assert eventually(lambda: rows(database_url, letters))
        assert rows(database_url, letters) == [(A.topic(Channel.BIRTH), "gw-1", "foreign")]
    assert rows(database_url, "SELECT count(*) FROM asset") == [(0,)]


def counted(url: str) -> Callable[[], int]:
    """How many readings of the meter are stored; the agent has some of its own."""

    def count() -> int:
        query = "SELECT count(*) FROM telemetry JOIN point ON point.id = point_id WHERE code = 'power_w'"
        ((found,),) = rows(url, query)
        return int(str(found))

    return count


def reasons(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [getattr(record, "reason", "") for record in caplog.records]
