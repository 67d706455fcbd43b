"""Which events a device model can cause: vendor codes, and thresholds on points. Pure, with time as an argument."""

import math
from dataclasses import dataclass

from anju_contracts.codes import Severity
from anju_contracts.event import Event, EventState
from anju_edge_agent.debounce import Change, Debounce, Debouncer
from anju_edge_agent.samples import moment_of

NO_DEBOUNCE = Debounce()


@dataclass(frozen=True, slots=True)
class EventRule:
    """What an event is called and how its condition is debounced; `vendor_code` is how the device calls it."""

    code: str
    severity: Severity
    debounce: Debounce = NO_DEBOUNCE
    vendor_code: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Threshold:
    """An event while a point (by its index in the profile) is below or above a limit, in the point's unit. It ends
    when the value is back by `margin`. With `falls`, each fall of a counter is one momentary event."""

    point: int
    rule: EventRule
    below: float = -math.inf
    above: float = math.inf
    margin: float = 0.0
    falls: bool = False


class ThresholdWatch:
    """One threshold of one asset. Only values of good quality reach it: a broken sensor is no broken lift."""

    __slots__ = ("_asset", "_last", "_threshold", "debouncer")

    def __init__(self, threshold: Threshold, asset: str, *, raised: bool = False) -> None:
        self.debouncer = Debouncer(threshold.rule.debounce, raised=raised)
        self._threshold = threshold
        self._asset = asset
        self._last: float | None = None

    def observe(self, at_us: int, value: float) -> list[Event]:
        if self._threshold.falls:
            fell = self._last is not None and value < self._last
            self._last = value
            return [momentary(self._threshold.rule, self._asset, at_us, value=value)] if fell else []
        changes = self.debouncer.observe(at_us, active=self._is_breached(value))
        return [event_of(self._threshold.rule, self._asset, change, value=value) for change in changes]

    def advance(self, now_us: int) -> list[Event]:
        changes = self.debouncer.advance(now_us)
        return [event_of(self._threshold.rule, self._asset, change) for change in changes]

    def _is_breached(self, value: float) -> bool:
        slack = self._threshold.margin if self.debouncer.raised else 0.0
        return value < self._threshold.below + slack or value > self._threshold.above - slack


class CodeWatch:
    """One vendor code of one asset."""

    __slots__ = ("_asset", "_rule", "debouncer")

    def __init__(self, rule: EventRule, asset: str, *, raised: bool = False) -> None:
        self.debouncer = Debouncer(rule.debounce, raised=raised)
        self._rule = rule
        self._asset = asset

    def observe(self, at_us: int, active: bool | None) -> list[Event]:
        """`active` is None for a report without duration: one momentary event, or a count towards the alarm."""
        if active is None and self._rule.debounce.count == 1:
            return [momentary(self._rule, self._asset, at_us)]
        changes = self.debouncer.pulse(at_us) if active is None else self.debouncer.observe(at_us, active)
        return [event_of(self._rule, self._asset, change) for change in changes]

    def advance(self, now_us: int) -> list[Event]:
        return [event_of(self._rule, self._asset, change) for change in self.debouncer.advance(now_us)]


def event_of(rule: EventRule, asset: str, change: Change, *, value: float | None = None) -> Event:
    state = EventState.RAISE if change.raised else EventState.CLEAR
    return Event(asset, rule.code, moment_of(change.at_us), state, rule.severity, value, rule.vendor_code, rule.text)


def momentary(rule: EventRule, asset: str, at_us: int, *, value: float | None = None) -> Event:
    state = EventState.MOMENTARY
    return Event(asset, rule.code, moment_of(at_us), state, rule.severity, value, rule.vendor_code, rule.text)
