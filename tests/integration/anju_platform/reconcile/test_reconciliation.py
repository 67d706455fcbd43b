"""Accounts held against a real ledger: what is lost, dropped, queued, left behind or overdue is named."""

from collections.abc import Iterator
from datetime import timedelta
from threading import Thread

import psycopg
import pytest
from arriving import NOON, Intake
from ingesting import wait_for
from reconciling import MINUTE, account, batches, check, intake_with_a_gateway

from anju_contracts.clock import RealClock
from anju_platform.reconcile.check import Changes, read_balances, read_gaps, reconcile
from anju_platform.reconcile.models import FaultCode
from anju_platform.storage.retention import forget_old_bookkeeping


@pytest.fixture
def intake(database_url: str) -> Iterator[Intake]:
    with intake_with_a_gateway(database_url) as made:
        yield made


def open_faults(intake: Intake) -> dict[str, tuple[object, ...]]:
    rows = intake.rows("SELECT code, amount, detail FROM gateway_fault WHERE cleared_at IS NULL")
    return {str(row[0]): row[1:] for row in rows}


def test_what_adds_up_is_no_fault(intake: Intake) -> None:
    intake.take(*batches(1, 30))
    intake.take(account(28, queued=5, first_queued=29))
    assert check(intake) == Changes()
    (balance,) = read_balances(intake.conn, "jinxiu", "gw-1")
    assert (balance.stored_batches, balance.stored_samples, balance.missing_batches) == (30, 300, 3)
    assert read_gaps(intake.conn, balance) == [(31, 33)]
    intake.take(*batches(31, 33))
    check(intake)
    (balance,) = read_balances(intake.conn)
    assert (balance.stored_samples, balance.missing_batches, balance.current) == (330, 0, True)


def test_a_batch_that_vanished_from_the_ledger_is_named_with_its_number_and_the_fault_ends_when_it_is_back(
    intake: Intake,
) -> None:
    intake.take(*batches(1, 20))
    intake.take(account(20))
    assert check(intake) == Changes()
    intake.conn.execute("CREATE TABLE gone AS SELECT * FROM ledger WHERE seq IN (7, 8)")
    intake.conn.execute("DELETE FROM ledger WHERE seq IN (7, 8)")
    (fault,) = check(intake).raised
    assert (fault.code, fault.gateway, fault.stream, fault.epoch) == (FaultCode.LOST, "gw-1", "telemetry", "e1")
    assert (fault.amount, fault.detail) == (20, {"batches": 2, "ranges": [[7, 8]]})
    assert check(intake) == Changes()
    intake.conn.execute("INSERT INTO ledger SELECT * FROM gone")
    assert check(intake).cleared == 1
    assert open_faults(intake) == {}


def test_a_lost_batch_is_found_though_as_many_samples_are_on_their_way(intake: Intake) -> None:
    intake.take(*batches(1, 3), *batches(5, 20))
    intake.take(account(17, queued=3, first_queued=18))
    (fault,) = check(intake).raised
    assert (fault.code, fault.detail) == (FaultCode.LOST, {"batches": 1, "ranges": [[4, 4]]})


def test_a_gap_that_the_gateway_has_still_queued_or_has_dropped_is_no_loss(intake: Intake) -> None:
    intake.take(*batches(1, 3), *batches(6, 20))
    intake.take(account(18, queued=2, first_queued=4))
    assert check(intake) == Changes()
    intake.take(account(18, dropped={"outbox_full": 2}, at=NOON + MINUTE))
    (fault,) = check(intake, now=NOON + MINUTE).raised
    assert (fault.code, fault.amount) == (FaultCode.DROPPED, 20)
    assert fault.detail == {"reasons": {"outbox_full": 20}}


def test_drops_stay_a_fault_for_an_hour_and_new_ones_make_them_news_again(intake: Intake) -> None:
    intake.take(*batches(1, 2))
    intake.take(account(2, dropped={"outbox_full": 1}, last_seq=3))
    check(intake)
    intake.conn.execute("UPDATE gateway_fault SET acknowledged_at = now()")
    intake.take(account(2, dropped={"outbox_full": 1, "too_old": 4}, last_seq=7, at=NOON + 50 * MINUTE))
    assert check(intake, now=NOON + 50 * MINUTE) == Changes()
    assert open_faults(intake)["dropped"] == (50, {"reasons": {"outbox_full": 10, "too_old": 40}})
    assert intake.rows("SELECT acknowledged_at FROM gateway_fault") == [(None,)]
    intake.take(account(2, dropped={"outbox_full": 1, "too_old": 4}, last_seq=7, at=NOON + 115 * MINUTE))
    assert check(intake, now=NOON + 115 * MINUTE).cleared == 1


