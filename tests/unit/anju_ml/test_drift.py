"""Drift: a model is told apart from the world that has moved on."""

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from anju_ml.drift import compare_counts, find_drift
from anju_ml.history import History
from anju_ml.model import Model

UNTIL_DAYS = 60


def _shifted(history: History, point: str, *, after: datetime, by: float | None) -> History:
    late = pl.col("ts") >= after
    moved = pl.lit(None, pl.Float64) if by is None else pl.col(point) + by
    changed = [
        frame.with_columns(pl.when(late).then(moved).otherwise(pl.col(point)).alias(point))
        if point in frame.columns
        else frame
        for frame in history.readings
    ]
    return replace(history, readings=tuple(changed))


def _failing(history: History, *, after: datetime, cause: str) -> History:
    """Every gate's hinge needed a repair ten days after `after`."""
    opened = pl.lit(after + timedelta(days=12)).dt.cast_time_unit("us")
    gates = history.assets.filter(pl.col("kind") == "gate")
    rows = gates.select(
        "asset_id",
        opened.alias("opened_at"),
        (opened + pl.duration(hours=2)).alias("closed_at"),
        pl.lit("hinge").alias("component"),
        pl.lit("replace").alias("action"),
        pl.lit(cause).alias("cause"),
        pl.lit(None, pl.String).alias("fault_code"),
        pl.lit(True).alias("fault_found"),
    )
    joined = pl.concat([history.repairs, rows.select(history.repairs.columns)], how="vertical_relaxed")
    return replace(history, repairs=joined)


def test_a_fleet_that_goes_on_as_it_was_has_not_drifted(fleet: History, model: Model, as_of: datetime) -> None:
    found = find_drift(model, fleet, until=as_of + timedelta(days=UNTIL_DAYS))
    assert found.en == []
    assert {row["group"] for row in found.calibration} == {"pump", "gate", "all"}
    assert not found.as_json()["drifted"]


def test_a_sensor_that_shifts_on_all_assets_is_told_by_name(fleet: History, model: Model, as_of: datetime) -> None:
    moved = _shifted(fleet, "leak_ml", after=as_of + timedelta(days=20), by=60.0)
    found = find_drift(model, moved, until=as_of + timedelta(days=UNTIL_DAYS))
    pumps = next(row for row in found.inputs if row["kind"] == "pump")
    assert pumps["drifted"]
    assert pumps["sources"] == ["leak_ml"]
    assert any("leak_ml" in line for line in found.en)
    assert any("leak_ml" in line for line in found.zh)


def test_a_sensor_that_falls_silent_on_all_assets_is_told_by_name(
    fleet: History, model: Model, as_of: datetime
) -> None:
    silent = _shifted(fleet, "swing_s", after=as_of + timedelta(days=20), by=None)
    found = find_drift(model, silent, until=as_of + timedelta(days=UNTIL_DAYS))
    gates = next(row for row in found.inputs if row["kind"] == "gate")
    assert "swing_s" in gates["sources"]


def test_failures_that_multiply_are_drift_of_calibration(fleet: History, model: Model, as_of: datetime) -> None:
    for cause in ("corrective", "preventive"):
        failing = _failing(fleet, after=as_of + timedelta(days=28), cause=cause)
        found = find_drift(model, failing, until=as_of + timedelta(days=UNTIL_DAYS))
        gates = next(row for row in found.calibration if row["group"] == "gate")
        assert gates["drifted"], cause
        assert gates["observed"] > gates["high"]
        assert any(line.startswith("gate: ") for line in found.en)


def test_a_model_just_trained_has_no_outcomes_to_be_judged_by(fleet: History, model: Model, as_of: datetime) -> None:
    found = find_drift(model, fleet, until=as_of)
    assert found.calibration == []
    assert not found.drifted


def test_twice_the_expected_failures_are_drift_and_a_few_more_are_not() -> None:
    p = np.full(1000, 0.03)
    assert compare_counts(p, 60, chance=0.001)["drifted"]
    assert compare_counts(p, 8, chance=0.001)["drifted"]
    assert not compare_counts(p, 36, chance=0.001)["drifted"]


def test_of_many_failures_a_sure_but_small_difference_is_no_drift() -> None:
    p = np.full(20_000, 0.05)
    few = compare_counts(p, 1200, chance=0.001)
    assert few["observed"] > few["high"]
    assert not few["drifted"]
    assert compare_counts(p, 1600, chance=0.001)["drifted"]


def test_the_limits_of_chance_are_those_of_the_binomial_where_all_are_alike() -> None:
    """As scipy.stats.binom.ppf([0.0005, 0.9995], 100, 0.1) says."""
    found = compare_counts(np.full(100, 0.1), 10, chance=0.001)
    assert (found["low"], found["high"]) == (2, 21)
