"""From arrivals to groups of decoded messages: everything that came within a moment is committed together."""

import logging
import time
from threading import Thread
from typing import Final

from anju_platform.ingest.decode import decode
from anju_platform.ingest.directory import PointDirectory
from anju_platform.ingest.lanes import Lanes
from anju_platform.ingest.models import Arrival, Message, TelemetryBatch

GATHER_S: Final = 0.02
"""How long a reading waits at most for others to be committed with."""
GROUP_ROWS: Final = 25_000
INBOX_BYTES: Final = 64 * 1024 * 1024
GROUPS_AHEAD: Final = 2
"""Groups decoded while one is being committed."""
_ENVELOPE_BYTES: Final = 500
"""What a message weighs besides its payload."""
_log = logging.getLogger(__name__)


class Gatherer:
    """Decodes in a thread of its own, while the database takes the group before."""

    def __init__(self, directory: PointDirectory, *, telemetry_days: int) -> None:
        self._directory = directory
        self._telemetry_days = telemetry_days
        self._inbox: Lanes[Arrival] = Lanes(INBOX_BYTES)
        self._groups: Lanes[list[Message]] = Lanes(GROUPS_AHEAD)
        self._thread = Thread(target=self._run, name="gatherer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._inbox.close()
        self._groups.close()
        if self._thread.is_alive():
            self._thread.join()

    def deliver(self, arrival: Arrival) -> None:
        """Take `arrival` in; waits while too much waits already, and with that the broker."""
        fast = not arrival.topic.endswith("/telemetry")
        self._inbox.put(arrival, len(arrival.payload) + _ENVELOPE_BYTES, fast=fast)

    def take(self, timeout_s: float) -> list[Message]:
        """The next group, alarms and births first; empty when none came in time."""
        taken = self._groups.take(timeout_s)
        if taken is None:
            return []
        group, fast = taken
        if fast:
            for more in self._groups.take_all_fast(GROUPS_AHEAD):
                group += more
        return group

    def queued_bytes(self) -> float:
        return self._inbox.weight

    def _run(self) -> None:
        group: list[Message] = []
        rows, until = 0, 0.0
        while not self._inbox.closed:
            taken = self._inbox.take(max(0.0, until - time.monotonic()) if group else 1.0)
            if taken is not None:
                message = decode(taken[0], self._directory.of, telemetry_days=self._telemetry_days)
                if taken[1]:
                    self._groups.put([message], fast=True)
                    continue
                if not group:
                    until = time.monotonic() + GATHER_S
                group.append(message)
                rows += message.size if isinstance(message, TelemetryBatch) else 1
            if group and (rows >= GROUP_ROWS or time.monotonic() >= until):
                self._groups.put(group)
                group, rows = [], 0