def test_what_an_outbox_had_queued_when_it_was_replaced_is_left_behind(intake: Intake) -> None:
    intake.take(*batches(1, 10))
    intake.take(account(10, queued=4, first_queued=11))
    intake.take(*batches(1, 2, epoch="e2"))
    intake.take(account(2, epoch="e2", at=NOON + MINUTE))
    (fault,) = check(intake, now=NOON + MINUTE).raised
    assert (fault.code, fault.epoch, fault.amount) == (FaultCode.LEFT_BEHIND, "e1", 40)
    assert fault.detail == {"batches": 4, "ranges": [[11, 14]]}
    intake.take(*batches(11, 14))
    assert check(intake, now=NOON + MINUTE).cleared == 1


def test_an_outbox_that_was_put_back_from_an_old_copy_is_named(intake: Intake) -> None:
    intake.take(*batches(1, 10))
    intake.take(account(10))
    intake.take(account(6, at=NOON + MINUTE))
    (fault,) = check(intake, now=NOON + MINUTE).raised
    assert (fault.code, fault.amount, fault.detail) == (FaultCode.SEQ_WENT_BACK, 4, {"last": 6, "highest": 10})


def test_more_than_was_produced_is_named(intake: Intake) -> None:
    intake.take(*batches(1, 10))
    intake.conn.execute("UPDATE ledger SET samples = 15 WHERE seq = 3")
    intake.take(account(10))
    (fault,) = check(intake).raised
    assert (fault.code, fault.amount) == (FaultCode.STORED_TWICE, 5)


@pytest.mark.parametrize(("presence", "is_named"), [("online", True), ("lost", True), ("offline", False)])
def test_a_gateway_that_owes_its_account_is_named_unless_it_said_goodbye(
    intake: Intake, presence: str, *, is_named: bool
) -> None:
    intake.take(account(0))
    intake.conn.execute("UPDATE gateway SET state = %s", (presence,))
    assert check(intake, now=NOON + 2 * MINUTE) == Changes()
    codes = [fault.code for fault in check(intake, now=NOON + 4 * MINUTE).raised]
    assert codes == ([FaultCode.ACCOUNT_OVERDUE] if is_named else [])
    intake.take(account(0, at=NOON + 5 * MINUTE))
    assert check(intake, now=NOON + 5 * MINUTE).cleared == len(codes)


def test_an_account_that_comes_late_or_again_changes_nothing(intake: Intake) -> None:
    def told() -> list[tuple[object, ...]]:
        return intake.rows(
            "SELECT produced, told_at, offset_s, observations FROM outbox_account"
            " JOIN gateway_clock USING (community_id, gateway_id)"
        )

    newest = account(20, at=NOON + MINUTE)
    intake.take(account(10), newest)
    before = told()
    intake.take(account(10), account(9, at=NOON - MINUTE), newest)
    assert told() == before
    assert before[0][0] == 200


def test_a_long_ledger_is_counted_in_chunks_that_stay_true_whatever_comes_and_goes(intake: Intake) -> None:
    def fill(first: int, last: int) -> None:
        intake.conn.execute(
            "INSERT INTO ledger (community_id, gateway_id, epoch, stream, seq, samples, historical, first_at, last_at,"
            " received_at, committed_at) SELECT 'jinxiu', 'gw-1', 'e1', 'telemetry', seq, 10, false, %(at)s, %(at)s,"
            " %(at)s, %(at)s FROM generate_series(%(first)s::bigint, %(last)s) AS seq",
            {"at": NOON - timedelta(minutes=first / 100), "first": first, "last": last},
        )

    def balance() -> tuple[int, int]:
        check(intake)
        (found,) = read_balances(intake.conn)
        return found.stored_batches, found.stored_samples

    fill(1, 900)
    fill(1500, 9000)
    intake.take(account(8401, queued=599, last_seq=9000, first_queued=901))
    assert balance() == (8401, 84_010)
    assert read_gaps(intake.conn, read_balances(intake.conn)[0]) == [(901, 1499)]
    fill(901, 1499)
    intake.take(account(9000, at=NOON + MINUTE))
    assert balance() == (9000, 90_000)
    intake.conn.execute("DELETE FROM ledger WHERE seq BETWEEN 4000 AND 4001")
    for _ in range(3):
        found = balance()
    assert found == (8998, 89_980)
    assert open_faults(intake)["lost"] == (20, {"batches": 2, "ranges": [[4000, 4001]]})


