"""A program of Anju as a unit that can be killed and started again, like the servers it works with."""

import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from anju_simulators.services.process import ServerProcess

STOP_WITHIN_S = 20.0


class Startable(Protocol):
    """What a keeper keeps alive: a program, or one of the servers."""

    @property
    def process(self) -> ServerProcess | None: ...

    def start(self) -> object: ...

    def stop(self) -> None: ...

    def crash(self) -> None: ...


class Program:
    """`command` is asked for at each start; output goes to `log`. It ends when we do, however we end."""

    def __init__(self, command: Callable[[], Sequence[str]], environment: Mapping[str, str], *, log: Path) -> None:
        self._command = command
        self._environment = environment
        self._log = log
        self.process: ServerProcess | None = None

    def start(self) -> None:
        self.process = ServerProcess(
            self._command(),
            log=self._log,
            stop_signal=signal.SIGTERM,
            grace_s=STOP_WITHIN_S,
            environment=self._environment,
        )

    def stop(self) -> None:
        if self.process is not None:
            self.process.stop()
            self.process = None

    def crash(self) -> None:
        if self.process is not None:
            self.process.crash()
            self.process = None
