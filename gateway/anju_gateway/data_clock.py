"""The clock of the gateway's data: it runs steadily from its start, whatever happens to the machine's clock.

The machine's clock is compared with it every second. A small difference is followed slowly, a jump is reported and not
followed. Where the platform's time (from receipts) says that the data's clock is wrong, it is put right at once.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from anju_contracts.account import Fault
from anju_contracts.clock import Clock
from anju_edge_agent.samples import moment_of, us_of
from anju_gateway.reference import Exchange, Reference

JUMP_S = 5.0
"""A larger difference, in real seconds, is a jump or a wrong clock and no drift."""
SLEW = 0.0005
"""A small difference is followed by this much a second, so slowly that no two readings of a device change places."""
BETWEEN_S = 0.5
"""Two clocks can't be compared where this program stood still between reading one and the other."""
TOLD_FOR_S = 3_600.0
JUMPED, CORRECTED = "gateway.clock_jump", "gateway.clock_corrected"
_US = 1_000_000
log = logging.getLogger(__name__)


def steady_s() -> float:
    """Real seconds that nobody can set, sleep of the machine included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True, slots=True)
class _Told:
    """A fault, until `until_s` (steady seconds) or for as long as it lasts."""

    fault: Fault
    until_s: float = float("inf")


def corrected(data_us: int, machine_us: int, found: Exchange | None, limit_us: int) -> int | None:
    """Where the data's clock has to be put; None where it may stay. All are microseconds ahead of the steady line; the
    machine's clock is preferred where the platform's agrees with it."""
    if found is None or abs(found.offset_us - data_us) <= limit_us + found.error_us:
        return None
    return machine_us if abs(machine_us - found.offset_us) <= limit_us + found.error_us else found.offset_us


class DataClock:
    """A Clock. `machine` is the deployment's clock as this machine shows it, real or scaled; where `start_us` is known,
    that is the time at the start, whatever the machine shows. `on_step` is told by how many microseconds the data's
    clock was put right. Safe to use from any thread."""

    def __init__(
        self,
        machine: Clock,
        *,
        start_us: int | None = None,
        on_step: Callable[[int], None] = lambda _us: None,
        steady: Callable[[], float] = steady_s,
    ) -> None:
        self._machine = machine
        self._on_step = on_step
        self._steady = steady
        self._rate_us = _US / machine.real_s(1.0)
        self._limit_us = round(JUMP_S * self._rate_us)
        self._start_s = steady()
        self._start_us = us_of(machine.now()) if start_us is None else start_us
        self._ahead_us = 0
        self._watched_s = self._start_s
        self._reference = Reference()
        self._found: Exchange | None = None
        self._told: dict[str, _Told] = {}
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return moment_of(self._line_us(self._steady()) + self._ahead_us)

    def real_s(self, data_s: float) -> float:
        return self._machine.real_s(data_s)

    @property
    def confirmed(self) -> bool:
        """Whether the platform's time has been heard of in this run."""
        return self._found is not None

    @property
    def offset_s(self) -> float | None:
        """This clock minus the platform's, in seconds of the data; None where receipts haven't told it."""
        return None if self._found is None else (self._ahead_us - self._found.offset_us) / _US

    def faults(self) -> list[Fault]:
        now_s = self._steady()
        with self._lock:
            return [told.fault for told in self._told.values() if now_s < told.until_s]

    def heard(self, platform: datetime, *, round_trip_s: float, ago_s: float) -> None:
        """A receipt that came `ago_s` ago told the platform's time; what it answers was sent `round_trip_s` before."""
        at_s = self._steady() - ago_s
        middle_us = self._line_us(at_s - round_trip_s / 2)
        error_us = round(round_trip_s / 2 * self._rate_us)
        with self._lock:
            self._reference.add(Exchange(at_s, us_of(platform) - middle_us, error_us))

    def watch(self) -> None:
        """Compare with the machine's clock and the platform's; to be called about once a second."""
        with self._lock:
            now_s = self._steady()
            machine_us = us_of(self._machine.now()) - self._line_us(now_s)
            if self._steady() - now_s > BETWEEN_S:
                return
            self._found = self._reference.best(now_s) or self._found
            target_us = corrected(self._ahead_us, machine_us, self._reference.best(now_s), self._limit_us)
            step_us = 0 if target_us is None else target_us - self._ahead_us
            if step_us:
                self._step(step_us, now_s)
            self._follow(machine_us, now_s)
        if step_us:
            self._on_step(step_us)

    def _step(self, step_us: int, now_s: float) -> None:
        self._ahead_us += step_us
        log.error("the clock of the data was wrong and is corrected", extra={"by_s": step_us / _US})
        self._told[CORRECTED] = _Told(Fault(CORRECTED, self.now(), step_us / _US), now_s + TOLD_FOR_S)

    def _follow(self, machine_us: int, now_s: float) -> None:
        """Follow a small difference; tell of a large one as long as it lasts."""
        apart_us = machine_us - self._ahead_us
        most_us = round((now_s - self._watched_s) * self._rate_us * SLEW)
        self._watched_s = now_s
        if abs(apart_us) <= self._limit_us:
            self._ahead_us += max(-most_us, min(most_us, apart_us))
            if self._told.pop(JUMPED, None):
                log.warning("the machine's clock agrees with the data's again")
            return
        before = self._told.get(JUMPED)
        if before is None:
            log.error("the machine's clock jumped; the data's does not follow", extra={"ahead_s": apart_us / _US})
        since = before.fault.since if before else self.now()
        self._told[JUMPED] = _Told(Fault(JUMPED, since, round(apart_us / _US, 1)))

    def _line_us(self, at_s: float) -> int:
        """The steady line: the time of the start and what has passed since."""
        return self._start_us + round((at_s - self._start_s) * self._rate_us)
