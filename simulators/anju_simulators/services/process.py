"""One server process: started under a guard, watched while it comes up, stopped cleanly or crashed on purpose."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from anju_simulators.services.errors import ServiceFailed

POLL_S = 0.05
CRASH_WITHIN_S = 10.0


class ServerProcess:
    """A running server. `log` gets its output; `stop_signal` asks it to end cleanly; `environment` is what it is told
    beside our own."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        log: Path,
        stop_signal: signal.Signals,
        grace_s: float = 20.0,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        guard = [sys.executable, "-m", "anju_simulators.services.guard", stop_signal.name, str(grace_s)]
        with log.open("ab") as output:
            self._guard = subprocess.Popen(  # noqa: S603
                [*guard, *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                env={**os.environ, **(environment or {})},
                start_new_session=True,  # an interrupt at the terminal is the starter's to handle
            )
        self._log = log
        self._grace_s = grace_s
        self._name = Path(command[0]).name
        self.pid = self._server_pid()

    def _server_pid(self) -> int:
        assert self._guard.stdout is not None
        line = self._guard.stdout.readline()
        if not line.strip().isdigit():
            self._close()
            raise ServiceFailed(f"{self._name} could not be started", self._log)
        return int(line)

    @property
    def running(self) -> bool:
        return self._guard.poll() is None

    def await_ready(self, is_ready: Callable[[], bool], *, within_s: float) -> None:
        """Return once `is_ready`; ServiceFailed when the server ended first or `within_s` seconds have passed."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            if not self.running:
                self._close()
                raise ServiceFailed(f"{self._name} ended with code {self._guard.returncode} while starting", self._log)
            if is_ready():
                return
            time.sleep(POLL_S)
        self.stop()
        raise ServiceFailed(f"{self._name} was not ready within {within_s:g} s", self._log)

    def stop(self) -> None:
        """Ask for a clean end, wait for it, and kill what is left after the grace period. May be called again."""
        if self._guard.stdin is not None:
            self._guard.stdin.close()
        try:
            self._guard.wait(self._grace_s + 5)
        except subprocess.TimeoutExpired:
            self.crash()
        self._close()

    def crash(self) -> None:
        """SIGKILL to the server; its process is gone when this returns."""
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        try:
            self._guard.wait(CRASH_WITHIN_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._guard.pid, signal.SIGKILL)
        self._close()

    def _close(self) -> None:
        for pipe in (self._guard.stdin, self._guard.stdout):
            if pipe is not None:
                pipe.close()
        self._guard.wait()
