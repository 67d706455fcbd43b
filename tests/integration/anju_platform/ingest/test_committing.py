"""What a group of messages leaves in the database, without a broker."""

from datetime import timedelta
from threading import Thread

import psycopg
import pytest
from arriving import GATEWAY, NOON, Intake, account, arrival, birth, events, intake_on, lift, state, telemetry
from ingesting import wait_for

from anju_contracts.birth import Asset, Point
from anju_contracts.codes import Severity
from anju_contracts.event import Event, EventState
from anju_contracts.state import Presence
from anju_contracts.topics import Channel, GatewayAddress
from anju_platform.errors import StorageUnavailable
from anju_platform.ingest.decode import decode
from anju_platform.ingest.registry_lock import own_registry
from anju_platform.ingest.tally import rebuild

MINUTE = timedelta(minutes=1)
TRIPS, TEMP = "lift-01/trips", "lift-01/motor_temp_c"


def test_a_batch_is_stored_with_its_ledger_row_latest_value_and_watermark(database_url: str) -> None:
    with intake_on(database_url) as intake:
        batch = telemetry([(TRIPS, NOON - MINUTE, 1.0), (TRIPS, NOON, 2.0), (TEMP, NOON, 40.0)], seq=1)
        intake.take(birth(), batch)
        assert intake.stored() == [(TEMP, NOON, 40.0, 0), (TRIPS, NOON - MINUTE, 1.0, 0), (TRIPS, NOON, 2.0, 0)]
        assert intake.latest() == [(TEMP, NOON, 40.0, 0), (TRIPS, NOON, 2.0, 0)]
        assert intake.rows("SELECT stream, seq, samples, first_at, last_at FROM ledger") == [
            ("telemetry", 1, 3, NOON - MINUTE, NOON)
        ]
        assert intake.rows("SELECT watermark_at FROM gateway") == [(NOON,)]


def test_a_batch_that_comes_again_is_not_stored_again(database_url: str) -> None:
    with intake_on(database_url) as intake:
        batch = telemetry([(TRIPS, NOON, 2.0)], seq=1)
        intake.take(birth(), batch, batch)
        (outcome,) = intake.take(batch)
        assert outcome.repeated == 1
        assert len(outcome.stored) == 0
        assert len(outcome.messages) == 1
        assert intake.stored() == [(TRIPS, NOON, 2.0, 0)]


def test_the_same_samples_in_another_batch_are_merged(database_url: str) -> None:
    with intake_on(database_url) as intake:
        intake.take(birth(), telemetry([(TRIPS, NOON, 2.0)], seq=1))
        again = [(TRIPS, NOON, 2.0), (TRIPS, NOON - MINUTE, 1.0)]
        intake.take(telemetry(again, seq=1, epoch="e2"))
        intake.take(telemetry([(TRIPS, NOON - 2 * MINUTE, 0.0)], seq=2, epoch="e2"))
        assert [row[2] for row in intake.stored()] == [0.0, 1.0, 2.0]
        assert intake.letters() == []


def test_an_older_sample_does_not_become_the_latest_and_history_moves_no_watermark(database_url: str) -> None:
    with intake_on(database_url) as intake:
        intake.take(birth(), telemetry([(TRIPS, NOON - MINUTE, 2.0)], seq=2))
        intake.take(telemetry([(TRIPS, NOON - 5 * MINUTE, 1.0)], seq=1))
        intake.take(telemetry([(TRIPS, NOON, 3.0)], seq=3, historical=True))
        assert intake.latest() == [(TRIPS, NOON, 3.0, 0)]
        assert intake.rows("SELECT watermark_at FROM gateway") == [(NOON - MINUTE,)]


def test_a_clock_that_is_a_little_fast_moves_no_watermark_past_now(database_url: str) -> None:
    with intake_on(database_url) as intake:
        intake.take(birth(), telemetry([(TRIPS, NOON + 5 * MINUTE, 2.0)], seq=1))
        assert intake.rows("SELECT watermark_at FROM gateway") == [(NOON,)]


def test_a_message_by_hand_is_stored_without_ledger_and_twice_is_once(database_url: str) -> None:
    with intake_on(database_url) as intake:
        intake.take(birth())
        by_hand = arrival(Channel.TELEMETRY, b'[{"n":"lift-01/trips","v":7}]', qos=0)
        intake.take(by_hand)
        intake.take(by_hand)
        assert intake.stored() == [(TRIPS, NOON, 7.0, 0)]
        assert intake.rows("SELECT count(*) FROM ledger") == [(0,)]
        assert intake.rows("SELECT watermark_at FROM gateway") == [(None,)]


