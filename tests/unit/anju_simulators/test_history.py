"""`anju-simulate history`: the folder is in the import format, says what the world said, and hides what it must."""

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from anju_simulators.cli import main
from anju_simulators.history import write_history
from anju_simulators.scenario import Scenario
from anju_simulators.world import World

START = datetime(2024, 5, 1, tzinfo=UTC)
SCENARIO = Scenario(seed=6, start=START, lifts=2, doors=2, electric_meters=2, water_meters=1)
COLUMNS = {
    "assets": ["asset_id", "kind", "model", "installed_on"],
    "readings": ["asset_id", "ts"],
    "events": ["asset_id", "ts", "code", "severity", "state"],
    "repairs": [
        "asset_id",
        "opened_at",
        "closed_at",
        "component",
        "action",
        "cause",
        "fault_code",
        "fault_found",
    ],
    "complaints": ["asset_id", "ts", "category"],
}


@pytest.fixture(scope="module")
def world() -> World:
    world = World(SCENARIO)
    world.run(START + timedelta(days=45))
    return world


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_folder_holds_the_five_files_with_their_columns(world: World, tmp_path: Path) -> None:
    summary = write_history(world, tmp_path / "made")
    assert sorted(path.name for path in (tmp_path / "made").iterdir()) == sorted(f"{name}.csv" for name in COLUMNS)
    for name, columns in COLUMNS.items():
        with (tmp_path / "made" / f"{name}.csv").open(encoding="utf-8") as file:
            assert next(csv.reader(file))[: len(columns)] == columns
        assert len(rows(tmp_path / "made" / f"{name}.csv")) == summary.rows[name]


def test_times_are_utc_with_a_z(world: World, tmp_path: Path) -> None:
    write_history(world, tmp_path)
    for name, column in (("readings", "ts"), ("events", "ts"), ("repairs", "opened_at"), ("complaints", "ts")):
        for row in rows(tmp_path / f"{name}.csv")[:50]:
            assert row[column].endswith("Z")
            assert START <= datetime.fromisoformat(row[column]) < world.now


def test_readings_come_back_as_the_world_has_them_and_gaps_are_empty(world: World, tmp_path: Path) -> None:
    write_history(world, tmp_path)
    table = pl.read_csv(tmp_path / "readings.csv", infer_schema_length=None, try_parse_dates=True)
    hours, values = world.hourly("lift-02", START, world.now)
    mine = table.filter(pl.col("asset_id") == "lift-02")
    heard = ~np.all([np.isnan(series) for series in values.values()], axis=0)
    assert mine.height == heard.sum() < len(hours)
    for point, series in values.items():
        written = mine[point].cast(pl.Float64).to_numpy()
        np.testing.assert_array_equal(written, series[heard])
    assert mine["power_w"].null_count() == mine.height


def test_parquet_holds_the_same_as_csv(world: World, tmp_path: Path) -> None:
    write_history(world, tmp_path / "csv")
    write_history(world, tmp_path / "parquet", file_format="parquet")
    for name in COLUMNS:
        text = pl.read_csv(tmp_path / "csv" / f"{name}.csv", infer_schema_length=None, try_parse_dates=True)
        binary = pl.read_parquet(tmp_path / "parquet" / f"{name}.parquet")
        assert text.columns == binary.columns
        assert text.height == binary.height
    readings = pl.read_parquet(tmp_path / "parquet" / "readings.parquet")
    assert readings["ts"].dtype == pl.Datetime("us", "UTC")
    assert readings["trips"].dtype == pl.Float64


def test_nothing_in_the_folder_knows_of_wear(world: World, tmp_path: Path) -> None:
    write_history(world, tmp_path)
    hidden = ("wear", "sudden", "precursor", "detectable", "fails_at", "life")
    for path in tmp_path.iterdir():
        with path.open(encoding="utf-8") as file:
            header = next(file)
        assert not any(word in header for word in hidden), path.name


def test_a_world_of_one_kind_has_only_its_points(tmp_path: Path) -> None:
    world = World(Scenario(seed=6, start=START, lifts=0, doors=0, electric_meters=0, water_meters=2))
    world.run(START + timedelta(days=3))
    write_history(world, tmp_path)
    assert set(rows(tmp_path / "readings.csv")[0]) == {
        "asset_id", "ts", "total_m3", "flow_m3_h", "battery_v", "signal_dbm", "comm_errors", "comm_latency_ms",
    }  # fmt: skip


def run(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["history", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_the_command_writes_folder_truth_and_summary(tmp_path: Path) -> None:
    out, truth, report = tmp_path / "out", tmp_path / "truth.csv", tmp_path / "report.json"
    shown = run(
        "--out", str(out), "--truth", str(truth), "--json", str(report), "--days", "30", "--until", "2025-07-01",
        "--seed", "3", "--lifts", "2", "--doors", "1", "--electric-meters", "0", "--water-meters", "1",
    )  # fmt: skip
    assert "without warning" in shown
    lives = rows(truth)
    assert {"asset_id", "component", "fails_at", "ended_by", "mode"} <= set(lives[0])
    assert {row["asset_id"] for row in lives} == {"lift-01", "lift-02", "door-01", "wm-001"}
    summary = json.loads(report.read_text())
    assert summary["assets"] == {"lift": 2, "door": 1, "electric_meter": 0, "water_meter": 1}
    last = max(row["ts"] for row in rows(out / "readings.csv"))
    assert last == "2025-06-30T23:00:00Z"


def test_the_truth_is_refused_inside_the_history_folder(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["history", "--out", str(tmp_path), "--truth", str(tmp_path / "truth.csv")])
    assert result.exit_code == 2
    assert "outside" in result.output


def test_a_folder_with_a_history_in_the_other_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "readings.parquet").touch()
    result = CliRunner().invoke(main, ["history", "--out", str(tmp_path), "--lifts", "1"])
    assert result.exit_code == 1
    assert "expected a folder without readings.parquet" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["readings.parquet"]


def test_a_scenario_file_is_read_and_a_wrong_one_explained(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text("seed = 5\nlifts = 1\ndoors = 0\nelectric_meters = 0\nwater_meters = 0\nstart = 2025-01-01\n")
    bad.write_text('lifts = "many"\n')
    run("--out", str(tmp_path / "a"), "--scenario", str(good), "--days", "3")
    assert rows(tmp_path / "a" / "assets.csv")[0]["asset_id"] == "lift-01"
    result = CliRunner().invoke(main, ["history", "--out", str(tmp_path / "b"), "--scenario", str(bad)])
    assert result.exit_code == 1
    assert "field lifts: got 'many', expected int" in result.output


def test_the_program_lists_its_commands() -> None:
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    assert "history" in result.output
    assert CliRunner().invoke(main, ["nonsense"]).exit_code == 2
