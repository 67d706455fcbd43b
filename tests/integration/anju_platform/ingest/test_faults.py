"""Workers killed and paused, database and broker restarted: what has a receipt is stored, once, and all gets one."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest
from arriving import NOON, birth, events, intake_on, telemetry
from ingesting import (
    TRIPS,
    WITHIN_S,
    announce,
    batch_of,
    closed_to_all,
    count,
    gateway_on,
    ingest_on,
    ingest_program,
    send_until_receipted,
    settings_for,
    wait_for,
)
from psycopg import errors

from anju_contracts.codes import Severity
from anju_contracts.event import Event, EventState
from anju_platform.errors import StorageUnavailable
from anju_platform.ingest.session import begin_session, end_stuck_sessions
from anju_platform.storage.migrate import migrate
from anju_simulators.services import Broker, Flavour, Postgres, flavours

ROWS = "SELECT count(*) FROM telemetry"
NOW = datetime.now(UTC)
"""Of the readings; close enough to the real time at which they are sent."""
MESSAGES = 3_000
MESSAGE_BYTES = 40_000


@pytest.fixture
def any_database_url(database_servers: Callable[[Flavour], Postgres]) -> Iterator[str]:
    """For what has nothing to do with the flavour of the database, and takes long."""
    server = database_servers(flavours()[-1])
    yield server.create_database("anju_faults", template="anju_template")
    server.drop_database("anju_faults")


@pytest.mark.mosquitto
def test_the_load_of_a_paused_and_of_a_killed_worker_moves(
    any_database_url: str, broker: Broker, tmp_path: Path
) -> None:
    database_url = any_database_url
    settings = settings_for(database_url, broker, mqtt_keepalive_s=1)
    with gateway_on(broker) as gateway:
        with ingest_program(settings, tmp_path) as first, ingest_program(settings, tmp_path) as second:
            announce(gateway, database_url, NOW)
            os.kill(first.process.pid, signal.SIGSTOP)
            send_until_receipted(gateway, range(1, 41), NOW)
            os.kill(first.process.pid, signal.SIGCONT)
            os.kill(second.process.pid, signal.SIGKILL)
            send_until_receipted(gateway, range(41, 61), NOW)
            assert first.process.poll() is None
        with ingest_program(settings, tmp_path):
            send_until_receipted(gateway, range(61, 71), NOW)
    assert count(database_url, ROWS) == 140
    assert count(database_url, "SELECT count(*) FROM ledger") == 70


def test_a_worker_that_was_paused_in_mid_transaction_does_not_hold_up_the_others(database_url: str) -> None:
    batch = telemetry([(TRIPS, NOON, 1.0)], seq=1)
    with (
        intake_on(database_url) as working,
        psycopg.connect(database_url, application_name="anju ingest readings") as paused,
    ):
        begin_session(working.conn, lock_timeout=timedelta(milliseconds=100))
        working.take(birth())
        paused.execute(
            "INSERT INTO ledger VALUES ('jinxiu', 'gw-1', 'e1', 'telemetry', 1, 1, false, now(), now(), now(), now())"
        )
        with pytest.raises(StorageUnavailable, match="LockNotAvailable"):
            working.take(batch)
        assert end_stuck_sessions(working.conn) == 0
        assert end_stuck_sessions(working.conn, silent_for=timedelta()) == 1
        working.take(batch)
        assert len(working.stored()) == 1
        with pytest.raises(errors.AdminShutdown):
            paused.execute("SELECT 1")


def test_a_database_that_became_read_only_refuses_no_message(database_url: str) -> None:
    with intake_on(database_url) as intake:
        intake.take(birth())
        intake.conn.execute("SET default_transaction_read_only = on")
        with pytest.raises(StorageUnavailable, match="ReadOnlySqlTransaction"):
            intake.take(telemetry([(TRIPS, NOON, 1.0)], seq=1))
        intake.conn.execute("SET default_transaction_read_only = off")
        intake.take(telemetry([(TRIPS, NOON, 1.0)], seq=1))
        assert intake.letters() == []


def test_of_several_database_hosts_the_one_that_can_be_written_is_taken(database_url: str, broker: Broker) -> None:
    parts = urlsplit(database_url)
    user, _, host = parts.netloc.rpartition("@")
    url = f"postgresql://{user}@127.0.0.1:9,{host}{parts.path}?target_session_attrs=read-write"
    with gateway_on(broker) as gateway, ingest_on(settings_for(url, broker)):
        announce(gateway, database_url, NOW)
        send_until_receipted(gateway, [1], NOW)
    assert count(database_url, ROWS) == 2


@contextmanager
def database_of_its_own(folder: Path) -> Iterator[tuple[Postgres, str]]:
    """A server that may be crashed: what it committed is on disk."""
    flavour = flavours()[-1]
    with Postgres(flavour, folder, durable=True) as server:
        url = server.create_database("anju")
        with psycopg.connect(url, autocommit=True) as conn:
            migrate(conn, flavour=flavour)
        yield server, url


def test_what_has_a_receipt_outlives_a_crash_of_the_database(broker: Broker, tmp_path: Path) -> None:
    with database_of_its_own(tmp_path) as (server, url), gateway_on(broker) as gateway:
        with ingest_on(settings_for(url, broker)):
            announce(gateway, url, NOW)
            for number in range(2):
                first = number * 20 + 1
                for seq in range(first, first + 20):
                    gateway.publish(batch_of(gateway, seq, NOW))
                server.crash()
                receipted = gateway.receipted("telemetry")
                server.start()
                assert count(url, "SELECT count(*) FROM ledger") >= len(receipted)
                send_until_receipted(gateway, range(first, first + 20), NOW)
        assert count(url, ROWS) == 80
        assert count(url, "SELECT count(*) FROM dead_letter") == 0


WAITING_FOR_TELEMETRY = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'anju ingest notices' AND wait_event_type = 'Lock'
"""


