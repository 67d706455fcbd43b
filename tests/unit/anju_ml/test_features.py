import json
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anju_ml.features import Features, compute_features
from anju_ml.grid import counter_rates, daily_grids, ordered
from anju_ml.history import ASSETS, COMPLAINTS, EVENTS, REPAIRS, History, empty
from anju_ml.layout import PEERS_AT_LEAST, Layout, learn_layout
from anju_ml.peers import peer_medians
from anju_ml.state import _layout
from anju_ml.windows import Sums, days_since, quartiles

DAY = timedelta(days=1)
EMPTY = History(empty(ASSETS), (), empty(EVENTS), empty(REPAIRS), empty(COMPLAINTS))


def features_at(history: History, as_of: datetime, kind: str = "pump", layout: Layout | None = None) -> Features:
    known = history.known_at(as_of).tidy()
    grid = daily_grids(known, anchor=as_of)[kind]
    found = layout or learn_layout(known, grid, origin=grid.days)
    return compute_features(known, grid, found, np.array([grid.days]))


def same(left: Features, right: Features) -> bool:
    return np.array_equal(left.common, right.common, equal_nan=True) and all(
        np.array_equal(left.own[name], right.own[name], equal_nan=True) for name in left.own
    )


@pytest.fixture(scope="module")
def layout(fleet: History, as_of: datetime) -> Layout:
    known = fleet.known_at(as_of).tidy()
    grid = daily_grids(known, anchor=as_of)["pump"]
    return learn_layout(known, grid, origin=grid.days)


@pytest.mark.parametrize("days", [40, 113, 200])
def test_cutting_the_future_off_changes_no_feature(fleet: History, as_of: datetime, layout: Layout, days: int) -> None:
    moment = fleet.events["ts"].min()
    assert isinstance(moment, datetime)
    grid = daily_grids(fleet, anchor=as_of)["pump"]
    whole = compute_features(fleet, grid, layout, np.array([days]))
    short = features_at(fleet, grid.time_of(days), layout=layout)
    assert same(whole, short)


@pytest.fixture(scope="module")
def driven(fleet: History) -> History:
    """The fleet with a speed that somebody sets anew each day at every pump, and a flow and amperes that follow it."""
    rng = np.random.default_rng(3)
    pumps, gates = fleet.readings
    day = pumps.select("asset_id", pl.col("ts").dt.date().alias("day")).unique(maintain_order=True)
    speeds = day.with_columns(pl.Series("speed", 50 + rng.normal(0, 8, len(day))))
    with_day = pumps.with_columns(pl.col("ts").dt.date().alias("day")).join(speeds, on=["asset_id", "day"], how="left")
    followers = [
        (times * pl.col("speed") + pl.Series("noise", rng.normal(0, noise, len(pumps)))).alias(name)
        for name, times, noise in (("flow", 3.0, 4.0), ("amps", 0.1, 0.1))
    ]
    return replace(fleet, readings=(with_day.drop("day").with_columns(followers), gates))


def test_a_flow_that_follows_a_speed_stands_out_only_where_the_speed_does_not_explain_it(
    driven: History, as_of: datetime
) -> None:
    late = (pl.col("asset_id") == "pump-03") & (pl.col("ts") >= as_of - 7 * DAY)
    pumps, gates = driven.readings
    faster = pumps.with_columns(
        pl.when(late).then(pl.col(name) + by).otherwise(pl.col(name)).alias(name)
        for name, by in (("speed", 12.0), ("flow", 36.0))
    )
    leaking = pumps.with_columns(pl.when(late).then(pl.col("flow") - 36.0).otherwise(pl.col("flow")).alias("flow"))
    apart = []
    for frame in (faster, leaking):
        found = features_at(replace(driven, readings=(frame, gates)), as_of)
        row = found.assets.index("pump-03")
        apart.append([abs(found.common[row, 0, found.names.index(f"{name}:apart7")]) for name in ("speed", "flow")])
    (speed, explained), (usual, unexplained) = apart
    assert speed > usual
    assert explained < 10
    assert unexplained > 25


