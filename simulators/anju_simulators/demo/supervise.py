"""Child processes of the demo: each in a session of its own with a log of its own, and none left behind.

Every program runs under the guard of the local servers, so it ends even when the demo itself is killed.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from anju_simulators.demo.errors import ChildFailed

POLL_S = 0.05
TERMINATED = 128 + signal.SIGTERM
"""How a program ends that lets SIGTERM do its work, or raises it again after tidying up."""


@dataclass(frozen=True, slots=True)
class Child:
    name: str
    process: subprocess.Popen[bytes]
    log: Path


class Supervisor:
    """Starts programs and ends them all on leaving the `with` block, last started first."""

    def __init__(self, log_folder: Path, *, patience_s: float = 30.0) -> None:
        self._log_folder = log_folder
        self._patience_s = patience_s
        self._children: list[Child] = []

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> Child:
        """A program that runs until it is stopped. Its output goes to `<log folder>/<name>.log`."""
        log = self._log_folder / f"{name}.log"
        guard = [sys.executable, "-m", "anju_simulators.services.guard", "SIGTERM", str(self._patience_s)]
        with log.open("ab") as output:
            process = subprocess.Popen(  # noqa: S603  the commands are the demo's own
                [*guard, *command],
                env={**os.environ, **environment},
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=output,
                start_new_session=True,
            )
        child = Child(name, process, log)
        self._children.append(child)
        return child

    def run(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """A program that does its work and ends; ChildFailed when it or one of the running ones fails meanwhile."""
        child = self.start(name, command, environment)
        while child.process.poll() is None:
            self.check(besides=child)
            time.sleep(POLL_S)
        self._children.remove(child)
        _release(child)
        if child.process.returncode:
            raise ChildFailed(child.name, child.process.returncode, child.log)

    def check(self, *, besides: Child | None = None) -> None:
        """ChildFailed when a program that should be running has ended."""
        for child in self._children:
            if child is not besides and child.process.poll() is not None:
                raise ChildFailed(child.name, child.process.returncode, child.log)

    def stop(self, name: str) -> None:
        """Ask the program called `name` to end and wait for it; ChildFailed for a bad end."""
        for child in [child for child in self._children if child.name == name]:
            if not self._ends_well(child):
                raise ChildFailed(child.name, child.process.returncode, child.log)

    def end(self, name: str) -> list[str]:
        """The same, but a bad end is returned, as the name of the program."""
        return [child.name for child in [*self._children] if child.name == name and not self._ends_well(child)]

    def stop_all(self) -> None:
        """End everything, last started first."""
        for child in [*reversed(self._children)]:
            self._ends_well(child)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop_all()

    def _ends_well(self, child: Child) -> bool:
        """End it, and kill it when it doesn't; whether it was still running and ended as it should."""
        was_running = child.process.poll() is None
        if was_running:
            child.process.terminate()
            try:
                child.process.wait(self._patience_s + 5)
            except subprocess.TimeoutExpired:
                was_running = False
        _release(child)
        self._children.remove(child)
        return was_running and child.process.returncode in {0, TERMINATED}


def _release(child: Child) -> None:
    """End whatever the program left behind in its session, and the pipe to its guard."""
    with suppress(ProcessLookupError):
        os.killpg(child.process.pid, signal.SIGKILL)
    child.process.wait()
    if child.process.stdin is not None:
        child.process.stdin.close()