def test_unknown_samples_wait_for_their_birth_while_the_known_ones_are_stored(database_url: str) -> None:
    with intake_on(database_url) as intake:
        readings = [(TRIPS, NOON, 1.0), ("lift-02/trips", NOON, 2.0), ("lift-02/motor_temp_c", NOON, 3.0)]
        intake.take(birth(), telemetry(readings, seq=1))
        assert intake.stored() == [(TRIPS, NOON, 1.0, 0)]
        assert intake.letters() == [("unknown_point", True)]
        names = [["lift-02/motor_temp_c", "lift-02/trips"]]
        assert [row[0] for row in intake.rows("SELECT names FROM dead_letter")] == names
        intake.take(birth([lift(), lift("lift-02")], at=NOON - timedelta(days=1)), now=NOON + MINUTE)
        assert intake.stored() == sorted((name, NOON, value, 0) for name, _, value in readings)
        assert intake.letters() == [("unknown_point", False)]
        intake.take(birth([lift(), lift("lift-02")], at=NOON), telemetry(readings, seq=1))
        assert len(intake.stored()) == 3
        assert [row[0] for row in intake.latest()] == [TRIPS, "lift-02/motor_temp_c", "lift-02/trips"]


def test_of_a_letter_whose_points_are_announced_one_by_one_the_rest_waits_on(database_url: str) -> None:
    with intake_on(database_url) as intake:
        intake.take(telemetry([("lift-01/trips", NOON, 1.0), ("lift-02/trips", NOON, 2.0)], seq=1))
        intake.take(birth([lift("lift-02")]))
        assert intake.stored() == [("lift-02/trips", NOON, 2.0, 0)]
        assert intake.letters() == [("unknown_point", False), ("unknown_point", True)]
        intake.take(birth([lift("lift-02"), lift()], at=NOON))
        assert len(intake.stored()) == 2
        assert intake.letters() == [("unknown_point", False)] * 2


def test_a_point_announced_to_another_ingest_is_found(database_url: str) -> None:
    with intake_on(database_url) as first, intake_on(database_url) as second:
        first.take(birth())
        (outcome,) = second.take(telemetry([(TRIPS, NOON, 1.0)], seq=1))
        assert outcome.announced == {"jinxiu"}
        assert second.stored() == [(TRIPS, NOON, 1.0, 0)]
        assert second.letters() == []


def test_what_can_not_be_read_is_kept_and_stops_nothing(database_url: str) -> None:
    with intake_on(database_url) as intake:
        broken = arrival(Channel.TELEMETRY, b"\xff\x00broken")
        intake.take(birth(), broken, telemetry([(TRIPS, NOON, 1.0)], seq=1))
        assert len(intake.stored()) == 1
        kept = intake.rows("SELECT reason, community_id, gateway_id, payload FROM dead_letter")
        assert kept == [("unreadable", "jinxiu", "gw-1", b"\xff\x00broken")]


def test_what_the_database_refuses_is_set_aside_and_the_rest_is_stored(database_url: str) -> None:
    with intake_on(database_url) as intake:
        intake.take(birth())
        poison = events([Event("lift-01", "lift.tilt", NOON, text="a\0b")], seq=1)
        good = [events([Event("lift-01", "lift.tilt", NOON - number * MINUTE)], seq=number) for number in (2, 3, 4)]
        outcomes = intake.take(good[0], poison, *good[1:])
        assert sum(outcome.events for outcome in outcomes) == 3
        assert intake.letters() == [("refused", True)]
        assert intake.rows("SELECT count(*) FROM ledger") == [(4,)]
        assert [len(one.messages) for one in intake.take(poison)] == [1]
        assert len(intake.letters()) == 1


def test_a_letter_that_the_database_refuses_when_it_is_replayed_waits_no_longer(database_url: str) -> None:
    with intake_on(database_url) as intake:
        poison = events([Event("lift-01", "lift.tilt", NOON, text="a\0b")])
        intake.take(poison, events([Event("lift-01", "lift.tilt", NOON)]))
        intake.take(birth())
        assert intake.rows("SELECT count(*) FROM event") == [(1,)]
        assert sorted(intake.letters()) == [("refused", True), ("unknown_point", False)]


