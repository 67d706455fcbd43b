"""Features under everything that happens to records on their way: whatever order, however often, in whatever form."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anju_ml.features import Features, compute_features
from anju_ml.grid import counter_rates, daily_grids
from anju_ml.hazard import logit
from anju_ml.history import History, read_history
from anju_ml.layout import Layout, learn_layout
from anju_ml.model import Model

DAY = timedelta(days=1)
FEW = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
GAP_LOGITS = 0.9
"""By how much a gap in the readings of a calm asset may raise the log-odds of a failure within 30 days at most."""
CALM = 0.2
"""No component of a calm asset fails within 30 days with this probability or more."""
RENEWED = 30
"""An asset repaired in so many days may rise to UNLIKELY: once silent, nobody knows whether the repair helped."""
UNLIKELY = 0.08
TABLES = ("readings", "events", "repairs", "complaints")


@pytest.fixture(scope="module")
def small(make_fleet: Callable[..., Any]) -> History:
    history: History = make_fleet(pumps=7, gates=0, days=110, every_h=24, life_days=50.0).build()
    return history


@pytest.fixture(scope="module")
def as_of(small: History) -> datetime:
    first = small.readings[0]["ts"].min()
    assert isinstance(first, datetime)
    return first + 100 * DAY


@pytest.fixture(scope="module")
def layout(small: History, as_of: datetime) -> Layout:
    known = small.known_at(as_of).tidy()
    grid = daily_grids(known, anchor=as_of)["pump"]
    return learn_layout(known, grid, origin=grid.days)


def features_at(history: History, moment: datetime, layout: Layout) -> Features:
    known = history.known_at(moment).tidy()
    grid = daily_grids(known, anchor=moment)["pump"]
    return compute_features(known, grid, layout, np.array([grid.days]))


def same(left: Features, right: Features) -> bool:
    """Bit for bit."""
    return np.array_equal(left.common, right.common, equal_nan=True) and all(
        np.array_equal(left.own[name], right.own[name], equal_nan=True) for name in left.own
    )


def changed(history: History, table: str, change: Callable[[pl.DataFrame], pl.DataFrame]) -> History:
    if table == "readings":
        return replace(history, readings=tuple(change(frame) for frame in history.readings))
    return replace(history, **{table: change(getattr(history, table))})


@FEW
@given(back=st.integers(0, 60))
def test_what_is_recorded_later_changes_nothing(small: History, as_of: datetime, layout: Layout, back: int) -> None:
    moment = as_of - back * DAY
    whole = daily_grids(small, anchor=as_of)["pump"]
    there = compute_features(small, whole, layout, np.array([whole.days - back]))
    assert same(there, features_at(small, moment, layout))


@FEW
@given(table=st.sampled_from(TABLES), seed=st.integers(0, 10_000), share=st.floats(0.05, 1.0))
def test_rows_that_come_again_and_in_any_order_change_nothing(
    small: History, as_of: datetime, layout: Layout, *, table: str, seed: int, share: float
) -> None:
    def stirred(frame: pl.DataFrame) -> pl.DataFrame:
        again = frame.sample(fraction=share, seed=seed)
        return pl.concat([again, frame]).sample(fraction=1.0, shuffle=True, seed=seed)

    assert same(features_at(changed(small, table, stirred), as_of, layout), features_at(small, as_of, layout))


@FEW
@given(table=st.sampled_from(TABLES), first=st.integers(1, 60), number=st.integers(1, 60))
def test_rows_that_come_late_change_nothing(
    small: History, as_of: datetime, layout: Layout, *, table: str, first: int, number: int
) -> None:
    def delayed(frame: pl.DataFrame) -> pl.DataFrame:
        return pl.concat([frame[:first], frame[first + number :], frame[first : first + number].reverse()])

    assert same(features_at(changed(small, table, delayed), as_of, layout), features_at(small, as_of, layout))


@FEW
@given(
    resets=st.lists(st.integers(1, 49).map(lambda number: 2 * number), max_size=5),
    units=st.floats(1.0, 50.0, width=32),
    start=st.integers(1, 10**6),
)
def test_a_counter_that_is_reset_goes_on_at_its_rate(
    small: History, as_of: datetime, resets: list[int], units: float, start: int
) -> None:
    """Resets are days apart: from one to the next at once the counter would stand as it stood."""
    counts, value = [], float(start)
    for day in range(100):
        value = units if day in resets else value + units
        counts.append(value)
    name = small.assets["asset_id"][0]
    moments = pl.Series([as_of + (day - 100) * DAY for day in range(100)], dtype=pl.Datetime("us", "UTC"))
    frame = pl.DataFrame({"asset_id": [name] * 100, "ts": moments, "hits": counts})
    grid = daily_grids(replace(small, readings=(frame,)), anchor=as_of)["pump"]
    rates = counter_rates(grid, ["hits"])[list(grid.assets).index(name), :, 0]
    known = rates[~np.isnan(rates)]
    assert np.allclose(known, units, rtol=1e-3)
    assert len(known) >= 99 - len(set(resets))


@pytest.mark.parametrize("pattern", ["%Y-%m-%dT%H:%M:%S%:z", "%Y/%m/%d %H:%M:%S%z", "%Y-%m-%d %H:%M:%S.%3f%:z", "%s"])
@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/St_Johns"])
def test_the_same_moments_in_another_zone_and_form_are_the_same_history(
    small: History, as_of: datetime, layout: Layout, *, tmp_path: Path, pattern: str, zone: str
) -> None:
    for table in ("assets", "events", "repairs", "complaints"):
        written(getattr(small, table), pattern, zone).write_csv(tmp_path / f"{table}.csv")
    written(small.readings[0], pattern, zone).write_csv(tmp_path / "readings.csv")
    history, report = read_history(tmp_path)
    assert report.refused == ()
    assert same(features_at(history, as_of, layout), features_at(whole_seconds(small), as_of, layout))


def written(frame: pl.DataFrame, pattern: str, zone: str) -> pl.DataFrame:
    moments = [name for name, kind in whole(frame).schema.items() if isinstance(kind, pl.Datetime)]
    return whole(frame).with_columns(pl.col(moments).dt.convert_time_zone(zone).dt.strftime(pattern))


def whole(frame: pl.DataFrame) -> pl.DataFrame:
    """Times without fractions of a second, which not every form has."""
    moments = [name for name, kind in frame.schema.items() if isinstance(kind, pl.Datetime)]
    return frame.with_columns(pl.col(moments).dt.truncate("1s"))


def whole_seconds(history: History) -> History:
    for table in TABLES:
        history = changed(history, table, whole)
    return history


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(days=st.integers(1, 12), back=st.integers(0, 3), which=st.integers(0, 5))
def test_a_gap_alone_is_no_signal(fleet: History, model: Model, days: int, back: int, which: int) -> None:
    moment = model.trained_at
    before = {(risk.asset_id, risk.component): risk.p_30d for risk in model.predict(fleet, as_of=moment)}
    late = fleet.repairs.filter(pl.col("closed_at").is_between(moment - RENEWED * DAY, moment))
    renewed = set(late["asset_id"])
    worst = {asset: max(p for key, p in before.items() if key[0] == asset) for asset in {key[0] for key in before}}
    calm = sorted(asset for asset, p in worst.items() if asset.startswith("pump") and p < CALM)
    asset = calm[which % len(calm)]
    last = moment - back * DAY
    gap = (pl.col("asset_id") == asset) & (pl.col("ts") >= last - days * DAY) & (pl.col("ts") < last)
    silent = changed(fleet, "readings", lambda frame: frame.filter(~gap))
    after = {(risk.asset_id, risk.component): risk.p_30d for risk in model.predict(silent, as_of=moment)}
    for key in (key for key in after if key[0] == asset):
        rise = logit(np.array([after[key]])) - logit(np.array([before[key]]))
        unproven = asset in renewed and after[key] < UNLIKELY
        assert unproven or float(rise[0]) < GAP_LOGITS, (key, before[key], after[key])


@pytest.fixture(scope="module")
def mended(small: History, as_of: datetime) -> tuple[str, str, datetime]:
    """A pump, the component repaired, and when the repair was closed: the last one with weeks on both sides."""
    usable = small.repairs.filter(
        pl.col("asset_id").str.starts_with("pump")
        & pl.col("fault_found")
        & pl.col("closed_at").is_between(as_of - 60 * DAY, as_of - 20 * DAY)
    ).sort("closed_at")
    asset, component, closed = usable.select("asset_id", "component", "closed_at").row(-1)
    return str(asset), str(component), closed


@pytest.mark.parametrize("days", [2, 6, 12])
def test_silence_after_a_repair_is_not_filled_with_what_was_before_it(
    small: History, layout: Layout, mended: tuple[str, str, datetime], days: int
) -> None:
    asset, _, closed = mended
    after = (pl.col("asset_id") == asset) & (pl.col("ts") > closed)
    silent = changed(small, "readings", lambda frame: frame.filter(~after))
    recent = [f"{name}:{window}" for name in layout.gauges for window in ("z1", "z3", "z7", "level3", "long", "peer7")]
    assert recent
    for history, unknown in ((small, False), (silent, True)):
        found = features_at(history, closed + days * DAY, layout)
        row = found.common[found.assets.index(asset), 0]
        values = row[[found.names.index(name) for name in recent if name in found.names]]
        assert len(values) >= len(layout.gauges)
        assert np.isnan(values).all() == unknown
        assert np.isnan(values).any() == unknown


def test_a_component_just_repaired_is_held_against_itself_since_then(
    small: History, layout: Layout, mended: tuple[str, str, datetime]
) -> None:
    asset, component, closed = mended
    before = (pl.col("asset_id") == asset) & (pl.col("ts") < closed) & (pl.col("ts") > closed - 5 * DAY)
    points = [pl.when(before).then(pl.col(name) * 3).otherwise(pl.col(name)).alias(name) for name in layout.gauges]
    worse = changed(small, "readings", lambda frame: frame.with_columns(points))
    told = [features_at(history, closed + 5.5 * DAY, layout) for history in (small, worse)]
    fresh = [index for index, name in enumerate(told[0].own_names) if name.endswith(":fresh")]
    plain, raised = (each.own[component][each.assets.index(asset), 0, fresh] for each in told)
    assert not np.isnan(plain).all()
    assert np.array_equal(plain, raised, equal_nan=True)
