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