def test_events_are_stored_once_and_acute_ones_have_a_ticket_at_once(database_url: str) -> None:
    with intake_on(database_url) as intake:
        trapped = Event("lift-01", "lift.trapped_level", NOON, EventState.RAISE, Severity.CRITICAL, vendor_code="7")
        intake.take(birth(), events([trapped], seq=1), events([trapped], seq=2))
        (again,) = intake.take(events([trapped], seq=3))
        assert again.events == 0
        assert intake.rows("SELECT code, state, severity, vendor_code FROM event") == [
            ("lift.trapped_level", "raise", "critical", "7")
        ]
        assert intake.rows("SELECT origin, state FROM ticket") == [("alarm", "new")]


def test_events_of_an_unknown_asset_wait_for_its_birth(database_url: str) -> None:
    with intake_on(database_url) as intake:
        intake.take(events([Event("lift-01", "lift.trapped_level", NOON)], seq=1))
        assert intake.letters() == [("unknown_point", True)]
        intake.take(birth())
        assert intake.letters() == [("unknown_point", False)]
        assert intake.rows("SELECT count(*) FROM event") == [(1,)]
        assert intake.rows("SELECT count(*) FROM ticket") == [(1,)]


def test_an_old_birth_that_comes_again_changes_nothing(database_url: str) -> None:
    old = birth([lift(model="old")], at=NOON - timedelta(days=9))
    new = birth([lift(model="new")], at=NOON - timedelta(days=1))
    orders = ((old, new), (new, old), (new, old, old, new))
    for order in orders:
        with intake_on(database_url) as intake:
            for one in order:
                intake.take(one)
            assert intake.rows("SELECT model, gateway_id FROM asset") == [("new", "gw-1")]
            assert intake.rows("SELECT birth_at FROM gateway") == [(NOON - timedelta(days=1),)]
            intake.conn.execute("TRUNCATE community CASCADE")


def test_an_asset_that_moved_stays_with_the_gateway_that_announced_it_last(database_url: str) -> None:
    other = GatewayAddress("jinxiu", "gw-2")
    with intake_on(database_url) as intake:
        before, after = birth(at=NOON - timedelta(days=3)), birth(address=other, at=NOON - timedelta(days=1))
        intake.take(after)
        intake.take(before)
        assert intake.rows("SELECT gateway_id FROM asset") == [("gw-2",)]


def test_a_birth_from_a_clock_that_runs_ahead_does_not_outdate_those_that_follow(database_url: str) -> None:
    with intake_on(database_url) as intake:
        intake.take(birth([lift(model="ahead")], at=NOON + timedelta(days=400)))
        intake.take(birth([lift(model="right")], at=NOON + MINUTE), now=NOON + MINUTE)
        assert intake.rows("SELECT model FROM asset") == [("right",)]


def test_a_births_new_unit_counts_and_an_older_one_does_not(database_url: str) -> None:
    with intake_on(database_url) as intake:
        intake.take(birth(at=NOON - timedelta(days=1)))
        odd = Asset("lift-01", "lift", "lm3", [Point("motor_temp_c", "K")])
        intake.take(birth([odd], at=NOON - timedelta(days=5)))
        assert intake.rows("SELECT unit FROM point WHERE code = 'motor_temp_c'") == [("Cel",)]
        intake.take(birth([odd], at=NOON))
        assert intake.rows("SELECT unit FROM point WHERE code = 'motor_temp_c'") == [("K",)]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (2, 0, 1)])
def test_the_will_of_a_session_that_is_over_does_not_outdate_the_next(
    database_url: str, order: tuple[int, int, int]
) -> None:
    first, second = NOON - 10 * MINUTE, NOON - MINUTE
    told = [state(Presence.ONLINE, first), state(Presence.LOST, first), state(Presence.ONLINE, second)]
    with intake_on(database_url) as intake:
        for index in order:
            intake.take(told[index])
        assert intake.rows("SELECT state, state_at FROM gateway") == [("online", second)]


def test_a_lost_session_is_lost_and_the_newest_account_stays(database_url: str) -> None:
    with intake_on(database_url) as intake:
        intake.take(state(Presence.ONLINE, NOON), state(Presence.LOST, NOON))
        intake.take(account(NOON, free=2), account(NOON - MINUTE, free=1))
        assert intake.rows("SELECT state, account ->> 'disk_free_bytes' FROM gateway") == [("lost", "2")]


