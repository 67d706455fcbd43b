import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from eventual import eventually

from anju_ml.cli import main
from anju_ml.engine import EngineUnavailableError, Here, dask_engine
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


class Cluster:
    """A scheduler and workers, each a process of its own."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._stack = stack
        self.workers: list[subprocess.Popen[bytes]] = []
        told = folder / "scheduler.json"
        self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(told))
        eventually(told.exists)
        self.address = json.loads(told.read_text(encoding="utf-8"))["address"].removeprefix("tcp://")

    def add_worker(self, *, finds_first: Path | None = None) -> None:
        found = {} if finds_first is None else {"PYTHONPATH": str(finds_first)}
        self.workers.append(self._start("worker", self.address, "--nthreads", "1", "--no-nanny", **found))

    def _start(self, what: str, *args: str, **environment: str) -> subprocess.Popen[bytes]:
        program = [sys.executable, "-m", f"distributed.cli.dask_{what}", "--no-dashboard", *args]
        opened = subprocess.Popen(program, stderr=subprocess.DEVNULL, env={**os.environ, **environment})
        process = self._stack.enter_context(opened)
        self._stack.callback(process.kill)
        return process


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with ExitStack() as stack:
        yield Cluster(tmp_path, stack)


def test_a_cluster_by_address_writes_the_same_bytes_as_this_process(
    folder: Path, tmp_path: Path, cluster: Cluster
) -> None:
    cluster.add_worker()
    assert backtest(folder, tmp_path / "here").exit_code == 0
    result = backtest(folder, tmp_path / "there", "--engine", "dask", "--address", cluster.address)
    assert result.exit_code == 0, result.output
    for name in ("tickets.out", "report.out"):
        assert (tmp_path / "there" / name).read_bytes() == (tmp_path / "here" / name).read_bytes()


def copies_of(shared: Any, engine: Any) -> int:
    """How many workers have it; a cluster soon keeps one copy."""
    return sum(len(workers) for workers in engine._client.who_has([shared.sent()]).values())


@pytest.mark.parametrize("dies", [0, 1])
def test_a_worker_that_dies_is_made_up_for_by_another_and_the_last_one_is_named(cluster: Cluster, dies: int) -> None:
    cluster.add_worker()
    cluster.add_worker()
    with dask_engine(address=cluster.address) as engine:
        eventually(lambda: engine.ahead == 4)
        numbers = engine.share([1, 2, 3])
        eventually(lambda: copies_of(numbers, engine) == 1)
        waits = [engine.submit(time.sleep, 0.2) for _ in range(6)]
        cluster.workers[dies].kill()
        assert [wait.result() for wait in waits] == [None] * 6
        assert engine.submit(sum, numbers).result() == 6
        cluster.workers[1 - dies].kill()
        with pytest.raises(EngineUnavailableError, match="the dask cluster lost a task"):
            engine.submit(sum, numbers).result()


def test_a_scheduler_without_workers_is_named(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anju_ml.engine.CONNECT_WITHIN_S", 2)
    with pytest.raises(EngineUnavailableError, match="has no worker"), dask_engine(address=cluster.address):
        pass


def test_a_worker_with_another_version_is_named(cluster: Cluster, tmp_path: Path) -> None:
    told = tmp_path / "anju_ml-999.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: anju-ml\nVersion: 999\n", encoding="utf-8")
    cluster.add_worker(finds_first=tmp_path)
    with (
        pytest.raises(EngineUnavailableError, match="have anju-ml 999, expected"),
        dask_engine(address=cluster.address),
    ):
        pass


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
