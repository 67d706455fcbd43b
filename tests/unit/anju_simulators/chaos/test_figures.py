"""What makes a run a bad one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from anju_simulators.chaos.report import broken, dropped_by_reason, ledger_differs_by
from anju_simulators.chaos.run import is_empty

EVENTS = {"produced": 10, "stored": 10, "lost": 0, "duplicated": 0, "false_alarms": 0}
GOOD: dict[str, Any] = {
    "produced": 100,
    "stored": 98,
    "dropped": 2,
    "lost": 0,
    "duplicated": 0,
    "misdated": 0,
    "dropped_uncounted": 0,
    "ledger_differs_by": 0,
    "latest_wrong": 0,
    "latest_ahead": 0,
    "dead_letters": {},
    "events": EVENTS,
}


def test_a_run_in_which_only_the_full_disk_dropped_something_is_good() -> None:
    assert broken(GOOD) == []


@pytest.mark.parametrize(
    "figures",
    [
        {"lost": 1},
        {"duplicated": 1},
        {"misdated": 1},
        {"dropped_uncounted": 1},
        {"ledger_differs_by": 1},
        {"latest_wrong": 1},
        {"latest_ahead": 1},
        {"dead_letters": {"future": 1}},
        {"events": EVENTS | {"lost": 1}},
        {"events": EVENTS | {"duplicated": 1}},
        {"events": EVENTS | {"false_alarms": 1}},
        {"produced": 0},
        {"events": EVENTS | {"produced": 0}},
    ],
    ids=str,
)
def test_anything_else_is_named(figures: dict[str, Any]) -> None:
    assert len(broken(GOOD | figures)) == 1


def test_a_gateway_is_empty_when_it_said_so_after_the_devices_stopped() -> None:
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    account = {"at": "2026-03-01T12:00:00Z", "streams": {"telemetry": {"queued": 0}, "event": {"queued": 0}}}
    assert is_empty(account, since=at - timedelta(seconds=1))
    assert not is_empty(account, since=at)
    assert not is_empty(account | {"streams": {"telemetry": {"queued": 1}}}, since=at - timedelta(seconds=1))
    assert not is_empty({}, since=at)


ACCOUNT = {
    "streams": {
        "telemetry": {"committed": 90, "dropped": {"disk_full": 7, "too_old": 1}},
        "event": {"committed": 10, "dropped": {"disk_full": 2}},
    }
}


def test_drops_are_added_up_by_reason_over_all_streams() -> None:
    assert dropped_by_reason(ACCOUNT) == {"disk_full": 9, "too_old": 1}
    assert dropped_by_reason({}) == {}


def test_gateway_and_ledger_must_agree_in_every_stream() -> None:
    assert ledger_differs_by(ACCOUNT, {"telemetry": 90, "event": 10}) == 0
    assert ledger_differs_by(ACCOUNT, {"telemetry": 91, "event": 9}) == 2
    assert ledger_differs_by(ACCOUNT, {"telemetry": 90}) == 10
    assert ledger_differs_by({}, {}) == 0
