"""One asset in time: its agenda of failures, complaints, visits and maintenance, and its readings.

Assets don't influence each other, so each has its own agenda; the order in which they are advanced is free.
"""

import heapq
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from anju_simulators.alarms import Marks
from anju_simulators.exposure import Exposure
from anju_simulators.fleet import AssetSpec
from anju_simulators.hours import BLOCK, block_of, to_hours
from anju_simulators.kinds import PHYSICS
from anju_simulators.physics.life import FAILURE, PREVENTIVE, Life, first_life, next_life
from anju_simulators.physics.meter import POLLS_PER_HOUR
from anju_simulators.physics.model import Kind
from anju_simulators.records import Complaint, Entrapment, Failure, Link, Repair
from anju_simulators.scenario import Scenario
from anju_simulators.signals import Block, Carry, Signals
from anju_simulators.traits import Traits, draw_traits
from anju_simulators.workshop import Workshop, choose_action

_SENT_BY_RESIDENTS: Final = frozenset({"crew", "look", "idle_visit"})


@dataclass(slots=True)
class Book:
    """Everything that has happened to an asset so far, in order of time within each list."""

    marks: Marks = field(default_factory=list)
    complaints: list[Complaint] = field(default_factory=list)
    repairs: list[Repair] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    entrapments: list[Entrapment] = field(default_factory=list)


class Timeline:
    """State of one asset at `now` (hours). `happenings` decides what each entry of the agenda does."""

    def __init__(self, spec: AssetSpec, scenario: Scenario) -> None:
        self.spec = spec
        self.scenario = scenario
        self.kind: Kind = PHYSICS[spec.kind]
        self.traits: Traits = draw_traits(spec, self.kind, scenario)
        self.start = to_hours(scenario.start)
        self.now = self.start
        self.workshop = Workshop.REACTIVE
        self.book = Book()
        self.exposure = Exposure(self.kind, scenario.seed, self.start, self.traits.load)
        self.lives: list[list[Life]] = [
            [first_life(component, self.traits.conditions, self.start)] for component in self.kind.components
        ]
        self.called: set[int] = set()
        self._signals = Signals(spec.asset_id, self.kind, scenario, self.traits, self.exposure)
        self._blocks: dict[int, Block] = {}
        self._carries: dict[int, Carry] = {block_of(self.start): self._signals.begin()}
        self._agenda: list[tuple[float, int, str, tuple[object, ...]]] = []
        self._entries = 0

    def plan(self, hours: float, what: str, *details: object) -> None:
        """Put an entry into the agenda; entries of one moment happen in the order they were planned."""
        self._entries += 1
        heapq.heappush(self._agenda, (hours, self._entries, what, details))

    def due(self, until: float) -> Iterator[tuple[float, str, tuple[object, ...]]]:
        """Take the agenda's entries until `until`, one after the other, moving `now`."""
        while self._agenda and self._agenda[0][0] <= until:
            at, _, what, details = heapq.heappop(self._agenda)
            self.now = max(self.now, at)
            yield self.now, what, details
        self.now = max(self.now, until)

    def change_workshop(self, workshop: Workshop) -> None:
        if workshop != self.workshop and workshop == Workshop.EXTERNAL:
            self._agenda = [entry for entry in self._agenda if entry[2] not in _SENT_BY_RESIDENTS]
            heapq.heapify(self._agenda)
            self.called.clear()
        self.workshop = workshop

    def life(self, row: int) -> Life:
        return self.lives[row][-1]

    def wear(self, row: int, hours: float) -> float:
        return float(self.life(row).wear(self.exposure.at(row, hours)))

    def plan_life(self, row: int, index: int) -> None:
        """Plan what the current life of a component does within a block: early complaints, failure."""
        life = self.life(row)
        for what, target in (("early", life.early_at), ("failure", life.fails_at_exposure)):
            at = None if target is None else self.exposure.reached(row, target, index)
            if at is not None and at > self.now:
                self.plan(at, what, row, life.number)

    def renew(self, row: int, hours: float) -> str:
        """End a component's life by a repair and begin the next; the action is the answer."""
        life = self.life(row)
        action = choose_action(life)
        failed = life.is_failed(hours)
        life.ended = hours
        life.ended_by = FAILURE if failed else PREVENTIVE
        following = next_life(
            life, self.traits.conditions, began=hours, exposure=self.exposure.at(row, hours), action=action
        )
        self.lives[row].append(following)
        self.called.discard(row)
        self.forget(hours)
        if failed and life.component.fault.alarm:
            self.mark(hours, life.component.fault.code, "clear")
        self.plan_life(row, block_of(hours))
        return action

    def mark(self, hours: float, code: str, state: str) -> None:
        """Record an event of the agenda; it may lie ahead (an alarm's end)."""
        entry = (hours, code, state)
        self.book.marks.insert(bisect_left(self.book.marks, entry), entry)

    def forget(self, hours: float) -> None:
        """Readings from `hours` on have to be worked out anew."""
        first = block_of(hours)
        self._blocks = {index: block for index, block in self._blocks.items() if index < first}
        self._carries = {index: carry for index, carry in self._carries.items() if index <= first}

    def release(self) -> None:
        """Give back the memory of past readings; they are worked out again when somebody asks for them."""
        self._blocks = {index: block for index, block in self._blocks.items() if index >= block_of(self.now) - 1}

    def block(self, index: int) -> Block:
        """The readings of a block as far as anything is known now."""
        found = self._blocks.get(index)
        if found is None:
            carry = self._carries.get(index) or self.block(index - 1).after
            found = self._blocks[index] = self._signals.block(index, self.lives, carry)
            self._carries[index + 1] = found.after
        return found

    def marks_between(self, start: float, end: float) -> Marks:
        """Events from `start` until before `end`, in order of time; both in hours, `end` not after now."""
        found = _between(self.book.marks, start, end)
        first, last = max(block_of(start) - 1, block_of(self.start)), block_of(end)
        standing = self._standing()
        for index in range(first, last + 1):
            found.extend(
                (at, code, state)
                for at, code, state in _between(self.block(index).marks, start, end)
                if not any(name == code and raised <= at < cleared for name, raised, cleared in standing)
            )
        return sorted(mark for mark in found if mark[0] >= self.start)

    def _standing(self) -> list[tuple[str, float, float]]:
        """Alarms that failures hold up, as (code, from, to): meanwhile they are neither raised nor cleared again."""
        return [
            (life.component.fault.code, life.failed, life.ended)
            for of_component in self.lives
            for life in of_component
            if life.component.fault.alarm and life.failed < life.ended
        ]

    def link(self, hours: float) -> Link:
        """How the device answers its reader: for kinds whose reader counts errors; others are silent or perfect."""
        index = block_of(hours)
        block = self.block(index)
        hour = int(hours - index * BLOCK)
        silent = all(bool(np.isnan(block.values[gauge.name][hour])) for gauge in self.kind.gauges)
        if "comm_errors" not in block.steps:
            return Link(silent, 0.0, 0.0)
        share = float(block.steps["comm_errors"][hour]) / POLLS_PER_HOUR
        latency = float(block.values["comm_latency_ms"][hour])
        return Link(silent, 1.0 if silent else share, 0.0 if np.isnan(latency) else latency)


def _between(marks: Marks, start: float, end: float) -> Marks:
    return marks[bisect_left(marks, (start,)) : bisect_left(marks, (end,))]
