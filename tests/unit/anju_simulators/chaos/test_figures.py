"""What makes a run a bad one."""

from typing import Any

import pytest

from anju_simulators.chaos.report import broken

EVENTS = {"produced": 10, "stored": 10, "lost": 0, "duplicated": 0, "false_alarms": 0}
GOOD: dict[str, Any] = {
    "produced": 100,
    "stored": 98,
    "dropped": 2,
    "lost": 0,
    "duplicated": 0,
    "misdated": 0,
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