def test_latest_values_and_watermarks_that_were_lost_are_rebuilt(database_url: str) -> None:
    with intake_on(database_url) as intake:
        intake.take(birth(), telemetry([(TRIPS, NOON - MINUTE, 1.0), (TEMP, NOON - MINUTE, 30.0)], seq=1))
        intake.take(telemetry([(TRIPS, NOON, 2.0)], seq=2))
        truth = intake.latest()
        intake.conn.execute("DELETE FROM latest WHERE value = 30.0")
        intake.conn.execute("UPDATE latest SET at = at - interval '1 minute', value = 1.0")
        intake.conn.execute("UPDATE gateway SET watermark_at = NULL")
        assert rebuild(intake.conn, now=NOON) == 2
        assert intake.latest() == truth
        assert intake.rows("SELECT watermark_at FROM gateway") == [(NOON,)]
        assert rebuild(intake.conn, now=NOON) == 0


def test_a_database_that_is_gone_is_unavailable_and_refuses_no_message(database_url: str) -> None:
    with intake_on(database_url) as intake:
        intake.take(birth())
        kill(database_url, intake)
        with pytest.raises(StorageUnavailable, match="database: "):
            intake.take(telemetry([(TRIPS, NOON, 1.0)], seq=1))
        with pytest.raises(StorageUnavailable):
            intake.committer.replay("jinxiu", now=NOON)


def kill(url: str, intake: Intake) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("SELECT pg_terminate_backend(%s)", (intake.conn.info.backend_pid,))


def test_a_schema_that_is_not_there_refuses_no_message_either(database_url: str) -> None:
    with intake_on(database_url) as intake:
        intake.take(birth())
        intake.conn.execute("ALTER TABLE ledger RENAME TO elsewhere")
        with pytest.raises(StorageUnavailable, match="UndefinedTable"):
            intake.take(telemetry([(TRIPS, NOON, 1.0)], seq=1))
        intake.conn.execute("ALTER TABLE elsewhere RENAME TO ledger")
        intake.take(telemetry([(TRIPS, NOON, 1.0)], seq=1))
        assert len(intake.stored()) == 1


def test_two_communities_keep_apart_what_is_called_the_same(database_url: str) -> None:
    other = GatewayAddress("yihe", "gw-1")
    with intake_on(database_url) as intake:
        intake.take(birth(), birth(address=other))
        batches = [telemetry([(TRIPS, NOON, 1.0)], seq=1), telemetry([(TRIPS, NOON, 2.0)], seq=1, address=other)]
        intake.take(*batches)
        assert intake.rows("SELECT community_id, count(*) FROM ledger GROUP BY 1 ORDER BY 1") == [
            ("jinxiu", 1),
            ("yihe", 1),
        ]
        assert [row[2] for row in intake.stored()] == [1.0, 2.0]
        assert {batch.topic for batch in batches} == {one.topic(Channel.TELEMETRY) for one in (GATEWAY, other)}


def test_a_database_that_was_put_back_gets_no_reading_under_a_point_that_it_does_not_know(database_url: str) -> None:
    with intake_on(database_url) as intake:
        intake.take(birth())
        intake.conn.execute("TRUNCATE community CASCADE")
        intake.directory.load(intake.conn)
        intake.take(telemetry([(TRIPS, NOON, 1.0)], seq=1))
        assert intake.rows("SELECT 1 FROM telemetry") == []
        assert intake.letters() == [("unknown_point", True)]


def test_latest_values_of_a_database_that_was_put_back_meanwhile_are_given_up(database_url: str) -> None:
    with intake_on(database_url) as intake:
        intake.take(birth())
        (outcome,) = intake.committer.commit(
            [decode(telemetry([(TRIPS, NOON, 1.0)], seq=1), intake.directory.of, telemetry_days=400)], now=NOON
        )
        intake.tally.add(outcome)
        intake.conn.execute("TRUNCATE community CASCADE")
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            intake.tally.flush(intake.conn)
        intake.tally.flush(intake.conn)
        assert intake.latest() == []


WAITS_FOR_REGISTRY = "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


def test_an_ingest_that_waits_for_a_registry_holds_no_gateway_that_the_other_may_want(database_url: str) -> None:
    other = GatewayAddress(GATEWAY.community, "gw-2")
    with intake_on(database_url) as intake, psycopg.connect(database_url) as owner:
        intake.take(birth())
        own_registry(owner, GATEWAY.community)
        waiting = Thread(target=intake.take, args=(account(NOON), birth([lift("lift-02")], address=other)))
        waiting.start()
        wait_for(lambda: bool(owner.execute(WAITS_FOR_REGISTRY).fetchall()))
        owner.execute("SELECT FROM gateway WHERE id = 'gw-1' FOR UPDATE NOWAIT")
        owner.commit()
        waiting.join()
        assert intake.rows("SELECT id, account_at FROM gateway ORDER BY id") == [("gw-1", NOON), ("gw-2", None)]
