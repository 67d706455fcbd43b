"""Ingest on a real broker: acknowledged only after the commit, nothing lost while the database is away."""

import socket
import urllib.request
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from arriving import birth, events, lift, telemetry
from ingesting import TRIPS, Gateway, announce, closed_to_all, count, gateway_on, ingest_on, settings_for, wait_for

from anju_contracts.clock import RealClock
from anju_contracts.event import Event as Happening
from anju_contracts.topics import Channel
from anju_platform.ingest.models import Arrival
from anju_platform.ingest.service import Ingest
from anju_simulators.services import Broker


def test_a_batch_gets_its_receipt_after_it_is_stored_and_again_when_it_comes_again(
    database_url: str, broker: Broker
) -> None:
    now = datetime.now(UTC)
    with gateway_on(broker) as gateway, ingest_on(settings_for(database_url, broker)):
        announce(gateway, database_url, now)
        batch = telemetry([(TRIPS, now, 1.0), (TRIPS, now - timedelta(seconds=5), 0.0)], seq=5, address=gateway.address)
        gateway.publish(batch)
        wait_for(lambda: len(gateway.receipts) == 1)
        assert count(database_url, "SELECT count(*) FROM telemetry") == 2
        gateway.publish(batch)
        wait_for(lambda: len(gateway.receipts) == 2)
        assert gateway.receipts == [("telemetry", (5, 5))] * 2
        assert count(database_url, "SELECT count(*) FROM telemetry") == 2
        wait_for(lambda: count(database_url, "SELECT count(*) FROM latest WHERE value = 1") == 1)


def test_a_receipt_tells_the_time_at_which_it_was_sent(database_url: str, broker: Broker) -> None:
    with gateway_on(broker) as gateway, ingest_on(settings_for(database_url, broker)):
        before = datetime.now(UTC)
        gateway.publish(birth(address=gateway.address, at=before), retain=True)
        gateway.publish(telemetry([(TRIPS, before, 1.0)], seq=1, address=gateway.address))
        wait_for(lambda: len(gateway.receipts) == 1)
        assert gateway.told[0] is not None
        assert before < gateway.told[0] < datetime.now(UTC)


def test_a_malformed_message_and_an_unknown_channel_disturb_nobody(database_url: str, broker: Broker) -> None:
    now = datetime.now(UTC)
    with gateway_on(broker) as gateway, ingest_on(settings_for(database_url, broker)):
        announce(gateway, database_url, now)
        gateway.publish(Arrival(gateway.address.topic(Channel.TELEMETRY), b"[{", now))
        gateway.publish(Arrival(gateway.address.topic(Channel.EVENT), b"{}", now))
        gateway.publish(telemetry([(TRIPS, now, 1.0)], seq=1, address=gateway.address))
        gateway.publish(events([Happening("lift-01", "lift.tilt", now)], seq=1, address=gateway.address))
        wait_for(lambda: len(gateway.receipts) == 2)
        wait_for(lambda: count(database_url, "SELECT count(*) FROM dead_letter WHERE reason = 'unreadable'") == 2)


def test_nothing_is_receipted_while_the_database_is_away_and_all_of_it_afterwards(
    database_url: str, broker: Broker
) -> None:
    now = datetime.now(UTC)
    with gateway_on(broker) as gateway, ingest_on(settings_for(database_url, broker)) as ingest:
        announce(gateway, database_url, now)
        gateway.publish(telemetry([(TRIPS, now, 0.0)], seq=1, address=gateway.address))
        wait_for(lambda: gateway.receipted("telemetry") == {1})
        with closed_to_all(database_url):
            for seq in range(2, 30):
                at = now - timedelta(seconds=seq)
                gateway.publish(telemetry([(TRIPS, at, float(seq))], seq=seq, address=gateway.address))
            wait_for(
                lambda: (ingest.metrics.registry.get_sample_value("anju_ingest_database_unavailable_total") or 0) > 1
            )
            assert gateway.receipted("telemetry") == {1}
        wait_for(lambda: gateway.receipted("telemetry") == set(range(1, 30)))
        assert count(database_url, "SELECT count(*) FROM telemetry") == 29


