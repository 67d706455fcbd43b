"""A simulated community: its assets, residents, weather and crews, in one world that goes on for ever.

Use it in three ways: run a history with crews of its own; go on live after that, with crews sent from outside;
and ask it afterwards what really was.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from math import floor
from operator import attrgetter
from typing import TypeVar

import numpy as np

from anju_contracts.codes import CODES, Severity
from anju_simulators.fleet import AssetSpec, fleet
from anju_simulators.happenings import advance, begin, book_visit, mend
from anju_simulators.hours import BLOCK, block_of, to_hours, to_moment
from anju_simulators.randomness import Floats
from anju_simulators.records import Complaint, Entrapment, EventRow, Failure, LifeTruth, Link, Repair, VisitResult
from anju_simulators.scenario import Scenario
from anju_simulators.timeline import Timeline
from anju_simulators.truth import lives_of
from anju_simulators.workshop import Workshop, inspect, note

T = TypeVar("T", Complaint, Entrapment, Failure)
_JITTER = 0.4


class World:
    """Advances by itself to whatever moment it is asked about; time never goes back.

    With `Workshop.EXTERNAL` nobody is sent but by `visit`; a failed part stays failed until then. The same
    questions and visits give the same world, and a visit changes nothing but the component it repairs.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.assets: tuple[AssetSpec, ...] = fleet(scenario)
        self.workshop = Workshop.REACTIVE
        self._lines = {spec.asset_id: Timeline(spec, scenario) for spec in self.assets}
        self._now = to_hours(scenario.start)
        for line in self._lines.values():
            begin(line)

    @property
    def now(self) -> datetime:
        """How far the world has been advanced as a whole."""
        return to_moment(self._now)

    def run(
        self,
        until: datetime,
        *,
        workshop: Workshop | None = None,
        progress: Callable[[AssetSpec], None] | None = None,
    ) -> None:
        """Advance all assets to `until`; `progress` hears of each asset done.

        `workshop` says who sends crews from now on, if that changes (at first `Workshop.REACTIVE`); crews that
        are on their way are called off when it becomes `Workshop.EXTERNAL`.
        """
        self.workshop = workshop or self.workshop
        for line in self._lines.values():
            line.change_workshop(self.workshop)
            advance(line, to_hours(until))
            if progress is not None:
                progress(line.spec)
        self._now = max(self._now, to_hours(until))

    def readings(self, asset_id: str, at: datetime) -> dict[str, float | None]:
        """What the asset's points show at `at`: None where the sensor or the whole device says nothing."""
        line, hours = self._at(asset_id, at)
        index = block_of(hours)
        block = line.block(index)
        within = hours - index * BLOCK
        hour = floor(within)
        shown: dict[str, float | None] = {}
        for number, gauge in enumerate(line.kind.gauges):
            value = float(block.values[gauge.name][hour])
            swing = ((hours * 3600.0 * 0.618034 + 7.31 * number) % 1.0 - 0.5) * _JITTER * gauge.noise_sd
            shown[gauge.name] = None if np.isnan(value) else round(max(value + swing, gauge.floor), gauge.decimals)
        for counter in line.kind.counters:
            value = float(block.values[counter.name][hour]) + float(block.steps[counter.name][hour]) * (within - hour)
            scale = 10.0**counter.decimals
            shown[counter.name] = None if np.isnan(value) else floor(value * scale + 1e-6) / scale
        return shown

    def link(self, asset_id: str, at: datetime) -> Link:
        """How a meter answers its reader at `at`; devices of other kinds are silent or perfect."""
        line, hours = self._at(asset_id, at)
        return line.link(hours)

    def hourly(self, asset_id: str, start: datetime, end: datetime) -> tuple[Floats, dict[str, Floats]]:
        """Full hours (since the simulation's epoch) from `start` until before `end`, and the values at each."""
        line, last = self._at(asset_id, end)
        first, stop = int(np.ceil(max(to_hours(start), line.start))), int(np.ceil(last))
        blocks = [line.block(index) for index in range(block_of(first), block_of(max(stop - 1, first)) + 1)]
        offset = block_of(first) * BLOCK
        window = slice(first - offset, max(stop - offset, first - offset))
        names = blocks[0].values
        values = {name: np.concatenate([block.values[name] for block in blocks])[window] for name in names}
        return np.arange(first, max(stop, first), dtype=np.float64), values

    def events(self, start: datetime, end: datetime, *, asset_id: str | None = None) -> list[EventRow]:
        """What devices reported from `start` until before `end`, in order of time; each (code, second, state) once."""
        rows = [
            EventRow(line.spec.asset_id, to_moment(at), code, severity_of(code), state)  # type: ignore[arg-type]
            for line in self._advanced(end, asset_id)
            for at, code, state in line.marks_between(to_hours(start), to_hours(end))
        ]
        return sorted(dict.fromkeys(rows), key=attrgetter("at", "asset_id"))

    def complaints(self, start: datetime, end: datetime) -> list[Complaint]:
        return self._between(start, end, lambda line: line.book.complaints)

    def failures(self, start: datetime, end: datetime) -> list[Failure]:
        """Hidden truth: for evaluation, never for the platform."""
        return self._between(start, end, lambda line: line.book.failures)

    def entrapments(self, start: datetime, end: datetime) -> list[Entrapment]:
        """Hidden truth about causes; the events that devices reported are among `events`."""
        return self._between(start, end, lambda line: line.book.entrapments)

    def repairs(self, start: datetime, end: datetime) -> list[Repair]:
        """Lines of the repair book closed from `start` until before `end`, maintenance included."""
        rows = [row for line in self._advanced(end, None) for row in line.book.repairs if start <= row.closed_at < end]
        return sorted(rows, key=attrgetter("closed_at", "asset_id", "component"))

    def visit(self, asset_id: str, component: str | None, at: datetime) -> VisitResult:
        """A crew finishes at the asset at `at` (or now, if that is later), sent for `component` if one was named.

        It repairs one part: a failed one first, then the named one if its wear can be found, then any that is
        plainly worn. Otherwise it leaves everything as it is.
        """
        line, hours = self._at(asset_id, at)
        hours = max(hours, line.now)
        lives = [of_component[-1] for of_component in line.lives]
        wear = [line.wear(row, hours) for row in range(len(lives))]
        found = inspect(lives, wear, hours=hours, hint=component)
        if found is None:
            book_visit(line, hours - 0.5, hours, component or lives[0].component.name)
            return VisitResult("nothing_found", None, None, note(line.kind.name, "nothing_found", None, None))
        failed = lives[found.component].is_failed(hours)
        action = mend(line, found.component, hours - 0.5, hours, "corrective" if failed else "preventive")
        name = lives[found.component].component.name
        text = note(line.kind.name, "confirmed" if failed else "worn", name, action)
        return VisitResult(found.finding, name, action, text)

    def release(self, asset_id: str) -> None:
        """Give back the memory of the asset's past readings."""
        self._lines[asset_id].release()

    def truth(self) -> list[LifeTruth]:
        """Hidden truth: every life of every component, by asset."""
        return [life for line in self._lines.values() for life in lives_of(line)]

    def _at(self, asset_id: str, at: datetime) -> tuple[Timeline, float]:
        line = self._lines[asset_id]
        hours = max(to_hours(at), line.start)
        if hours > line.now:
            advance(line, hours)
        return line, hours

    def _advanced(self, until: datetime, asset_id: str | None) -> Iterable[Timeline]:
        lines = [self._lines[asset_id]] if asset_id else list(self._lines.values())
        hours = to_hours(until)
        for line in lines:
            if hours > line.now:
                advance(line, hours)
        return lines

    def _between(self, start: datetime, end: datetime, rows: Callable[[Timeline], list[T]]) -> list[T]:
        found = [row for line in self._advanced(end, None) for row in rows(line) if start <= row.at < end]
        return sorted(found, key=attrgetter("at", "asset_id"))


def severity_of(code: str) -> str:
    known = CODES.get(code)
    return (known.severity if known else Severity.MINOR).value
