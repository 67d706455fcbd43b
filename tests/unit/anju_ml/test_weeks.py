"""What people are told of a point is what the features have of it."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from anju_ml.grid import Grid, daily_grids
from anju_ml.history import History
from anju_ml.layout import Layout, build_series, learn_layout, one_series
from anju_ml.load import Follower, Load, Range
from anju_ml.weeks import Weeks

DRIVEN = Load("heat", {"heat": Range(40.0, 30.0, 50.0)}, {"leak_ml": Follower("heat", 0.5, 0.01)})


@pytest.fixture
def grid(fleet: History, as_of: datetime) -> Grid:
    return daily_grids(fleet.known_at(as_of).tidy(), anchor=as_of)["pump"]


@pytest.fixture
def layout(fleet: History, as_of: datetime, grid: Grid) -> Layout:
    return learn_layout(fleet.known_at(as_of).tidy(), grid, origin=grid.days)


def test_each_series_by_its_name_is_the_one_that_features_are_made_of(grid: Grid, layout: Layout) -> None:
    two = replace(layout, counters=("strokes", "heat"), usage="strokes", gauges=("leak_ml", "absent"))
    series = build_series(grid, two)
    assert {name.partition("|")[2] for name in series.names} == {"", "high", "low", "swing", "rate", "per_use"}
    for index, name in enumerate(series.names):
        assert np.array_equal(one_series(grid, two, name), series.values[:, :, index], equal_nan=True), name


def test_a_follower_is_told_at_the_usual_load_as_features_see_it(grid: Grid, layout: Layout) -> None:
    driven = replace(layout, load=DRIVEN)
    series = build_series(grid, driven)
    plain = DRIVEN.taken_off(series.values, series.names)[:, :, series.names.index("leak_ml")]
    weeks = Weeks(driven, grid, grid.days)
    assert weeks.at_usual_load("leak_ml")
    assert not weeks.at_usual_load("heat")
    assert np.allclose(weeks.medians("leak_ml")[0], np.nanmedian(plain[:, -7:], axis=1))
    assert not np.allclose(weeks.medians("leak_ml")[0], Weeks(layout, grid, grid.days).medians("leak_ml")[0])


def test_a_follower_whose_load_nobody_reports_is_not_told_and_no_feature_either(grid: Grid, layout: Layout) -> None:
    load = Load("gone", {"gone": Range(0.0, 0.0, 1.0)}, {"leak_ml": Follower("gone", 1.0, 0.0)})
    driven = replace(layout, load=load, gauges=(*layout.gauges, "gone"))
    series = build_series(grid, driven)
    plain = driven.load.taken_off(series.values, series.names)
    assert np.isnan(plain[:, :, series.names.index("leak_ml")]).all()
    assert np.isnan(Weeks(driven, grid, grid.days).medians("leak_ml")[0]).all()
