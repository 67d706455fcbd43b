"""What a broken or hostile gateway can't do: fill the database, outrun the others, or stop the ingest."""

from datetime import UTC, datetime, timedelta

import pytest
from arriving import GATEWAY, NOON, account, arrival, birth, events, intake_on, lift, state, telemetry
from ingesting import announce, batch_of, count, gateway_on, ingest_on, send_until_receipted, settings_for, wait_for
from mutating import mutated
from prometheus_client import CollectorRegistry

from anju_contracts.event import Event
from anju_contracts.state import Presence
from anju_contracts.topics import Channel, GatewayAddress
from anju_platform.ingest.commit import Committer
from anju_platform.ingest.decode import decode
from anju_platform.ingest.limits import MESSAGE_BYTES, Limits
from anju_platform.ingest.models import Arrival, EventBatch, TelemetryBatch, Unreadable, ledger_key
from anju_simulators.services import Broker

SEED = 20
MESSAGES = 2_000
UNREADABLE = "SELECT count(*) FROM dead_letter WHERE reason IN ('unreadable', 'foreign')"
NOT_KEPT = "SELECT letters, bytes, not_kept_letters, not_kept_bytes FROM dead_letter_day"


@pytest.mark.mosquitto
def test_damaged_messages_are_stored_or_set_aside_and_the_next_good_one_is_stored(
    database_url: str, broker: Broker
) -> None:
    now = datetime.now(UTC)
    with gateway_on(broker) as gateway, ingest_on(settings_for(database_url, broker)) as ingest:
        announce(gateway, database_url, now)
        sent = list(mutated(good_messages(gateway.address, now), seed=SEED, count=MESSAGES))
        sent = [(topic, payload) for topic, payload in sent if is_ours(topic, gateway.address)]
        committed = committed_messages(ingest.metrics.registry)
        for topic, payload in sent:
            gateway.client.publish(topic, payload, qos=1)
        wait_for(lambda: committed_messages(ingest.metrics.registry) - committed >= len(sent))
        send_until_receipted(gateway, [MESSAGES], now)
        read = [decode(Arrival(topic, payload, now), lambda _: {}, telemetry_days=400) for topic, payload in sent]
        refused = sum(isinstance(message, Unreadable) for message in read)
        assert (count(database_url, UNREADABLE), 0 < refused < len(sent)) == (refused, True), f"seed {SEED}"
        keys = {ledger_key(message) for message in read if isinstance(message, TelemetryBatch | EventBatch)} - {None}
        assert count(database_url, "SELECT count(*) FROM ledger") == len(keys) + 1, f"seed {SEED}"


def good_messages(address: GatewayAddress, now: datetime) -> list[tuple[str, bytes]]:
    readings = [(f"lift-01/{point}", now - timedelta(seconds=number), 1.5) for number, point in enumerate("ab")]
    arrivals = [
        telemetry([("lift-01/trips", now, 1.0), *readings], seq=1, address=address),
        events([Event("lift-01", "lift.tilt", now, text="tilted")], seq=1, address=address),
        birth(address=address, at=now),
        state(Presence.ONLINE, now, address=address),
        account(now),
    ]
    return [(address.topic(Channel(one.topic.rpartition("/")[2])), one.payload) for one in arrivals]


def is_ours(topic: str, address: GatewayAddress) -> bool:
    """Whether it can be published at all and reaches nobody else's tests."""
    levels = topic.split("/")
    return levels[:4] == ["anju", "1", address.community, address.gateway] and levels[-1] in (
        "telemetry", "event", "birth", "state", "account",
    )  # fmt: skip


def committed_messages(registry: CollectorRegistry) -> float:
    return registry.get_sample_value("anju_ingest_messages_total") or 0.0


def test_a_gateway_that_is_too_fast_gets_no_receipts_for_what_exceeds_its_rate(
    database_url: str, broker: Broker
) -> None:
    now = datetime.now(UTC)
    settings = settings_for(database_url, broker, gateway_bytes_per_s=700)
    with gateway_on(broker) as fast, gateway_on(broker) as slow, ingest_on(settings) as ingest:
        announce(slow, database_url, now)
        announce(fast, database_url, now)
        for seq in range(1, 101):
            fast.publish(batch_of(fast, seq, now))
        send_until_receipted(slow, [1], now)
        deferred = "anju_ingest_deferred_messages_total"
        wait_for(lambda: bool(ingest.metrics.registry.get_sample_value(deferred, {"reason": "too_fast"})))
        wait_for(lambda: bool(fast.receipted("telemetry")))
        assert len(fast.receipted("telemetry")) < 100
        in_ledger = f"SELECT count(*) FROM ledger WHERE community_id = '{fast.address.community}'"
        wait_for(lambda: count(database_url, in_ledger) == len(fast.receipted("telemetry")))


