"""What is known at a moment stays the same whatever is recorded later."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from anju_ml.dataset import Outcomes, outcomes
from anju_ml.failures import find_failures
from anju_ml.grid import daily_grids
from anju_ml.history import History
from anju_ml.service import judgeable

KNOWN_DAYS = 120
AFTER_KNOWN = 140


def silent(history: History, since: float, until: float) -> History:
    """pump-00 says nothing from day to day."""
    start = history.span()[0]
    gap = (pl.col("asset_id") == "pump-00") & pl.col("ts").is_between(
        start + timedelta(days=since), start + timedelta(days=until)
    )
    return replace(history, readings=tuple(frame.filter(~gap) for frame in history.readings)).tidy()


def told(history: History, *, reaches_past: bool) -> tuple[Outcomes, Any]:
    """Outcomes of `seal` as known on day KNOWN_DAYS, and what can be judged, on a grid that goes on or ends there."""
    end = history.span()[0] + timedelta(days=KNOWN_DAYS)
    known = history.known_at(end).tidy()
    grid = daily_grids(history if reaches_past else known, anchor=history.span()[1] if reaches_past else end)["pump"]
    origins = np.arange(10, KNOWN_DAYS)
    found = outcomes(known, find_failures(known), grid, "seal", origins, end=end)
    return found, judgeable(known, grid, "seal", origins)


@pytest.mark.parametrize(("since", "until"), [(80, AFTER_KNOWN), (-1, AFTER_KNOWN)])
def test_an_asset_that_is_heard_again_later_was_silent_all_the_same(
    make_fleet: Callable[..., Any], since: float, until: float
) -> None:
    history = silent(make_fleet(pumps=4, gates=0, days=160, every_h=24).build(), since, until)
    whole, can_whole = told(history, reaches_past=True)
    cut, can_cut = told(history, reaches_past=False)
    np.testing.assert_array_equal(can_whole, can_cut)
    for name in ("fails_in", "known_for", "worn_in", "observed"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(cut, name))


def critical(history: History, days: list[float]) -> History:
    """pump-00 raises a critical code of the vendor's on such days."""
    start = history.span()[0]
    rows = pl.DataFrame(
        {
            "asset_id": "pump-00",
            "ts": [start + timedelta(days=day) for day in days],
            "code": "V77",
            "severity": "critical",
            "state": "momentary",
        },
        {name: history.events.schema[name] for name in ("asset_id", "ts", "code", "severity", "state")},
    )
    return replace(history, events=pl.concat([history.events, rows], how="diagonal")).tidy()


def complained(history: History, days: list[float]) -> History:
    start = history.span()[0]
    times = [start + timedelta(days=day) for day in days]
    rows = pl.DataFrame({"asset_id": "pump-00", "ts": times, "category": "noise"}, history.complaints.schema)
    return replace(history, complaints=pl.concat([history.complaints, rows])).tidy()


@pytest.mark.parametrize("reported", [critical, complained])
def test_for_two_days_after_a_report_nothing_new_is_foreseen(
    make_fleet: Callable[..., Any], reported: Callable[[History, list[float]], History]
) -> None:
    history = make_fleet(pumps=8, gates=0, days=160, every_h=24).build()
    at = history.span()[0] + timedelta(days=60.5)
    anchor = history.span()[1]
    grid = daily_grids(history, anchor=anchor)["pump"]
    origins = np.arange(10, KNOWN_DAYS)
    before = judgeable(history, grid, "seal", origins)
    after = judgeable(reported(history, [60.5]), grid, "seal", origins)
    soon = np.array([timedelta() < grid.time_of(int(origin)) - at <= timedelta(days=2) for origin in origins])
    assert before[0, soon].all()
    assert soon.sum() == 2
    assert not after[0, soon].any()
    np.testing.assert_array_equal(before[:, ~soon], after[:, ~soon])
    np.testing.assert_array_equal(before[1:], after[1:])


def test_reports_that_never_stop_tell_of_no_failure_under_way(make_fleet: Callable[..., Any]) -> None:
    history = make_fleet(pumps=4, gates=0, days=160, every_h=24).build()
    _, before = told(history, reaches_past=False)
    _, after = told(critical(history, [day + 0.5 for day in range(160)]), reaches_past=False)
    np.testing.assert_array_equal(before[:, 40:], after[:, 40:])


def test_reports_to_come_change_nothing_before_them(make_fleet: Callable[..., Any]) -> None:
    history = complained(make_fleet(pumps=8, gates=0, days=160, every_h=24).build(), [60.5])
    many = complained(history, [day + 0.25 for day in range(122, 159)])
    grid = daily_grids(history, anchor=history.span()[1])["pump"]
    origins = np.arange(10, KNOWN_DAYS)
    np.testing.assert_array_equal(judgeable(history, grid, "seal", origins), judgeable(many, grid, "seal", origins))