def test_the_load_survives_the_artifact_and_knows_no_future(driven: History, as_of: datetime) -> None:
    known = driven.known_at(as_of).tidy()
    grid = daily_grids(known, anchor=as_of)["pump"]
    layout = learn_layout(known, grid, origin=grid.days)
    assert layout.load.follows
    assert _layout(json.dumps(asdict(layout))) == layout
    whole = compute_features(known, grid, layout, np.array([150]))
    assert same(whole, features_at(known, grid.time_of(150), layout=layout))


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 1000))
def test_duplicated_and_shuffled_input_changes_nothing(
    fleet: History, as_of: datetime, layout: Layout, seed: int
) -> None:
    def stir(frame: pl.DataFrame) -> pl.DataFrame:
        return pl.concat([frame, frame.sample(fraction=0.3, seed=seed)]).sample(fraction=1, shuffle=True, seed=seed)

    stirred = History(
        assets=stir(fleet.assets),
        readings=tuple(stir(frame) for frame in fleet.readings),
        events=stir(fleet.events),
        repairs=stir(fleet.repairs),
        complaints=stir(fleet.complaints),
    )
    assert same(features_at(fleet, as_of, layout=layout), features_at(stirred, as_of, layout=layout))


def test_readings_that_come_late_in_another_file_change_nothing(
    fleet: History, as_of: datetime, layout: Layout
) -> None:
    first, second = fleet.readings
    late = replace(fleet, readings=(first[::2], second, first[1::2]))
    assert same(features_at(fleet, as_of, layout=layout), features_at(late, as_of, layout=layout))


def test_a_layout_knows_counters_by_their_behaviour_and_the_one_that_tells_use(layout: Layout) -> None:
    assert layout.counters == ("strokes",)
    assert layout.usage == "strokes"
    assert layout.gauges == ("heat", "leak_ml")
    assert layout.codes == ("P7",)
    assert layout.components == ("fan", "seal")


def test_a_reset_of_a_counter_is_no_negative_use_and_a_gap_makes_no_jump(fleet: History, as_of: datetime) -> None:
    asset = fleet.readings[0]["asset_id"][0]
    moments = pl.datetime_range(as_of - 20 * DAY, as_of - DAY / 24, "1h", time_zone="UTC", eager=True).cast(
        pl.Datetime("us", "UTC")
    )
    counts = pl.int_range(0, len(moments), eager=True).cast(pl.Float64) * 2
    frame = pl.DataFrame({"asset_id": asset, "ts": moments, "hits": counts})
    gap = (frame["ts"] >= as_of - 12 * DAY) & (frame["ts"] < as_of - 9 * DAY)
    reset = frame.with_columns(
        pl.when(pl.col("ts") >= as_of - 4 * DAY).then(pl.col("hits") - 700).otherwise("hits").alias("hits")
    )
    grid = daily_grids(replace(fleet, readings=(reset.filter(~gap),)), anchor=as_of)["pump"]
    rates = counter_rates(grid, ["hits"])[list(grid.assets).index(asset), :, 0]
    present = rates[~np.isnan(rates)]
    assert np.allclose(present, 48.0)
    assert len(present) == 20 - 1 - 3 - 1


def test_a_point_that_no_longer_comes_is_a_gap_and_a_new_one_is_left_out(
    fleet: History, as_of: datetime, layout: Layout
) -> None:
    changed = fleet.readings[0].rename({"heat": "warmth"})
    found = features_at(replace(fleet, readings=(changed, fleet.readings[1])), as_of, layout=layout)
    usual = features_at(fleet, as_of, layout=layout)
    assert found.names == usual.names
    assert np.isnan(found.common[:, 0, found.names.index("heat:level3")]).all()


