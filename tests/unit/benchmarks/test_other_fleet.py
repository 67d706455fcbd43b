import ast
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from anju_ml.failures import find_failures
from anju_ml.history import read_history
from anju_ml.truth import modes, read_truth
from benchmarks import other_fleet, other_kinds, other_records, other_wear
from benchmarks.other_fleet import write_fleet
from benchmarks.other_wear import SHOWS_FROM


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A history of 100 machines over 300 days, its truth beside it."""
    out = tmp_path_factory.mktemp("other")
    write_fleet(out / "history", count=100, days=300, seed=3).write_csv(out / "truth.csv")
    return out


def test_every_row_is_in_the_import_format(folder: Path) -> None:
    history, report = read_history(folder / "history")
    assert report.refused == ()
    assert set(history.assets["kind"].unique()) == {"elevator", "gate", "hydrometer", "wattmeter"}
    assert len(history.readings) == 4


def test_about_a_quarter_of_failures_gives_no_warning(folder: Path) -> None:
    history, _ = read_history(folder / "history")
    told = modes(find_failures(history), read_truth(folder / "truth.csv"))
    assert len(told) > 80
    share = told.filter(pl.col("mode") == "sudden").height / told["mode"].count()
    assert 0.15 < share < 0.35
    assert told.filter(pl.col("mode") == "sudden")["detectable_from"].null_count() == round(
        share * told["mode"].count()
    )


def test_the_same_seed_gives_the_same_machines_whatever_their_number(folder: Path, tmp_path: Path) -> None:
    write_fleet(tmp_path, count=5, days=300, seed=3)
    few, many = read_history(tmp_path)[0], read_history(folder / "history")[0]
    first = few.assets["asset_id"].to_list()
    for name in ("assets", "events", "repairs", "complaints"):
        assert getattr(few, name).equals(getattr(many, name).filter(pl.col("asset_id").is_in(first)))


def test_wear_moves_what_it_says_it_moves(folder: Path) -> None:
    """A door drive near its end takes longer than the same drive when new."""
    truth = read_truth(folder / "truth.csv")
    worn = truth.filter((pl.col("component") == "leaf_drive") & (pl.col("mode") == "gamma")).drop_nulls("ended_at")
    readings = pl.read_parquet(folder / "history" / "readings-elevator.parquet")
    ratios = []
    for row in worn.iter_rows(named=True):
        own = readings.filter(pl.col("asset_id") == row["asset_id"])
        late = own.filter(pl.col("ts").is_between(row["detectable_from"], row["ended_at"]))["leaf_travel_s"].median()
        early = own.filter(pl.col("ts") < row["detectable_from"])["leaf_travel_s"].median()
        if late and early:
            ratios.append(late / early)
    assert len(ratios) > 3
    assert np.median(ratios) > 1 + 0.3 * SHOWS_FROM


@pytest.mark.parametrize("without", ["readings", "events"])
def test_a_table_can_be_left_out(tmp_path: Path, without: str) -> None:
    write_fleet(tmp_path, count=5, days=60, seed=1, without=without)
    history, _ = read_history(tmp_path)
    assert bool(history.readings) == (without != "readings")
    assert history.events.is_empty() == (without == "events")


def test_nothing_of_the_simulators_is_in_it() -> None:
    for module in (other_fleet, other_kinds, other_records, other_wear):
        tree = ast.parse(Path(module.__file__ or "").read_text())
        names = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not any(name.startswith("anju") for name in names)
