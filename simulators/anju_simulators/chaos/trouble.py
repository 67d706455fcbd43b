"""Makes the planned faults, and takes them back; remembers what was really done."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

from rich.console import Console

from anju_simulators.chaos.errors import ChaosError
from anju_simulators.chaos.ground import Ground
from anju_simulators.chaos.plan import NETWORK, Fault, Kind, Step
from anju_simulators.chaos.proxy import Line
from anju_simulators.chaos.shifted import write_offset


@dataclass(slots=True)
class Record:
    """What was really done. `full` are the times in which the disk was full; at `calm_at` the last fault was over."""

    began_at: datetime
    calm_at: datetime | None = None
    counts: Counter[Kind] = field(default_factory=Counter)
    full: list[tuple[datetime, datetime]] = field(default_factory=list)


class Trouble:
    """For one run on `ground`, used by one thread."""

    def __init__(self, ground: Ground, console: Console) -> None:
        self._ground = ground
        self._console = console
        self._full_since: datetime | None = None
        self.record = Record(datetime.now(UTC))

    def take(self, step: Step, *, at_s: float) -> None:
        """Do what the step says."""
        fault = step.fault
        if step.begins:
            self.record.counts[fault.kind] += 1
            self._console.print(f"  [dim]{at_s:6.1f} s  {_words(fault)}[/dim]", highlight=False)
            self._begin(fault)
        else:
            self._end(fault)

    def check(self) -> None:
        """ChaosError when something could not be started again."""
        for keeper in self._ground.keepers.values():
            if keeper.given_up is not None:
                raise ChaosError(f"{keeper.name} does not come up again: {keeper.given_up}")

    def is_over(self) -> bool:
        self.check()
        return all(keeper.idle for keeper in self._ground.keepers.values())

    def _begin(self, fault: Fault) -> None:
        ground = self._ground
        if fault.kind in NETWORK:
            ground.proxy.set(Line(fault.kind.value), delay_s=fault.size)
        elif fault.kind is Kind.FULL_DISK:
            self._full_since = datetime.now(UTC)
            ground.disk.fill()
        elif fault.kind is Kind.CLOCK_JUMP:
            write_offset(ground.places.clock, fault.size)
        elif fault.unit is not None and fault.kind is Kind.KILL:
            ground.keepers[fault.unit].kill(down_s=fault.lasts_s)
        elif fault.unit is not None:
            ground.keepers[fault.unit].pause()

    def _end(self, fault: Fault) -> None:
        ground = self._ground
        if fault.kind in NETWORK:
            ground.proxy.set(Line.GOOD)
        elif fault.kind is Kind.FULL_DISK:
            ground.disk.free()
            assert self._full_since is not None
            self.record.full.append((self._full_since, datetime.now(UTC)))
        elif fault.kind is Kind.CLOCK_JUMP:
            write_offset(ground.places.clock, 0.0)
        elif fault.unit is not None:
            ground.keepers[fault.unit].resume()


def _words(fault: Fault) -> str:
    what = f"{fault.kind} {fault.unit}" if fault.unit else str(fault.kind)
    size = f" of {fault.size:g} s" if fault.size else ""
    return f"{what}{size} for {fault.lasts_s:.1f} s"