def test_what_waited_for_a_birth_is_stored_though_the_connection_broke_just_after_the_birth(
    database_url: str, broker: Broker
) -> None:
    with gateway_on(broker) as gateway, ingest_on(settings_for(database_url, broker)):
        gateway.publish(batch_of(gateway, 1, NOW))
        wait_for(lambda: gateway.receipted("telemetry") == {1})
        with psycopg.connect(database_url) as slow:
            slow.execute("LOCK TABLE telemetry IN ACCESS EXCLUSIVE MODE")
            gateway.publish(birth(address=gateway.address, at=NOW), retain=True)
            wait_for(lambda: bool(slow.execute(WAITING_FOR_TELEMETRY).fetchall()))
        wait_for(lambda: count(database_url, ROWS) == 2)
        wait_for(lambda: count(database_url, "SELECT count(*) FROM dead_letter WHERE replayed_at IS NULL") == 0)


@pytest.mark.mosquitto
def test_while_the_database_is_gone_the_broker_keeps_what_comes_and_memory_stays_bounded(
    any_database_url: str, broker: Broker, tmp_path: Path
) -> None:
    settings = settings_for(any_database_url, broker)
    with gateway_on(broker) as gateway, ingest_program(settings, tmp_path) as program:
        announce(gateway, any_database_url, NOW)
        memory = psutil.Process(program.process.pid).memory_info
        before = memory().rss
        with closed_to_all(any_database_url):
            wide = batch_of(gateway, 1, NOW)
            payload = wide.payload + b" " * MESSAGE_BYTES
            last = [gateway.client.publish(wide.topic, payload, qos=1) for _ in range(MESSAGES)][-1]
            last.wait_for_publish(WITHIN_S)
            assert memory().rss - before < MESSAGES * MESSAGE_BYTES / 2
        send_until_receipted(gateway, [1, 2], NOW)
    assert count(any_database_url, ROWS) == 4


@pytest.mark.mosquitto
@pytest.mark.parametrize("persistent", [True, False])
def test_a_broker_that_crashed_and_came_back_is_used_again(
    any_database_url: str, tmp_path: Path, *, persistent: bool
) -> None:
    database_url = any_database_url
    with (
        Broker(tmp_path, kind="mosquitto", persistent=persistent) as own,
        gateway_on(own) as gateway,
        ingest_on(settings_for(database_url, own)) as ingest,
    ):
        announce(gateway, database_url, NOW)
        send_until_receipted(gateway, range(1, 11), NOW)
        own.crash()
        wait_for(lambda: not ingest.subscribed)
        own.start()
        wait_for(lambda: ingest.subscribed)
        send_until_receipted(gateway, range(11, 21), NOW)
    assert count(database_url, ROWS) == 40


@pytest.mark.mosquitto
def test_an_alarm_does_not_wait_behind_readings_that_the_database_can_not_take(
    database_url: str, broker: Broker
) -> None:
    with gateway_on(broker) as gateway, ingest_on(settings_for(database_url, broker)):
        announce(gateway, database_url, NOW)
        with psycopg.connect(database_url) as slow:
            slow.execute("LOCK TABLE telemetry IN ACCESS EXCLUSIVE MODE")
            for seq in range(1, 11):
                gateway.publish(batch_of(gateway, seq, NOW))
            trapped = Event("lift-01", "lift.trapped_level", NOW, EventState.RAISE, Severity.CRITICAL)
            gateway.publish(events([trapped], seq=1, address=gateway.address))
            wait_for(lambda: gateway.receipted("event") == {1})
            assert gateway.receipted("telemetry") == set()
            assert count(database_url, "SELECT count(*) FROM ticket") == 1
        send_until_receipted(gateway, range(1, 11), NOW)
