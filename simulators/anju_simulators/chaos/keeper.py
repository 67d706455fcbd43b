"""Keeps one unit running as systemd would: whatever ends it, it is started again; and kills it when told to."""

import os
import queue
import signal
import threading
from contextlib import suppress

from anju_simulators.chaos.programs import Startable
from anju_simulators.services.errors import ServiceFailed

LOOK_S = 0.05
RESTART_S = 0.3
MOST_STARTS = 20


class Keeper:
    """Runs in a thread of its own between `start` and `stop`. `kills` counts what was really killed, `ended` how often
    the unit ended by itself, `given_up` says why it could not be started any more."""

    def __init__(self, name: str, unit: Startable, *, most_starts: int = MOST_STARTS) -> None:
        self.name = name
        self.kills = 0
        self.ended = 0
        self.given_up: str | None = None
        self._unit = unit
        self._most_starts = most_starts
        self._ordered = 0
        self._orders: queue.SimpleQueue[float] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"keeper-{name}", daemon=True)

    def start(self) -> None:
        """Start the unit, unless it runs already, and keep it running from now on."""
        if not self.running:
            self._unit.start()
        self._thread.start()

    def stop(self) -> None:
        """End the unit cleanly. Kills that are still to come are left out."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self.resume()
        self._unit.stop()

    def kill(self, *, down_s: float) -> None:
        """SIGKILL as soon as it runs; it is started again `down_s` seconds later."""
        self._ordered += 1
        self._orders.put(down_s)

    @property
    def running(self) -> bool:
        process = self._unit.process
        return process is not None and process.running

    @property
    def pid(self) -> int | None:
        process = self._unit.process
        return process.pid if process is not None and process.running else None

    @property
    def idle(self) -> bool:
        """Whether every ordered kill is done and the unit runs."""
        return self._ordered == self.kills and self.running

    def pause(self) -> None:
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        pid = self.pid
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def _run(self) -> None:
        while not self._stopping.is_set() and self.given_up is None:
            if not self.running:
                self.ended += 1
                self._unit.crash()
                self._again(RESTART_S)
                continue
            with suppress(queue.Empty):
                down_s = self._orders.get(timeout=LOOK_S)
                self._unit.crash()
                self.kills += 1
                self._again(down_s)

    def _again(self, after_s: float) -> None:
        """Start it after a while, and again while it does not come up: after a crash a port or a lock may be taken."""
        why = ""
        for _ in range(self._most_starts):
            if self._stopping.wait(after_s):
                return
            try:
                self._unit.start()
            except ServiceFailed as exc:
                why, after_s = str(exc), RESTART_S
            else:
                return
        self.given_up = why
