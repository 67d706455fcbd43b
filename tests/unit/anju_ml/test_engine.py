import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from anju_ml.cli import main
from anju_ml.engine import Here, dask_engine
from anju_ml.history import History


@pytest.fixture
def folder(make_fleet: Callable[..., Any], write_folder: Callable[[History], Path]) -> Path:
    return write_folder(make_fleet(pumps=8, gates=0, days=125, every_h=24, life_days=40).build())


def passed(*_args: object) -> dict[str, bool]:
    return {"passed": True}


def backtest(folder: Path, out: Path, *options: str) -> Result:
    files = ["--tickets", str(out / "tickets.out"), "--json", str(out / "report.out")]
    out.mkdir()
    return CliRunner().invoke(main, ["backtest", "--history", str(folder), "--from", "2023-04-11", *files, *options])


def test_two_workers_write_the_same_bytes_as_this_process(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anju_ml.walk.SCORED_AT_ONCE", 40)
    monkeypatch.setattr("anju_ml.backtest.shuffled", passed)
    here, there = tmp_path / "here", tmp_path / "there"
    assert backtest(folder, here).exit_code == 0
    result = backtest(folder, there, "--engine", "dask", "--workers", "2")
    assert result.exit_code == 0, result.output
    assert (here / "tickets.out").read_text(encoding="utf-8").count("\n") > 1
    for name in ("tickets.out", "report.out"):
        assert (there / name).read_bytes() == (here / name).read_bytes()


def test_a_task_is_done_when_its_result_is_wanted() -> None:
    done: list[int] = []
    task = Here().submit(done.append, 1)
    assert done == []
    task.result()
    assert done == [1]


def test_without_dask_the_extra_is_named(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    result = backtest(folder, tmp_path / "out", "--engine", "dask")
    assert result.exit_code == 1
    assert "install anju-ml[cluster]" in result.output


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anju_ml.engine.CONNECT_WITHIN_S", 0.2)
    with (
        pytest.raises(Exception, match=r"no dask scheduler answers at 127.0.0.1:9"),
        dask_engine(address="127.0.0.1:9"),
    ):
        pass


def test_workers_without_dask_are_a_mistake(folder: Path, tmp_path: Path) -> None:
    result = backtest(folder, tmp_path / "out", "--workers", "2")
    assert result.exit_code == 2
    assert "--engine dask" in result.output
