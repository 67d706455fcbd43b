"""Half a minute of faults on real programs: nothing that a device handed over is lost or doubled."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

PROGRAM = Path(sys.executable).with_name("anju-simulate")
SEED = 20
MARK = "ANJU_TEST_MARK"
WITHIN_S = 120.0


@dataclass(frozen=True)
class Run:
    """A small run in a folder of its own. Everything that it starts inherits `mark`."""

    folder: Path
    mark: str

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        size = ("--minutes", "0.35", "--devices", "60", "--seed", str(SEED), "--folder", str(self.folder / "run"))
        return subprocess.Popen(
            [str(PROGRAM), "chaos", *size, *arguments],
            env={**os.environ, MARK: self.mark},
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def processes(self) -> list[psutil.Process]:
        """What the run started and what still runs, itself included."""
        return [process for process in psutil.process_iter() if _mark_of(process) == self.mark]

    def ends(self) -> bool:
        """Whether all of it ends, given time."""
        until_s = time.monotonic() + WITHIN_S
        while self.processes():
            if time.monotonic() > until_s:
                return False
            time.sleep(0.1)
        return True


def _mark_of(process: psutil.Process) -> str | None:
    with suppress(psutil.Error):
        return process.environ().get(MARK)
    return None


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    small = Run(tmp_path, uuid.uuid4().hex)
    yield small
    for process in small.processes():
        with suppress(psutil.Error):
            process.kill()


@pytest.mark.slow
@pytest.mark.mosquitto
@pytest.mark.timeout(240)
def test_after_ten_kills_and_every_other_fault_each_sample_is_stored_once(run: Run) -> None:
    figures_path = run.folder / "chaos.json"
    with run.start("--json", str(figures_path)) as process:
        _, said = process.communicate(timeout=200)
    assert figures_path.exists(), said
    figures = json.loads(figures_path.read_text(encoding="utf-8"))
    assert process.returncode == 0, figures
    assert figures["broken"] == []
    assert f"--seed {SEED} replays" in said
    assert figures["kills_total"] == 10
    assert min(figures["kills"].values()) >= 1
    assert min(figures["network"].values()) >= 1
    assert min(figures[fault] for fault in ("pauses", "full_disks", "clock_jumps")) >= 1
    assert figures["produced"] == figures["stored"] + figures["dropped"] > 5_000
    assert run.ends()


@pytest.mark.slow
@pytest.mark.mosquitto
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_whatever_ends_a_run_ends_everything_that_it_started(run: Run, number: signal.Signals) -> None:
    with run.start() as process:
        await_devices(run, process)
        os.kill(process.pid, number)
        process.communicate(timeout=WITHIN_S)
    assert process.returncode != 0
    assert run.ends(), run.processes()


def await_devices(run: Run, process: "subprocess.Popen[str]") -> None:
    """Until the devices speak: by then everything runs."""
    until_s = time.monotonic() + WITHIN_S
    while not (run.folder / "run" / "monitors-offered.csv").exists():
        assert process.poll() is None
        assert time.monotonic() < until_s, "the devices never spoke"
        time.sleep(0.1)
