"""What is wrong with the outbox: a disk that takes nothing, a file that had to be set aside."""

import logging
import sqlite3
import time
from dataclasses import dataclass

from anju_contracts.account import Fault
from anju_contracts.clock import Clock
from anju_gateway.disk import reason_of

STUCK, CORRUPT = "gateway.outbox_stuck", "gateway.outbox_corrupt"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Stuck:
    reason: str
    began_s: float
    fault: Fault


class Troubles:
    """As the writer notes them; others may ask at any time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._stuck: _Stuck | None = None
        self._corrupt: Fault | None = None

    @property
    def text(self) -> str | None:
        """What keeps the outbox from writing; None when nothing does."""
        return self._stuck.fault.text if self._stuck else None

    def faults(self) -> list[Fault]:
        """A stuck disk as long as it lasts, a corrupt file for as long as this run."""
        stuck = self._stuck
        return [fault for fault in (stuck.fault if stuck else None, self._corrupt) if fault is not None]

    def reason_after(self, patience_s: float) -> str | None:
        """Why the disk takes nothing, when it has done so for that long."""
        stuck = self._stuck
        return stuck.reason if stuck is not None and time.monotonic() - stuck.began_s >= patience_s else None

    def stuck(self, exc: sqlite3.Error | OSError) -> None:
        before, reason = self._stuck, reason_of(exc)
        if before is None or before.reason != reason:
            log.error("the outbox can't write", extra={"reason": str(exc)})
            since = before.fault.since if before else self._clock.now()
            began_s = before.began_s if before else time.monotonic()
            self._stuck = _Stuck(reason, began_s, Fault(STUCK, since, text=f"outbox: {exc}"))

    def well(self) -> None:
        if self._stuck is not None:
            self._stuck = None
            log.info("the outbox writes again")

    def corrupt(self, text: str) -> None:
        self._corrupt = Fault(CORRUPT, self._clock.now(), text=text)
        log.error("the outbox file is corrupt and set aside", extra={"reason": text})