def test_what_is_no_longer_kept_stays_counted(intake: Intake) -> None:
    intake.take(*batches(1, 20))
    intake.take(account(20))
    check(intake)
    intake.conn.execute("UPDATE ledger SET committed_at = %s WHERE seq <= 12", (NOON - timedelta(days=500),))
    assert forget_old_bookkeeping(intake.conn, cutoff=NOON - timedelta(days=400)) == 12
    assert check(intake) == Changes()
    (balance,) = read_balances(intake.conn)
    assert (balance.stored_batches, balance.stored_samples) == (20, 200)


def test_nothing_is_counted_while_old_rows_are_being_forgotten(intake: Intake, database_url: str) -> None:
    intake.take(*batches(1, 20))
    intake.take(account(25))
    with psycopg.connect(database_url) as forgetting, forgetting.transaction():
        forget_old_bookkeeping(forgetting, cutoff=NOON - timedelta(days=400))
        assert check(intake) == Changes()
    assert [fault.code for fault in check(intake).raised] == [FaultCode.LOST]


def test_faults_that_are_long_over_are_forgotten_and_those_that_hold_are_not(intake: Intake) -> None:
    intake.take(account(5))
    check(intake)
    assert forget_old_bookkeeping(intake.conn, cutoff=NOON + MINUTE) == 0
    assert set(open_faults(intake)) == {"lost"}
    intake.take(*batches(1, 5))
    check(intake)
    forget_old_bookkeeping(intake.conn, cutoff=NOON + MINUTE)
    assert intake.rows("SELECT 1 FROM gateway_fault") == []


def test_two_workers_never_reconcile_at_once(intake: Intake, database_url: str) -> None:
    intake.take(account(5))
    with psycopg.connect(database_url) as other:
        other.execute("SELECT pg_advisory_lock(hashtextextended('anju reconcile', 0))")
        assert check(intake) == Changes()
        other.execute("SELECT pg_advisory_unlock_all()")
        assert [fault.code for fault in check(intake).raised] == [FaultCode.LOST]


def test_an_account_that_came_after_the_count_is_not_held_against_it(intake: Intake) -> None:
    intake.take(*batches(1, 5))
    intake.take(account(5))
    check(intake)
    intake.take(*batches(6, 9))
    intake.take(account(9, at=NOON + MINUTE))
    (balance,) = read_balances(intake.conn)
    assert (balance.committed, balance.lost_samples, balance.missing_batches, balance.is_counted) == (90, 0, 0, False)
    assert reconcile(intake.conn, now=NOON + MINUTE, clock=RealClock()) == Changes()
    (balance,) = read_balances(intake.conn)
    assert (balance.stored_samples, balance.lost_samples, balance.is_counted) == (90, 0, True)


def test_an_account_that_is_written_while_the_ledger_is_counted_is_kept(intake: Intake, database_url: str) -> None:
    intake.take(*batches(1, 5))
    intake.take(account(5))
    with psycopg.connect(database_url) as ingest:
        ingest.execute("UPDATE outbox_account SET committed = 90, last_seq = 9, told_at = %s", (NOON + MINUTE,))
        counting = Thread(target=check, args=(intake,))
        counting.start()
        wait_for(lambda: bool(ingest.execute("SELECT FROM pg_locks WHERE NOT granted").fetchall()))
        ingest.commit()
        counting.join()
    (balance,) = read_balances(intake.conn)
    assert (balance.committed, balance.stored_samples, balance.is_counted) == (90, 50, False)
    assert open_faults(intake) == {}
