from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
from arriving import NOON, Intake, arrival, birth, intake_on, telemetry

from anju_contracts.topics import Channel
from anju_platform.storage.notify import CHANNEL, notify
from anju_platform.storage.retention import drop_old_days, forget_old_bookkeeping
from anju_platform.storage.rollups import due_spans, recompute, recompute_due, rollups_are_due
from anju_platform.storage.samples import Samples, settle, to_us
from anju_platform.storage.telemetry import KnownDays, insert_samples, merge_samples, prepare_session

HOUR = timedelta(hours=1)


def sample(at: datetime, value: float, quality: int = 0, point: int = 1) -> Samples:
    return Samples.of([point], [to_us(at)], [value], [quality])


def rollups(intake: Intake) -> list[tuple[object, ...]]:
    return intake.rows("SELECT hour, n, sum, min, max, first, last FROM rollup_hour ORDER BY point_id, hour")


def test_many_sessions_make_room_for_the_same_days_at_once(database_url: str) -> None:
    days = [date(2026, 3, 1) + timedelta(days=number) for number in range(5)]

    def write(session: int) -> None:
        with psycopg.connect(database_url, autocommit=True) as conn:
            KnownDays().ensure(conn, days)
            moments = [to_us(datetime(2026, 3, day, session, tzinfo=UTC)) for day in range(1, 6)]
            with conn.transaction():
                insert_samples(conn, Samples.of([1] * 5, moments, [1.0] * 5, [0] * 5))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    with psycopg.connect(database_url) as conn:
        assert conn.execute("SELECT count(*) FROM telemetry").fetchone() == (20,)


