"""Expected remaining life: the sum behind it, conditions, and a fleet of engines whose ends are known."""

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from anju_ml import remaining
from anju_ml.backtest import Result
from anju_ml.cli import main
from anju_ml.conditions import learn_conditions, take_off
from anju_ml.grid import Grid
from anju_ml.remaining import Expected, left
from anju_ml.remaining_judged import concordance, judge, penalty

START = datetime(2024, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
EDGES = (1.0, 7.0, 30.0, 100.0)


def steady(a_day: float) -> np.ndarray:
    """Hazards by interval of a component that fails at one rate whatever its age."""
    widths = np.diff([0.0, *EDGES])
    return (1.0 - np.exp(-a_day * widths))[None, :]


@pytest.mark.parametrize("a_day", [0.002, 0.05, 0.5])
def test_at_a_steady_rate_what_is_left_is_its_inverse(a_day: float) -> None:
    mean, within, median, low, high = left(steady(a_day), EDGES, limit_days=125.0)[0]
    assert mean == pytest.approx(1 / a_day, rel=1e-3)
    assert within == pytest.approx((1 - np.exp(-125 * a_day)) / a_day, rel=1e-6)
    assert median == pytest.approx(np.log(2) / a_day, rel=1e-6)
    assert (low, high) == pytest.approx((-np.log(0.9) / a_day, -np.log(0.1) / a_day), rel=1e-6)


def test_more_hazard_in_any_interval_means_less_life() -> None:
    usual = left(steady(0.01), EDGES, limit_days=125.0)
    for interval in range(len(EDGES)):
        worse = steady(0.01)
        worse[0, interval] += 0.2
        assert (left(worse, EDGES, limit_days=125.0) <= usual + 1e-9).all()


def flights(rng: np.random.Generator, *, engines: int = 12, days: int = 90) -> Grid:
    """`height` changes among three levels from day to day, `heat` follows it and rises in wear, `noise` doesn't."""
    heights = rng.choice([0.0, 20.0, 42.0], (engines, days))
    wear = np.linspace(0.0, 1.0, days)[None, :] * np.ones((engines, 1))
    heat = 500.0 - 6.0 * heights + 3.0 * wear + rng.normal(0, 0.5, heights.shape)
    noise = rng.normal(10.0, 1.0, heights.shape)
    values = np.stack([heat, heights + rng.normal(0, 0.01, heights.shape), noise], axis=2).astype(np.float32)
    names = tuple(f"engine-{number}" for number in range(engines))
    last = values.astype(np.float64)
    ones = np.ones(heights.shape)
    return Grid(
        "engine", names, ("",) * engines, ("heat", "height", "noise"), START, days,
        values, values, values, last, ones, ones.astype(np.int32),
    )  # fmt: skip


def test_what_follows_the_working_condition_is_told_within_it() -> None:
    grid = flights(np.random.default_rng(1))
    found = learn_conditions(grid, origin=60)
    assert found is not None
    assert found.point == "height"
    assert set(found.middle) == {"heat", "height"}
    plain = take_off(grid, found)
    wear = np.linspace(0.0, 1.0, 90)
    raw, steadied = (np.corrcoef(each.mid[:, :, 0].mean(axis=0), wear)[0, 1] for each in (grid, plain))
    assert steadied > 0.9 > raw
    assert np.array_equal(plain.mid[:, :, 2], grid.mid[:, :, 2])


def test_a_state_that_is_entered_once_is_no_condition() -> None:
    grid = flights(np.random.default_rng(2))
    worn = np.where(np.arange(90) < 70, 0.0, 42.0)[None, :] + np.random.default_rng(3).normal(0, 0.01, (12, 90))
    for array in (grid.mid, grid.high, grid.low, grid.last):
        array[:, :, 1] = worn
    assert learn_conditions(grid, origin=90) is None


def write_engines(folder: Path, *, failed: int, running: int) -> tuple[datetime, datetime]:
    """Engines that wear out after 40 to 80 days and show it, and others that were stopped before; a truth file tells
    when they would have failed. Gives the first day after all failures, and the end."""
    rng = np.random.default_rng(5)
    begin, end = START + 200 * DAY, START + 280 * DAY
    rows, repairs, truth, assets = [], [], [], []
    for number in range(failed + running):
        name, life = f"e{number:03}", int(rng.integers(40, 80))
        seen = life if number < failed else int(rng.integers(20, life))
        start = START + int(rng.integers(0, 110)) * DAY if number < failed else end - seen * DAY
        assets.append({"asset_id": name, "kind": "engine", "model": "", "installed_on": start.date()})
        for day in range(seen):
            shown = 20.0 + 10.0 * (day / life) ** 2 + rng.normal(0, 0.4)
            rows.append({"asset_id": name, "ts": start + day * DAY + DAY / 2, "heat": shown, "hum": rng.normal()})
        if number < failed:
            repairs.append({"asset_id": name, "opened_at": start + (life - 0.25) * DAY, "component": "core"})
        else:
            ended = end + (life - seen) * DAY
            truth.append({"asset_id": name, "component": "core", "began_at": start, "ended_at": ended})
    folder.mkdir()
    shape = "%Y-%m-%dT%H:%M:%SZ"
    for table, found in (("assets", assets), ("readings", rows), ("repairs", repairs)):
        pl.DataFrame(found).write_csv(folder / f"{table}.csv", datetime_format=shape)
    pl.DataFrame(truth).write_csv(folder.with_name("truth.csv"), datetime_format=shape)
    return begin, end


def test_engines_are_told_how_long_they_last_far_better_than_by_their_average(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remaining, "ROWS", 700)
    monkeypatch.setattr(remaining, "ROUNDS", 50)
    begin, end = write_engines(tmp_path / "history", failed=25, running=20)
    files = ["--out", str(tmp_path / "left.csv"), "--json", str(tmp_path / "report.json")]
    files += ["--truth", str(tmp_path / "truth.csv")]
    options = ["--history", str(tmp_path / "history"), "--from", f"{begin:%Y-%m-%d}", "--limit", "40d"]
    result = CliRunner().invoke(main, ["remaining", *options, *files])
    assert result.exit_code == 0, result.output
    assert "root mean square error" in result.output
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    with (tmp_path / "left.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 20 == report["by_truth"]["rmse"]["of"]
    assert {row["as_of"] for row in rows} == {f"{end:%Y-%m-%dT%H:%M:%S}Z"}
    ended = pl.read_csv(tmp_path / "truth.csv", try_parse_dates=True)["ended_at"]
    true = np.array([(each - end) / DAY for each in ended])
    assert report["by_truth"]["rmse"]["value"] < 0.75 * true.std()
    assert report["by_truth"]["within_limit_rmse"]["value"] < 0.75 * np.minimum(true, 40.0).std()
    for row in rows:
        assert float(row["low"]) <= float(row["median"]) <= float(row["high"])


def expected(asset: str, days: float) -> Expected:
    return Expected(asset, "engine", "core", START, days, min(days, 125.0), days, days / 2, days * 2)


def test_figures_are_what_their_names_say() -> None:
    told = [expected("a", 10.0), expected("b", 200.0), expected("c", 30.0)]
    found = judge(told, {("a", "core"): 14.0, ("b", "core"): 197.0}, limit_days=125.0, seed=0)
    assert found["rmse"]["value"] == pytest.approx(np.sqrt((16 + 9) / 2), abs=1e-3)
    assert found["mae"]["value"] == 3.5
    assert found["bias"]["value"] == -0.5
    assert found["within_limit_rmse"]["value"] == pytest.approx(np.sqrt(16 / 2), abs=1e-3)
    assert found["within_80"] == {"value": 1.0, "low": 1.0, "high": 1.0, "of": 2}
    assert penalty(np.array([-13.0, 0.0, 10.0])) == pytest.approx([np.e - 1, 0.0, np.e - 1])
    assert judge(told, {}, limit_days=125.0, seed=0)["rmse"]["value"] is None


def test_concordance_counts_who_was_said_to_fail_first() -> None:
    told = [expected("a", 10.0), expected("b", 20.0), expected("c", 15.0)]
    found = concordance(told, {("a", "core"): 5.0, ("b", "core"): 8.0}, watched=30.0)
    assert found == {"concordance": round(2 / 3, 3), "pairs": 3, "failures": 2}
    assert concordance(told, {}, watched=30.0)["concordance"] is None


def test_a_backtest_tells_remaining_life_beside_its_tickets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remaining, "ROWS", 300)
    monkeypatch.setattr(remaining, "ROUNDS", 10)
    monkeypatch.setattr("anju_ml.cli.run_backtest", lambda *_, **__: Result([], {}))
    monkeypatch.setattr("anju_ml.cli.print_report", lambda *_: None)
    begin, _ = write_engines(tmp_path / "history", failed=15, running=6)
    files = ["--remaining", str(tmp_path / "left.csv"), "--json", str(tmp_path / "report.json")]
    options = ["--history", str(tmp_path / "history"), "--from", f"{begin - 60 * DAY:%Y-%m-%d}"]
    result = CliRunner().invoke(main, ["backtest", *options, *files])
    assert result.exit_code == 0, result.output
    assert "expected remaining life: 6 components" in result.output
    found = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["remaining_life"]
    assert found["order"]["pairs"] > 0
    assert 0.5 < found["order"]["concordance"] <= 1.0
    assert len((tmp_path / "left.csv").read_text(encoding="utf-8").splitlines()) == 1 + found["expected"]


def test_a_record_that_is_too_poor_says_so(tmp_path: Path) -> None:
    write_engines(tmp_path / "history", failed=5, running=3)
    result = CliRunner().invoke(main, ["remaining", "--history", str(tmp_path / "history")])
    assert result.exit_code == 0
    assert "Too poor to predict from: 5 failures" in result.output
    late = CliRunner().invoke(main, ["remaining", "--history", str(tmp_path / "history"), "--from", "2030-01-01"])
    assert "the last record is of" in late.output