def test_wear_stands_out_from_an_assets_own_past_and_from_its_peers(fleet: History, as_of: datetime) -> None:
    asset = fleet.assets.filter(pl.col("kind") == "pump")["asset_id"][3]
    worn = fleet.readings[0].with_columns(
        pl.when((pl.col("asset_id") == asset) & (pl.col("ts") >= as_of - 5 * DAY))
        .then(pl.col("heat") + 30)
        .otherwise("heat")
        .alias("heat")
    )
    found = features_at(replace(fleet, readings=(worn, fleet.readings[1])), as_of)
    place = list(found.assets).index(asset)
    for name in ("heat:z3", "heat:peer7", "heat:change"):
        column = found.common[:, 0, found.names.index(name)]
        assert np.nanargmax(column) == place
        assert column[place] > 5


def test_wear_over_the_whole_record_stands_out_from_its_first_weeks_until_a_repair_begins_anew(
    fleet: History, as_of: datetime
) -> None:
    repaired = set(fleet.repairs.filter(pl.col("component") == "fan")["asset_id"])
    pumps = fleet.assets.filter(pl.col("kind") == "pump")["asset_id"].to_list()
    worn = next(name for name in pumps if name not in repaired)
    since_start = (pl.col("ts") - fleet.readings[0]["ts"].min()).dt.total_days()
    rising = fleet.readings[0].with_columns(
        pl.when(pl.col("asset_id") == worn).then(pl.col("heat") + since_start / 10).otherwise("heat").alias("heat")
    )
    found = features_at(replace(fleet, readings=(rising, fleet.readings[1])), as_of)
    first, fresh = (found.own["fan"][:, 0, found.own_names.index(f"heat:{name}")] for name in ("first", "fresh"))
    place = list(found.assets).index(worn)
    assert np.nanargmax(first) == place
    assert first[place] > 20
    assert np.isnan(fresh[place])
    known = ~np.isnan(fresh)
    assert known.any()
    assert np.array_equal(first[known], fresh[known])


def test_a_season_common_to_all_peers_is_no_deviation(make_fleet: Callable[..., Any], as_of: datetime) -> None:
    history = make_fleet(pumps=10, gates=0, days=200, every_h=12).build()
    hotter = history.readings[0].with_columns(
        pl.when(pl.col("ts") >= as_of - 40 * DAY).then(pl.col("heat") + 15).otherwise("heat").alias("heat")
    )
    found = features_at(replace(history, readings=(hotter,)), as_of - 25 * DAY)
    assert np.nanmax(np.abs(found.common[:, 0, found.names.index("heat:z7")])) < 5


def test_counts_first_appearances_and_time_since_are_exact(fleet: History, as_of: datetime) -> None:
    found = features_at(fleet, as_of)
    for row, asset in enumerate(found.assets[:5]):
        own = fleet.events.filter((pl.col("asset_id") == asset) & (pl.col("ts") < as_of))
        week = own.filter(pl.col("ts") >= as_of - 7 * DAY)
        assert found.common[row, 0, found.names.index("event P7:7d")] == len(week)
        last = own["ts"].max()
        if isinstance(last, datetime):
            assert found.common[row, 0, found.names.index("event P7:since")] == (as_of - last - DAY / 86400e6) // DAY


def test_two_rows_of_one_moment_become_their_mean() -> None:
    moment = datetime(2024, 1, 1)  # noqa: DTZ001
    frame = pl.DataFrame({"asset_id": ["a", "a"], "ts": [moment, moment], "x": [1.0, 3.0]})
    assert ordered(frame)["x"].to_list() == [2.0]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.one_of(st.just(np.nan), st.floats(-100, 100, width=32)), min_size=30, max_size=60),
    st.integers(20, 29),
)
def test_running_sums_agree_with_numpy(values: list[float], origin: int) -> None:
    array = np.array(values)[None, :, None]
    window = np.array(values[origin - 14 : origin])
    present = window[~np.isnan(window)]
    sums, at = Sums(array), np.array([origin])
    mean, spread = sums.mean(at, 14)[0, 0, 0], sums.spread(at, 14)[0, 0, 0]
    assert np.isnan(mean) if not len(present) else np.isclose(mean, present.mean(), atol=1e-6)
    assert np.isnan(spread) if len(present) < 3 else np.isclose(spread, present.std(), atol=1e-4)
    slope = sums.slope(at, 14)[0, 0, 0]
    if len(present) >= 5:
        days = np.arange(14)[~np.isnan(window)]
        if days.var() > 0.5:
            assert np.isclose(slope, np.polyfit(days, present, 1)[0], atol=1e-4)
    else:
        assert np.isnan(slope)