def test_the_better_of_two_samples_for_one_moment_stays_whichever_came_first(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as conn:
        prepare_session(conn)
        KnownDays().ensure(conn, [NOON.date()])
        rivals = [(1.0, 1), (5.0, 2), (2.0, 1), (0.5, 1)]
        for order in (rivals, rivals[::-1]):
            conn.execute("DELETE FROM telemetry")
            for value, quality in order:
                with conn.transaction():
                    merge_samples(conn, sample(NOON, value, quality))
            assert conn.execute("SELECT value, quality FROM telemetry").fetchall() == [(2.0, 1)]


def test_a_second_straight_copy_of_the_same_sample_is_refused(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as conn:
        KnownDays().ensure(conn, [NOON.date()])
        insert_samples(conn, settle(sample(NOON, 1.0)))
        with pytest.raises(psycopg.errors.UniqueViolation):
            insert_samples(conn, settle(sample(NOON, 2.0)))


def test_an_hour_is_rolled_up_once_the_watermark_has_passed_it(database_url: str) -> None:
    ten = NOON - 2 * HOUR
    with intake_on(database_url) as intake:
        readings = [("lift-01/trips", ten + timedelta(minutes=minute), float(minute)) for minute in (50, 10, 30)]
        intake.take(birth(), telemetry([*readings, ("lift-01/trips", NOON, 99.0)], seq=1))
        assert rollups_are_due(intake.conn, now=NOON)
        assert recompute_due(intake.conn, now=NOON) == (1, 1)
        assert rollups(intake) == [(ten, 3, 90.0, 10.0, 50.0, 10.0, 50.0)]
        assert not rollups_are_due(intake.conn, now=NOON)
        assert intake.rows("SELECT hour FROM rollup_due") == [(NOON,)]


def test_an_hour_of_a_silent_community_is_rolled_up_by_the_clock_in_the_end(database_url: str) -> None:
    with intake_on(database_url) as intake:
        intake.take(birth(), telemetry([("lift-01/trips", NOON, 1.0)], seq=1))
        assert recompute_due(intake.conn, now=NOON + HOUR) == (0, 0)
        assert recompute_due(intake.conn, now=NOON + 3 * HOUR) == (1, 1)


def test_late_samples_correct_the_hour_they_belong_to_and_bad_ones_count_not(database_url: str) -> None:
    ten = NOON - 2 * HOUR
    with intake_on(database_url) as intake:
        intake.take(birth(), telemetry([("lift-01/trips", ten, 5.0), ("lift-01/trips", NOON, 9.0)], seq=1))
        recompute_due(intake.conn, now=NOON)
        intake.take(telemetry([("lift-01/trips", ten + timedelta(minutes=5), 7.0)], seq=2, historical=True))
        bad = telemetry([("lift-01/trips", ten + timedelta(minutes=6), 1000.0)], seq=3)
        intake.take(bad.__class__(bad.topic, bad.payload.replace(b'"v":1000.0', b'"v":1000.0,"q":2'), NOON))
        assert recompute_due(intake.conn, now=NOON) == (1, 1)
        assert rollups(intake) == [(ten, 2, 12.0, 5.0, 7.0, 5.0, 7.0)]


def test_a_commit_between_forgetting_and_recomputing_is_seen_by_this_run_or_the_next(database_url: str) -> None:
    ten = NOON - 2 * HOUR
    with intake_on(database_url) as intake, psycopg.connect(database_url, autocommit=True) as worker:
        intake.take(birth(), telemetry([("lift-01/trips", ten, 5.0), ("lift-01/trips", NOON, 9.0)], seq=1))
        (span,) = due_spans(worker, now=NOON)
        intake.take(telemetry([("lift-01/trips", ten + timedelta(minutes=5), 7.0)], seq=2))
        recompute(worker, span)
        recompute_due(worker, now=NOON)
        assert rollups(intake) == [(ten, 2, 12.0, 5.0, 7.0, 5.0, 7.0)]


def test_old_days_go_once_their_hours_are_rolled_up_and_never_before(database_url: str) -> None:
    old, young = NOON - timedelta(days=40), NOON - timedelta(days=2)
    cutoff = NOON - timedelta(days=30)
    with intake_on(database_url) as intake:
        readings = [("lift-01/trips", old, 1.0), ("lift-01/trips", young, 2.0)]
        intake.take(birth(), telemetry(readings, seq=1))
        assert drop_old_days(intake.conn, cutoff=cutoff) == 0
        recompute_due(intake.conn, now=NOON)
        assert drop_old_days(intake.conn, cutoff=cutoff) == 1
        assert intake.stored() == [("lift-01/trips", young, 2.0, 0)]
        assert [row[0] for row in rollups(intake)] == [old, young]
        assert drop_old_days(intake.conn, cutoff=cutoff) == 0


def test_every_old_day_goes(database_url: str) -> None:
    moments = [NOON - timedelta(days=ago) for ago in (43, 41, 40, 2)]
    with intake_on(database_url) as intake:
        intake.take(birth(), telemetry([("lift-01/trips", at, 1.0) for at in moments], seq=1))
        recompute_due(intake.conn, now=NOON)
        assert drop_old_days(intake.conn, cutoff=NOON - timedelta(days=30)) == 3
        assert intake.stored() == [("lift-01/trips", moments[-1], 1.0, 0)]


def test_a_day_goes_without_disturbing_whoever_reads_it(database_url: str) -> None:
    old, cutoff = NOON - timedelta(days=40), NOON - timedelta(days=30)
    with intake_on(database_url) as intake, psycopg.connect(database_url) as reader, ThreadPoolExecutor(1) as other:
        intake.take(birth(), telemetry([("lift-01/trips", old, 1.0), ("lift-01/trips", NOON, 2.0)], seq=1))
        recompute_due(intake.conn, now=NOON)
        reader.execute("LOCK TABLE telemetry IN ACCESS SHARE MODE")  # every day, but not yet its index
        dropped = other.submit(drop_old_days, intake.conn, cutoff=cutoff)
        with pytest.raises(TimeoutError):
            dropped.result(1)
        found = reader.execute("SELECT value FROM telemetry WHERE at = %s", (old,)).fetchall()
        reader.commit()
        assert found == [(1.0,)]
        assert dropped.result(20) == 1


def test_old_days_go_in_whatever_order_the_planner_looks(database_url: str) -> None:
    with intake_on(database_url) as intake:
        intake.take(birth(), telemetry([("lift-01/trips", NOON, 1.0)], seq=1))
        intake.conn.execute("SET enable_nestloop = off")
        intake.conn.execute("SET enable_mergejoin = off")
        intake.conn.execute("SELECT telemetry_drop_oldest_before(%s)", (NOON + timedelta(days=1),))
        assert intake.stored() == []


def test_a_day_that_was_dropped_has_room_again_when_it_is_needed(database_url: str) -> None:
    with intake_on(database_url) as intake:
        intake.take(birth(), telemetry([("lift-01/trips", NOON, 1.0)], seq=1))
        intake.conn.execute("SELECT telemetry_drop_oldest_before(%s)", (NOON + timedelta(days=1),))
        intake.take(telemetry([("lift-01/trips", NOON, 2.0)], seq=2))
        assert intake.stored() == [("lift-01/trips", NOON, 2.0, 0)]


def test_bookkeeping_of_long_ago_is_forgotten(database_url: str) -> None:
    with intake_on(database_url) as intake:
        intake.take(birth(), telemetry([("lift-01/trips", NOON, 1.0)], seq=1))
        assert forget_old_bookkeeping(intake.conn, cutoff=NOON) == 0
        assert forget_old_bookkeeping(intake.conn, cutoff=NOON + HOUR) == 1


def test_a_letter_of_long_ago_stays_only_where_its_data_can_still_be_stored(database_url: str) -> None:
    with intake_on(database_url) as intake:
        waiting = telemetry([("lift-09/trips", NOON, 1.0), ("lift-01/trips", NOON + HOUR, 1.0)], seq=1)
        intake.take(birth(), waiting, arrival(Channel.TELEMETRY, b"[{"))
        assert sorted(intake.letters()) == [("future", True), ("unknown_point", True), ("unreadable", True)]
        forget_old_bookkeeping(intake.conn, cutoff=NOON)
        assert len(intake.letters()) == 3
        forget_old_bookkeeping(intake.conn, cutoff=NOON + HOUR)
        assert sorted(intake.letters()) == [("future", True), ("unknown_point", True)]


def test_a_change_is_told_when_its_transaction_commits_and_never_before(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as listener, psycopg.connect(database_url) as writer:
        listener.execute(f"LISTEN {CHANNEL}".encode())
        notify(writer, "jinxiu", "ticket", asset="jinxiu:lift-01", id=7)
        writer.rollback()
        notify(writer, "jinxiu", "readings")
        writer.commit()
        told = [notice.payload for notice in listener.notifies(timeout=5, stop_after=1)]
    assert told == ['{"community":"jinxiu","topic":"readings","asset":null,"id":null}']
