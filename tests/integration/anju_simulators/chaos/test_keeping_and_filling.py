"""Units that are killed come back, and a small disk is really full, on real processes."""

import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from anju_simulators.chaos.disk import Disk, LimitedDisk, small_disk
from anju_simulators.chaos.keeper import Keeper
from anju_simulators.chaos.programs import Program

WITHIN_S = 30.0
WRITER = """
import os, pathlib, sys, time
mark = pathlib.Path(sys.argv[2])
while True:
    try:
        with open(sys.argv[1], "ab") as file:
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
        if mark.is_dir():
            mark.rmdir()
    except OSError:
        mark.mkdir(exist_ok=True)
    time.sleep(0.01)
"""
"""Appends to a file on the disk, and keeps a folder elsewhere for as long as that is refused."""


def wait_for(done: Callable[[], bool]) -> None:
    until_s = time.monotonic() + WITHIN_S
    while not done():
        assert time.monotonic() < until_s, "nothing came of it"
        time.sleep(0.02)


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Keeper]:
    sleeper = Keeper("sleeper", Program(lambda: ["sleep", "1000"], {}, log=tmp_path / "sleeper.log"))
    sleeper.start()
    yield sleeper
    sleeper.stop()
    assert not sleeper.running


def test_what_is_killed_is_started_again_as_often_as_it_is_killed(keeper: Keeper) -> None:
    first = keeper.pid
    for _ in range(3):
        keeper.kill(down_s=0.0)
    wait_for(lambda: keeper.idle)
    assert (keeper.kills, keeper.ended) == (3, 0)
    assert keeper.pid != first


def test_what_ends_by_itself_is_started_again_and_counted_apart(keeper: Keeper) -> None:
    first = keeper.pid
    assert first is not None
    psutil.Process(first).send_signal(signal.SIGTERM)
    wait_for(lambda: keeper.ended == 1 and keeper.running)
    assert keeper.kills == 0
    assert keeper.pid != first


def test_what_is_paused_stands_still_until_it_goes_on_and_can_be_killed_meanwhile(keeper: Keeper) -> None:
    assert keeper.pid is not None
    process = psutil.Process(keeper.pid)
    keeper.pause()
    wait_for(lambda: process.status() == psutil.STATUS_STOPPED)
    keeper.resume()
    wait_for(lambda: process.status() != psutil.STATUS_STOPPED)
    keeper.pause()
    keeper.kill(down_s=0.0)
    wait_for(lambda: keeper.idle)


def test_what_can_not_be_started_again_is_given_up_with_its_reason(tmp_path: Path) -> None:
    commands = iter([["true"]])
    unit = Program(lambda: next(commands, ["no-such-program"]), {}, log=tmp_path / "hopeless.log")
    keeper = Keeper("hopeless", unit, most_starts=2)
    keeper.start()
    wait_for(lambda: keeper.given_up is not None)
    assert "could not be started" in (keeper.given_up or "")
    keeper.stop()


class Writer:
    """A program that writes to a disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._program: Program | None = None

    def pid(self) -> int | None:
        process = self._program.process if self._program else None
        return process.pid if process else None

    def start(self, disk: Disk) -> None:
        self._refused.mkdir()
        command = [*disk.enter, sys.executable, "-c", WRITER, str(disk.folder / "file"), str(self._refused)]
        self._program = Program(lambda: command, {}, log=self._folder / "writer.log")
        self._program.start()

    def stop(self) -> None:
        if self._program is not None:
            self._program.stop()

    def is_refused(self) -> bool:
        return self._refused.exists()

    @property
    def _refused(self) -> Path:
        return self._folder / "refused"


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    program = Writer(tmp_path)
    yield program
    program.stop()


@pytest.fixture(params=["best", "limited"])
def disk(request: pytest.FixtureRequest, tmp_path: Path, writer: Writer) -> Iterator[Disk]:
    """The one that a run takes on this machine, and the one that it takes where nothing can be mounted."""
    folder = tmp_path / "box"
    limited = request.param == "limited"
    small: Disk = (
        LimitedDisk(folder, writer.pid) if limited else small_disk(folder, log=tmp_path / "disk.log", pid=writer.pid)
    )
    yield small
    small.close()


def test_a_full_disk_refuses_what_is_written_until_it_is_freed(disk: Disk, writer: Writer) -> None:
    writer.start(disk)
    wait_for(lambda: not writer.is_refused())
    for _ in range(2):
        disk.fill()
        wait_for(writer.is_refused)
        disk.free()
        wait_for(lambda: not writer.is_refused())