def test_quartiles_need_days_enough() -> None:
    values = np.arange(40, dtype=np.float32)[None, :, None]
    middle, spread = quartiles(values, np.array([5, 40]), 20, 0, at_least=10)
    assert np.isnan(middle[0, 0, 0])
    assert middle[0, 1, 0] == 29.5
    assert np.isclose(spread[0, 1, 0], 9.5 / 1.349)


def test_days_since_counts_from_the_last_day_with_a_count() -> None:
    counts = np.array([0, 1, 0, 0, 2])[None, :, None]
    assert np.array_equal(days_since(counts, np.arange(6))[0, :, 0], [np.nan, np.nan, 0, 1, 2, 0], equal_nan=True)


def test_assets_that_were_never_heard_of_get_the_same_columns(
    fleet: History, as_of: datetime, layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = features_at(fleet, as_of, layout=layout)
    loud = whole.assets[:2]
    mute = replace(fleet, readings=tuple(frame.filter(pl.col("asset_id").is_in(loud)) for frame in fleet.readings))
    monkeypatch.setattr("anju_ml.features.ASSETS_AT_ONCE", 2)
    for history in (mute, replace(fleet, readings=())):
        found = features_at(history, as_of, layout=layout)
        assert found.names == whole.names
        assert found.common.shape == whole.common.shape
        assert np.isnan(found.common[2:, 0, found.names.index("missing:since")]).all()


def test_how_many_assets_are_described_at_once_changes_nothing(
    fleet: History, as_of: datetime, layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = features_at(fleet, as_of, layout=layout)
    for module in ("features", "layout"):
        monkeypatch.setattr(f"anju_ml.{module}.ASSETS_AT_ONCE", 3)
    assert same(whole, features_at(fleet, as_of, layout=layout))


def test_a_day_of_one_reading_is_told_like_a_day_of_several(as_of: datetime) -> None:
    rng = np.random.default_rng(1)
    days = pl.Series([as_of - DAY * (30 - day) for day in range(30)], dtype=pl.Datetime("us", "UTC"))
    values = pl.Series(rng.normal(size=60)).set(pl.Series(rng.random(60) < 0.3), None)
    single = pl.DataFrame({"asset_id": ["a"] * 30 + ["b"] * 30, "ts": pl.concat([days, days]), "x": values})
    twice = pl.concat([single, single.with_columns(pl.col("ts") + timedelta(hours=2))])
    assets = pl.DataFrame({"asset_id": ["a", "b"], "kind": "pump", "model": ""})
    one, two = (
        daily_grids(replace(EMPTY, assets=assets, readings=(frame,)), anchor=as_of)["pump"] for frame in (single, twice)
    )
    assert one.rows.sum() == 60
    assert two.rows.sum() == 120
    for name in ("mid", "high", "low", "last"):
        assert np.array_equal(getattr(one, name), getattr(two, name), equal_nan=True)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 12))
def test_what_peers_show_is_their_median(seed: int, assets: int) -> None:
    rng = np.random.default_rng(seed)
    by_day = rng.normal(size=(4, 2, assets)).astype(np.float32)
    by_day[rng.random(by_day.shape) < 0.3] = np.nan
    found = peer_medians(by_day, np.array([True, False]))
    for day, [median] in zip(by_day, found, strict=True):
        present = day[0][~np.isnan(day[0])]
        assert np.isnan(median) if len(present) < PEERS_AT_LEAST else median == np.float32(np.median(present))
