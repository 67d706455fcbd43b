from datetime import UTC, datetime, timedelta

from anju_platform.jobs import Job, LastRuns, is_due

NOW = datetime(2026, 3, 10, tzinfo=UTC)
DAILY = Job("score", timedelta(days=1), lambda _: {})


def test_a_job_that_never_ran_is_due() -> None:
    assert is_due(DAILY, LastRuns(), as_of=NOW)


def test_a_job_is_due_again_when_its_span_of_event_time_has_passed() -> None:
    assert not is_due(DAILY, LastRuns(NOW - timedelta(hours=23)), as_of=NOW)
    assert is_due(DAILY, LastRuns(NOW - timedelta(hours=24)), as_of=NOW)


def test_a_job_with_work_waiting_is_due_at_once() -> None:
    assert is_due(DAILY, LastRuns(NOW), as_of=NOW, wanted=True)


def test_a_failed_job_waits_a_while_whatever_waits_for_it() -> None:
    failed = LastRuns(NOW - timedelta(days=2), failed_ago=timedelta(seconds=5))
    assert not is_due(DAILY, failed, as_of=NOW, wanted=True)
    assert is_due(DAILY, LastRuns(NOW - timedelta(days=2), failed_ago=timedelta(minutes=5)), as_of=NOW)
