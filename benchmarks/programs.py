"""Starting the programs under test and their helpers, and what they cost in CPU and memory."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM
from typing import Self

import msgspec
import psutil

from anju_simulators.services.errors import tail
from anju_simulators.services.process import ServerProcess
from benchmarks.figures import NotMeasuredError
from benchmarks.publisher import Plan, Published

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
PATIENCE_S = 300.0
POLL_S = 0.02


class Program:
    """A running program of `.venv/bin`, with its log."""

    def __init__(self, process: ServerProcess, log: Path) -> None:
        self.process = process
        self.log = log

    @property
    def pid(self) -> int:
        return self.process.pid

    def has_logged(self, words: str) -> bool:
        return words in self.log.read_text(encoding="utf-8", errors="replace")


def wait_until(
    done: Callable[[], object], what: str, *, needs: Sequence[Program] = (), within_s: float = PATIENCE_S
) -> None:
    """Return when `done`; NotMeasuredError when it doesn't come true in time, or a program it needs has ended."""
    until_s = time.monotonic() + within_s
    while not done():
        for one in needs:
            if not one.process.running:
                raise NotMeasuredError(f"{what}: a program ended; the end of its log:\n{tail(one.log)}")
        if time.monotonic() > until_s:
            raise NotMeasuredError(f"{what} did not happen within {within_s:g} s")
        time.sleep(POLL_S)


@contextmanager
def program(
    *command: str,
    log: Path,
    environment: Mapping[str, str] | None = None,
    cores: Collection[int] = (),
    folder: Path = ROOT,
) -> Iterator[Program]:
    """A running program of `.venv/bin`, or of a path; it ends with us, however we end. `cores` pins it, `folder` is
    where it runs."""
    settings = [f"{name}={value}" for name, value in (environment or {}).items()]
    started = ServerProcess(
        ["env", "-C", str(folder), *settings, str(BIN / command[0]), *command[1:]], log=log, stop_signal=SIGTERM
    )
    if cores:
        os.sched_setaffinity(started.pid, cores)
    try:
        yield Program(started, log)
    finally:
        started.stop()


class Helper:
    """A process of `python -m benchmarks.<module>` that talks with us in lines; use it in a `with`."""

    def __init__(self, module: str, *arguments: str, first_line: bytes = b"") -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"benchmarks.{module}", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        if first_line:
            self.say(first_line)
        if self.line() != "ready":
            raise NotMeasuredError(f"the helper {module} did not start; what it said is above")

    @property
    def pid(self) -> int:
        return self._process.pid

    def say(self, line: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + b"\n")
        self._process.stdin.flush()

    def line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().decode().strip()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._process.kill()
        self._process.communicate()


class PublisherProcess(Helper):
    """Publishes `plan` from `go` on."""

    def __init__(self, plan: Plan) -> None:
        super().__init__("publisher", first_line=msgspec.json.encode(plan))

    def go(self) -> None:
        self.say(b"go")

    def stop(self) -> Published:
        with suppress(BrokenPipeError):
            self.say(b"stop")
        return self.published()

    def published(self) -> Published:
        """When it is done."""
        line = self.line()
        if not line:
            raise NotMeasuredError("the publisher failed; what it said is above")
        return msgspec.json.decode(line, type=Published)


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds since the processes began, and bytes in memory now: `resident` counts shared pages once a process,
    `proportional` once in all."""

    cpu_s: float
    resident: int
    proportional: int


def usage_of(pid: int) -> Usage:
    """Of a process and its children, CPU of children that ended included."""
    parent = psutil.Process(pid)
    times = parent.cpu_times()
    cpu_s, resident, proportional = times.children_user + times.children_system, 0, 0
    for process in (parent, *parent.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            own, memory = process.cpu_times(), process.memory_full_info()
            cpu_s += own.user + own.system
            resident += memory.rss
            proportional += memory.pss
    return Usage(cpu_s, resident, proportional)


def pid_named(name: str) -> int:
    """The one process of ours with this name whose parent has another."""
    found = [child for child in psutil.Process().children(recursive=True) if child.name() == name]
    tops = [process.pid for process in found if process.ppid() not in {one.pid for one in found}]
    if len(tops) != 1:
        raise NotMeasuredError(f"expected one process {name!r} of ours, found {len(tops)}")
    return tops[0]
