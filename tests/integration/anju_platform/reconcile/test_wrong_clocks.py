"""A gateway whose clock is an hour off: named at its next account, no value of the future, and a second chance."""

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from arriving import NOON, Intake, arrival, birth, events, intake_on, telemetry
from click.testing import CliRunner
from reconciling import MINUTE, account, intake_with_a_gateway

from anju_contracts.envelope import Envelope
from anju_contracts.event import Event, EventState
from anju_contracts.senml import Pack, encode_pack
from anju_contracts.topics import Channel
from anju_platform.cli import main
from anju_platform.storage.samples import to_us

HOUR = timedelta(hours=1)
TRIPS = "lift-01/trips"


@pytest.fixture
def intake(database_url: str) -> Iterator[Intake]:
    with intake_with_a_gateway(database_url) as made:
        yield made


def clock_faults(intake: Intake) -> list[tuple[object, ...]]:
    return intake.rows("SELECT amount, cleared_at FROM gateway_fault WHERE code = 'clock_wrong' ORDER BY id")


@pytest.mark.parametrize("off_by", [HOUR, -HOUR])
def test_a_jump_of_an_hour_is_named_at_the_next_account_and_over_at_the_one_after_it_is_right(
    intake: Intake, off_by: timedelta
) -> None:
    intake.take(account(1))
    assert clock_faults(intake) == []
    intake.take(account(2, at=NOON + MINUTE + off_by, received_at=NOON + MINUTE))
    assert clock_faults(intake) == [(off_by.total_seconds(), None)]
    intake.take(account(3, at=NOON + 2 * MINUTE + off_by, received_at=NOON + 2 * MINUTE))
    assert len(clock_faults(intake)) == 1
    intake.take(account(4, at=NOON + 3 * MINUTE, received_at=NOON + 3 * MINUTE))
    assert clock_faults(intake)[0][1] == NOON + 3 * MINUTE


def test_a_clock_that_runs_ahead_makes_no_latest_value_and_no_alarm_of_the_future(intake: Intake) -> None:
    intake.take(telemetry([(TRIPS, NOON - MINUTE, 1.0)], seq=1))
    alarm = Event("lift-01", "lift.trapped_level", NOON + HOUR, EventState.RAISE)
    intake.take(telemetry([(TRIPS, NOON + HOUR, 2.0)], seq=2), events([alarm], seq=1))
    assert intake.latest() == [(TRIPS, NOON - MINUTE, 1.0, 0)]
    assert intake.rows("SELECT 1 FROM open_alarm UNION ALL SELECT 1 FROM ticket") == []
    assert intake.rows("SELECT watermark_at FROM gateway") == [(NOON - MINUTE,)]
    assert intake.letters() == [("future", True), ("future", True)]


def test_the_times_of_device_gateway_and_receipt_are_kept_apart(intake: Intake) -> None:
    pack = Pack(Envelope("e1", 1, taken_at=NOON + 59 * MINUTE))
    pack.append(TRIPS, to_us(NOON + HOUR), 1.0)
    pack.append(TRIPS, to_us(NOON - HOUR), 1.0)
    pack.append("lift-09/trips", to_us(NOON), 1.0)
    intake.take(arrival(Channel.TELEMETRY, encode_pack(pack), at=NOON - MINUTE))
    times = (NOON - HOUR, NOON + HOUR, NOON + 59 * MINUTE, NOON - MINUTE)
    assert intake.rows("SELECT first_at, last_at, taken_at, received_at FROM ledger") == [times]
    assert sorted(intake.rows("SELECT reason, taken_at FROM dead_letter")) == [
        ("future", NOON + 59 * MINUTE),
        ("unknown_point", NOON + 59 * MINUTE),
    ]


def replay(url: str, monkeypatch: pytest.MonkeyPatch, *options: str) -> str:
    monkeypatch.setenv("ANJU_DATABASE_URL", url)
    monkeypatch.setenv("ANJU_CLOCK", "scaled:2026-03-10T12:00:00Z@2026-01-01T00:00:00Z*0.0000000001")
    result = CliRunner().invoke(main, ["replay-ahead", "--community", "jinxiu", "--gateway", "gw-1", *options])
    assert result.exit_code == 0, result.output
    return result.output


def test_what_was_dated_into_the_future_can_be_stored_under_its_true_time(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with intake_on(database_url) as intake:
        intake.take(birth())
        alarm = Event("lift-01", "lift.trapped_level", NOON + HOUR - MINUTE, EventState.RAISE)
        intake.take(telemetry([(TRIPS, NOON + HOUR, 2.0)], seq=2), events([alarm], seq=1))
        intake.take(telemetry([(TRIPS, NOON + 2 * HOUR, 3.0)], seq=3))
        assert "0 letters stored, 3 lie ahead" in replay(database_url, monkeypatch)
        assert "2 letters stored, 1 lie ahead" in replay(database_url, monkeypatch, "--shift-s", "-3600")
        assert intake.latest() == [(TRIPS, NOON, 2.0, 0)]
        assert intake.rows("SELECT raised_at FROM open_alarm") == [(NOON - MINUTE,)]
        assert intake.rows("SELECT opened_at FROM ticket") == [(NOON - MINUTE,)]
        assert "0 letters stored, 1 lie ahead" in replay(database_url, monkeypatch, "--shift-s", "-3600")


def test_a_letter_is_replayed_once_though_two_try(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with intake_on(database_url) as intake:
        intake.take(birth(), telemetry([(TRIPS, NOON + HOUR, 2.0)], seq=2))
        replay(database_url, monkeypatch, "--shift-s", "-3600")
        with psycopg.connect(database_url, autocommit=True) as conn:
            conn.execute("UPDATE dead_letter SET replayed_at = NULL")
        replay(database_url, monkeypatch, "--shift-s", "-3600")
        assert intake.stored() == [(TRIPS, NOON, 2.0, 0)]


def test_a_letter_that_becomes_another_one_is_kept_though_the_days_allowance_is_used_up(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with intake_on(database_url) as intake:
        intake.take(birth(), *(telemetry([("lift-09/trips", NOON + HOUR, 2.0)], seq=seq) for seq in range(1, 151)))
        intake.conn.execute("UPDATE dead_letter_day SET bytes = 1e15")
        assert "150 letters stored" in replay(database_url, monkeypatch, "--shift-s", "-3600")
        waiting = intake.rows("SELECT count(*) FROM dead_letter WHERE reason = 'unknown_point' AND replayed_at IS NULL")
        assert waiting == [(150,)]