def test_what_arrives_between_two_ingests_is_stored_by_the_next(database_url: str, broker: Broker) -> None:
    now = datetime.now(UTC)
    settings = settings_for(database_url, broker)
    with gateway_on(broker) as gateway:
        with ingest_on(settings):
            announce(gateway, database_url, now)
        batch = telemetry([(TRIPS, now, 1.0)], seq=1, address=gateway.address)
        gateway.publish(batch)
        with ingest_on(settings):
            gateway.publish(batch)
            wait_for(lambda: gateway.receipted("telemetry") == {1})
        assert count(database_url, "SELECT count(*) FROM telemetry") == 1


def test_a_point_that_is_announced_late_gets_what_came_before(database_url: str, broker: Broker) -> None:
    now = datetime.now(UTC)
    with gateway_on(broker) as gateway, ingest_on(settings_for(database_url, broker)):
        gateway.publish(telemetry([("lift-02/trips", now, 1.0)], seq=1, address=gateway.address))
        wait_for(lambda: gateway.receipted("telemetry") == {1})
        assert count(database_url, "SELECT count(*) FROM telemetry") == 0
        gateway.publish(birth([lift("lift-02")], address=gateway.address, at=now), retain=True)
        wait_for(lambda: count(database_url, "SELECT count(*) FROM telemetry") == 1)


def test_metrics_are_served_where_they_are_asked_for(database_url: str, broker: Broker) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    now = datetime.now(UTC)
    with gateway_on(broker) as gateway, ingest_on(settings_for(database_url, broker, metrics_port=port)):
        announce(gateway, database_url, now)
        gateway.publish(telemetry([(TRIPS, now, 1.0)], seq=1, address=gateway.address))
        wait_for(lambda: gateway.receipted("telemetry") == {1})
        wait_for(lambda: "anju_ingest_samples_total 1.0" in scrape(port))


def scrape(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        return str(answer.read().decode())


def test_two_ingests_share_the_load_and_store_each_batch_once(database_url: str, broker: Broker) -> None:
    now = datetime.now(UTC)
    settings = settings_for(database_url, broker)
    workers = 2 if broker.shared_subscriptions else 1
    with gateway_on(broker) as gateway, ingest_on(settings) as first:
        if workers == 2:
            with ingest_on(settings) as second:
                store_many(gateway, database_url, now)
                shares = [stored_by(one) for one in (first, second)]
                assert min(shares) > 0
                assert sum(shares) == 400
        else:
            store_many(gateway, database_url, now)
        assert count(database_url, "SELECT count(*) FROM telemetry") == 400
        assert count(database_url, "SELECT count(*) FROM dead_letter WHERE replayed_at IS NULL") == 0


def store_many(gateway: Gateway, database_url: str, now: datetime) -> None:
    announce(gateway, database_url, now)
    for seq in range(1, 101):
        readings = [(TRIPS, now - timedelta(seconds=seq * 10 + part), float(part)) for part in range(4)]
        gateway.publish(telemetry(readings, seq=seq, address=gateway.address))
    wait_for(lambda: gateway.receipted("telemetry") == set(range(1, 101)))


def stored_by(ingest: Ingest) -> float:
    return ingest.metrics.registry.get_sample_value("anju_ingest_samples_total") or 0.0


def test_the_embedded_broker_works_with_a_plain_subscription(database_url: str, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    with Broker(tmp_path, kind="iotcore") as plain, gateway_on(plain) as gateway:
        with ingest_on(settings_for(database_url, plain)):
            store_many(gateway, database_url, now)
            gateway.publish(events([Happening("lift-01", "lift.tilt", now)], seq=1, address=gateway.address))
            wait_for(lambda: gateway.receipted("event") == {1})
        assert count(database_url, "SELECT count(*) FROM telemetry") == 400


class StoppedClock(RealClock):
    def now(self) -> datetime:
        raise OverflowError("the clock stopped")


def test_an_ingest_one_line_of_which_can_not_go_on_ends_with_the_reason(database_url: str, broker: Broker) -> None:
    settings = replace(settings_for(database_url, broker), clock=StoppedClock())
    with pytest.raises(OverflowError, match="the clock stopped"):
        Ingest(settings, stopping=Event()).run()