def test_a_birth_with_more_points_than_a_gateway_may_have_is_a_letter(database_url: str) -> None:
    with intake_on(database_url) as intake:
        intake.committer = Committer(intake.conn, intake.directory, telemetry_days=400, limits=Limits(points=5))
        intake.take(birth([lift("lift-01"), lift("lift-02")]))
        intake.take(birth([lift("lift-03")], at=NOON - timedelta(days=1)))
        assert intake.rows("SELECT count(*) FROM point") == [(4,)]
        assert intake.rows("SELECT reason, detail FROM dead_letter") == [
            ("too_many_points", "birth: got 6 points of jinxiu/gw-1 in all, expected at most 5")
        ]
        intake.take(birth([lift("lift-01"), lift("lift-02")], at=NOON))
        assert len(intake.letters()) == 1


def test_an_asset_without_points_counts_as_one(database_url: str) -> None:
    with intake_on(database_url) as intake:
        intake.committer = Committer(intake.conn, intake.directory, telemetry_days=400, limits=Limits(points=3))
        intake.take(birth([lift(f"lift-0{number}", ()) for number in (1, 2)]))
        intake.take(birth([lift(f"lift-0{number}", ()) for number in (3, 4)]))
        assert intake.rows("SELECT count(*) FROM asset") == [(2,)]
        assert intake.letters() == [("too_many_points", True)]


def test_letters_beyond_a_days_allowance_are_only_counted(database_url: str) -> None:
    each = 100 + MESSAGE_BYTES
    broken = arrival(Channel.TELEMETRY, b"x" * 100)
    nowhere = Arrival("not/ours", b"x" * 100, NOON)
    with intake_on(database_url) as intake:
        limits = Limits(letter_bytes_per_day=2 * each)
        intake.committer = Committer(intake.conn, intake.directory, telemetry_days=400, limits=limits)
        (outcome,) = intake.take(broken, broken, broken, nowhere)
        assert (len(outcome.letters), len(outcome.not_kept)) == (3, 1)
        assert len(intake.letters()) == 3
        assert sorted(intake.rows(NOT_KEPT)) == [(1, each, 0, 0), (2, 2 * each, 1, each)]
        intake.take(broken, now=NOON + timedelta(days=1))
        assert len(intake.letters()) == 4


def test_data_that_would_wait_is_left_with_a_gateway_whose_allowance_is_used_up(database_url: str) -> None:
    unknown = telemetry([("lift-02/trips", NOON, 2.0)], seq=2)
    unknown_event = events([Event("lift-02", "lift.tilt", NOON)], seq=2)
    with intake_on(database_url) as intake:
        limits = Limits(letter_bytes_per_day=1)
        intake.committer = Committer(intake.conn, intake.directory, telemetry_days=400, limits=limits)
        intake.take(birth(), telemetry([("lift-02/trips", NOON, 1.0)], seq=1))
        assert intake.letters() == [("unknown_point", True)]
        known = [telemetry([("lift-01/trips", NOON, 1.0)], seq=3), events([Event("lift-01", "lift.tilt", NOON)], seq=3)]
        intake.take(unknown, unknown_event, *known)
        assert intake.rows("SELECT stream, seq FROM ledger ORDER BY 1, 2") == [
            ("event", 3),
            ("telemetry", 1),
            ("telemetry", 3),
        ]
        assert len(intake.letters()) == 1
        intake.take(unknown, unknown_event, now=NOON + timedelta(days=1))
        assert intake.rows("SELECT count(*) FROM ledger") == [(5,)]


def test_a_gateway_is_its_community_and_its_name(database_url: str) -> None:
    foreign = birth(address=GatewayAddress("yihe", "gw-1"))
    with intake_on(database_url) as intake:
        intake.take(Arrival(GATEWAY.topic(Channel.BIRTH), foreign.payload, NOON))
        assert intake.rows("SELECT reason, community_id FROM dead_letter") == [("foreign", "jinxiu")]
        assert intake.rows("SELECT count(*) FROM asset") == [(0,)]
