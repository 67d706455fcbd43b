"""One bus that carries one question at a time: asks each device in fair turns and measures how well it answers.

The protocol is given: a line that asks, and a plan that says with which questions points are fetched.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from anju_edge_agent.agent import AgentContext
from anju_edge_agent.errors import BusError, RefusedError
from anju_edge_agent.flow import Device, DeviceFlow
from anju_edge_agent.probing import Found
from anju_edge_agent.profile import Profile
from anju_edge_agent.samples import Handover
from anju_edge_agent.turns import Turns

Q = TypeVar("Q")
Q_contra = TypeVar("Q_contra", contravariant=True)
Plan = Callable[[Profile, Sequence[int]], tuple[Q, ...]]
"""The fewest questions that fetch these points of a profile."""
GATHER_S = 0.1
"""How long readings wait for others, so that a fast bus doesn't ask the disk for an fsync a device."""
GATHER_SAMPLES = 500
TICK_S = 0.5


class BusLine(Protocol[Q_contra]):
    """One connection to a bus, used by one thread. `ask` raises BusError when there is no connection, no answer or a
    refusal. `close` may be followed by another `ask`."""

    @property
    def connected(self) -> bool: ...
    def ask(self, address: str, question: Q_contra) -> list[Found]: ...
    def close(self) -> None: ...


@dataclass(slots=True)
class _Asked:
    """One device; `errors` counts questions without a usable answer since the agent began."""

    flow: DeviceFlow
    errors: int = 0
    answered: bool = True

    @property
    def comm_point(self) -> int:
        """The first of the points that are measured here; they stand behind the profile's own."""
        return len(self.flow.device.profile.points)


@dataclass(frozen=True, slots=True)
class _Poll(Generic[Q]):
    """Those points of a device that have the same period."""

    asked: _Asked
    questions: tuple[Q, ...]
    real_period_s: float


class BusAgent(Generic[Q]):
    """Runs in its own thread. Device times are the clock's when the answer came. A device that answered last time is
    asked up to `retries` times more in its turn."""

    def __init__(
        self, line: BusLine[Q], plan: Plan[Q], devices: Sequence[Device], context: AgentContext, *, retries: int
    ) -> None:
        self._line = line
        self._plan = plan
        self._context = context
        self._retries = retries
        now_us = context.now_us()
        self._asked = [
            _Asked(DeviceFlow(device, now_us=now_us, raised=context.raised.get(device.asset, ()))) for device in devices
        ]
        self._polls = [poll for asked in self._asked for poll in _polls(asked, plan, context)]
        self._out = Handover()
        self._gathering_since_s = 0.0

    def run(self) -> None:
        turns = Turns({n: poll.real_period_s for n, poll in enumerate(self._polls)}, now_s=time.monotonic())
        tick_s = 0.0
        try:
            while not self._context.stop.is_set():
                now_s = time.monotonic()
                if now_s - tick_s >= TICK_S:
                    tick_s = now_s
                    self._tick()
                turn = turns.take(now_s)
                if turn is None:
                    self._hand_over()
                    self._context.stop.wait(min(turns.wait_s(now_s), TICK_S))
                    continue
                answered = self._ask(self._polls[turn])
                turns.done(turn, started_s=now_s, now_s=time.monotonic(), answered=answered)
                if self._gathered_enough():
                    self._hand_over()
            self._hand_over()
        finally:
            self._line.close()

    def probe(self, device: Device) -> list[Found]:
        """All points of one device, read once; BusError says why not. Not while `run` runs."""
        try:
            points = range(len(device.profile.points))
            return [
                found
                for question in self._plan(device.profile, points)
                for found in self._line.ask(device.address, question)
            ]
        finally:
            self._line.close()

    def _ask(self, poll: _Poll[Q]) -> bool:
        asked = poll.asked
        tries = 1 + (self._retries if asked.answered else 0)
        if not self._out:
            self._gathering_since_s = time.monotonic()
        for _ in range(tries):
            try:
                self._read(poll)
            except BusError as exc:
                asked.errors += 1
                self._context.count("no_answer")
                self._context.trouble(None if self._line.connected else str(exc))
                if not self._line.connected:
                    break
            else:
                return True
        self._miss(asked)
        return False

    def _read(self, poll: _Poll[Q]) -> None:
        """Take the answers as they come: what a device said before a question failed is as true as any other reading.
        A question that is refused is an error when the others have been asked."""
        began_s = time.monotonic()
        refusal: RefusedError | None = None
        at_us = 0
        for question in poll.questions:
            try:
                found = self._line.ask(poll.asked.flow.device.address, question)
            except RefusedError as exc:
                refusal = exc
                continue
            at_us = self._context.now_us()
            self._take(poll.asked, found, at_us)
        if refusal is not None:
            raise refusal
        self._context.trouble(None)
        poll.asked.answered = True
        latency_ms = (time.monotonic() - began_s) * 1000.0 / len(poll.questions)
        errors, latency = poll.asked.comm_point, poll.asked.comm_point + 1
        measured = [(errors, float(poll.asked.errors)), (latency, round(latency_ms, 1))]
        poll.asked.flow.take(at_us, measured, self._out)

    def _take(self, asked: _Asked, found: Sequence[Found], at_us: int) -> None:
        asked.flow.heard(at_us, self._out)
        asked.flow.take(at_us, [(one.point, one.value) for one in found if one.value is not None], self._out)
        for _ in range(sum(one.value is None for one in found)):
            self._context.count("not_a_number")

    def _miss(self, asked: _Asked) -> None:
        """No sample of the device; only what was measured here, the count of errors, is fresh."""
        asked.answered = False
        now_us = self._context.now_us()
        asked.flow.missed(now_us, self._out)
        asked.flow.take(now_us, [(asked.comm_point, float(asked.errors))], self._out)

    def _tick(self) -> None:
        now_us = self._context.now_us()
        for asked in self._asked:
            asked.flow.advance(now_us, self._out)

    def _gathered_enough(self) -> bool:
        full = len(self._out.samples) >= GATHER_SAMPLES
        return full or bool(self._out.events) or time.monotonic() - self._gathering_since_s >= GATHER_S

    def _hand_over(self) -> None:
        if self._out:
            out, self._out = self._out, Handover()
            self._context.sink(out.samples, out.events)


def _polls(asked: _Asked, plan: Plan[Q], context: AgentContext) -> list[_Poll[Q]]:
    """A point's own period counts, but for the device's: that is the period of every point that has none."""
    device = asked.flow.device
    groups: dict[float, list[int]] = {}
    for index, point in enumerate(device.profile.points):
        own = point.period_s != device.profile.period_s
        groups.setdefault(point.period_s if own else device.period_s, []).append(index)
    return [
        _Poll(asked, plan(device.profile, points), context.clock.real_s(period_s))
        for period_s, points in groups.items()
    ]
