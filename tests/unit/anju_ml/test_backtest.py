import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from anju_ml.backtest import default_start
from anju_ml.cli import main
from anju_ml.history import History

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def small_fleet(make_fleet: Callable[..., Any]) -> History:
    history: History = make_fleet(pumps=14, gates=8, days=240, every_h=24).build()
    return history


@pytest.fixture
def run(small_fleet: History, write_folder: Callable[[History], Path], tmp_path: Path) -> Run:
    folder = write_folder(small_fleet)

    def call(*options: str) -> Result:
        files = ["--tickets", str(tmp_path / "out.tickets"), "--json", str(tmp_path / "out.json")]
        return CliRunner().invoke(main, ["backtest", "--history", str(folder), *files, *options])

    return call


def read(tmp_path: Path) -> tuple[list[dict[str, str]], dict[str, Any]]:
    with (tmp_path / "out.tickets").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return rows, json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))


def test_a_backtest_beats_the_baselines_and_writes_what_it_promises(run: Run, tmp_path: Path) -> None:
    (tmp_path / "truth.csv").write_text(
        "asset_id,component,began_at,detectable_from,ended_at,mode\npump-01,seal,2023-01-01T00:00:00Z,,,wear\n"
    )
    page = tmp_path / "report.html"
    result = run("--from", "2023-07-31", "--truth", str(tmp_path / "truth.csv"), "--html", str(page))
    assert result.exit_code == 0, result.output
    assert "leakage self-test: passed" in result.output
    assert "three repairs" in result.output
    tickets, report = read(tmp_path)
    assert list(tickets[0]) == ["asset_id", "component", "opened_at", "expires_at", "probability", "reasons"]
    assert all(row["opened_at"] >= "2023-07-31" for row in tickets)
    assert all(row["reasons"] for row in tickets)
    assert report["overall"]["tickets"] == len(tickets)
    assert report["self_test"]["future_cut"]["passed"]
    check_page(page.read_text(encoding="utf-8"), report)
    assert report["settings"] == {"horizon_days": 30.0, "lead_hours": 24.0, "seed": 0}
    assert set(report["arms"]) == {
        "model",
        "none",
        "calendar",
        "three_repairs",
        "fixed_thresholds",
        "random",
        "oracle",
    }


def test_without_truth_the_model_earns_more_than_every_baseline(run: Run, tmp_path: Path) -> None:
    result = run("--from", "2023-06-25", "--horizon", "30d", "--lead", "24h")
    assert result.exit_code == 0, result.output
    _, report = read(tmp_path)
    model = report["arms"]["model"]["saving"]["value"]
    for name in ("none", "calendar", "three_repairs", "fixed_thresholds", "random"):
        assert model > report["arms"][name]["saving"]["value"]
    assert report["overall"]["precision"]["value"] > 0.4
    assert report["calibration"]["ece"] < 0.15


def test_the_same_seed_gives_the_same_tickets(run: Run, tmp_path: Path) -> None:
    run("--from", "2023-08-15", "--seed", "3")
    first = read(tmp_path)
    run("--from", "2023-08-15", "--seed", "3")
    assert read(tmp_path) == first


@pytest.mark.parametrize(
    ("date", "reason"),
    [("2023-01-20", "45 are needed"), ("2024-06-01", "no day after")],
)
def test_a_folder_that_is_too_poor_gets_an_answer_and_no_tickets(
    run: Run, tmp_path: Path, date: str, reason: str
) -> None:
    result = run("--from", date)
    assert result.exit_code == 0
    assert "Too poor to predict from" in result.output
    tickets, report = read(tmp_path)
    assert tickets == []
    assert (tmp_path / "out.tickets").read_text() == "asset_id,component,opened_at,expires_at,probability,reasons\n"
    assert reason in report["too_poor"]
    assert report["opens_tickets"] is False


def test_a_folder_without_any_time_is_too_poor(tmp_path: Path) -> None:
    (tmp_path / "assets.csv").write_text("asset_id,kind\nx,crane\n")
    (tmp_path / "repairs.csv").write_text("asset_id,opened_at,component\n")
    (tmp_path / "events.csv").write_text("asset_id,ts,code\n")
    result = CliRunner().invoke(main, ["backtest", "--history", str(tmp_path)])
    assert result.exit_code == 0
    assert "no record with a time" in result.output


def test_broken_rows_are_listed_and_the_backtest_goes_on(run: Run, tmp_path: Path) -> None:
    with (tmp_path / "events.csv").open("a") as file:
        file.write("pump-01,someday,P7,minor,raise\n" * 30)
    result = run("--from", "2023-08-15")
    assert result.exit_code == 0, result.output
    assert "ts someday can't be read" in result.output
    assert "more bad rows" in result.output
    assert len(read(tmp_path)[1]["import"]["refused"]) == 30
    stopped = run("--on-bad-row", "stop")
    assert stopped.exit_code == 1
    assert "events.csv:" in stopped.output


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--horizon", "30x"), "expected for example 24h, 30d or 2w"),
        (("--horizon", "0d"), "is no length of time"),
        (("--from", "soon"), "is no date"),
        (("--policy", "nowhere.toml"), "nowhere.toml"),
    ],
)
def test_a_wrong_option_says_what_is_expected(run: Run, options: tuple[str, ...], message: str) -> None:
    result = run(*options)
    assert result.exit_code != 0
    assert message in result.output


def test_the_default_start_is_midnight_after_two_thirds(fleet: History) -> None:
    assert default_start(fleet) == datetime(2023, 7, 6, tzinfo=UTC)


def test_a_policy_file_counts(run: Run, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("least_probability = 1.0\n")
    result = run("--from", "2023-08-15", "--policy", str(policy))
    assert result.exit_code == 0, result.output
    assert "opens no tickets" in result.output
    assert read(tmp_path)[0] == []


def check_page(text: str, report: dict[str, Any]) -> None:
    assert f"{report['overall']['tickets']} tickets, {report['overall']['failures']} failures" in text
    assert all(name.replace("_", " ") in text for name in report["arms"])
    assert text.count("<circle") == len(report["calibration"]["table"])
    hits = round(report["overall"]["recall"]["value"] * report["overall"]["failures"])
    assert sum(row["failures"] for row in report["lead_histogram"]) == hits
    curve = [row["tickets_month"] for row in report["precision_curve"]]
    assert curve == sorted(curve)
    assert "http" not in text


def test_the_page_of_a_poor_history_says_why(make_fleet: Callable[..., Any], write_folder: Any, tmp_path: Path) -> None:
    folder, page = write_folder(make_fleet(pumps=1, gates=0, days=60, every_h=24).build()), tmp_path / "report.html"
    assert CliRunner().invoke(main, ["backtest", "--history", str(folder), "--html", str(page)]).exit_code == 0
    assert "Too poor to predict from" in page.read_text(encoding="utf-8")
