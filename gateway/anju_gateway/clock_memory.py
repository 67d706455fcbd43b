"""What a gateway that is started again knows of the time, whatever the machine's clock says by then.

The steady clock counts on for as long as the machine runs. So a clock that the platform confirmed goes on over a crash
or an update of this program; after a restart of the machine nothing is known but what its own clock shows.
"""

import logging
import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from anju_contracts.clock import Clock
from anju_edge_agent.samples import us_of
from anju_gateway.data_clock import DataClock, steady_s

KEEP_EVERY_S = 60.0
GOOD_FOR_S = 3_600.0
"""After a longer pause the steady clock's own drift may be worse than the machine's clock."""
_US = 1_000_000
_BOOT = Path("/proc/sys/kernel/random/boot_id")
log = logging.getLogger(__name__)


class _Kept(msgspec.Struct, frozen=True):
    """The data's clock showed `data_us` when the steady clock of the machine's run `boot` showed `steady_s`."""

    boot: str
    steady_s: float
    data_us: int


def boot_of_machine() -> str:
    """Names the run of the machine since it was switched on; "" where the system does not tell."""
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return ""


class ClockMemory:
    """In the file `path`. A scaled clock is not remembered: all programs of a demo are given the same one."""

    def __init__(
        self,
        path: Path,
        machine: Clock,
        *,
        steady: Callable[[], float] = steady_s,
        boot: Callable[[], str] = boot_of_machine,
    ) -> None:
        self._path = path
        self._steady = steady
        self._boot = boot() if machine.real_s(1.0) == 1.0 else ""
        self._keep_at_s = 0.0

    def recall(self) -> int | None:
        """What the data's clock shows now, in microseconds since 1970; None when nothing is known."""
        try:
            kept = msgspec.json.decode(self._path.read_bytes(), type=_Kept)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return None
        passed_s = self._steady() - kept.steady_s
        if not self._boot or kept.boot != self._boot or not 0 <= passed_s <= GOOD_FOR_S:
            return None
        return kept.data_us + round(passed_s * _US)

    def keep(self, clock: DataClock, *, at_once: bool = False) -> None:
        """Write down what `clock` shows once the platform has confirmed it; to be called about once a second."""
        now_s = self._steady()
        if not self._boot or not clock.confirmed or (now_s < self._keep_at_s and not at_once):
            return
        self._keep_at_s = now_s + KEEP_EVERY_S
        part = self._path.with_suffix(".part")
        try:
            part.write_bytes(msgspec.json.encode(_Kept(self._boot, now_s, us_of(clock.now()))))
            os.replace(part, self._path)
        except OSError as exc:
            log.warning("the time can't be written down", extra={"reason": str(exc)})
