"""What a device can be told to do: an action by name, allowed by its profile, performed by its agent.

Whoever receives commands checks them with `allowed` and gives them to the agent of the asset, if it is an `Actor`.
"""

import queue
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from anju_edge_agent.errors import EdgeError

Param = str | float | bool
Result = dict[str, Param]


class ActionRefused(EdgeError):  # noqa: N818  the word that commands answer with
    """It was not done; `reason` says why in a few words."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class ActionUnanswered(ActionRefused):
    """The device was told and did not answer in time: it may have done it or not."""


@dataclass(frozen=True, slots=True)
class Action:
    """`name` is one that the asset's profile lists, for example unlock; `params` are numbers by the names it gives."""

    asset: str
    name: str
    params: Mapping[str, Param] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ParamSpec:
    """A number from `least` to `most`; `usual` when it isn't given."""

    least: float
    most: float
    usual: float


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """What a profile says of an action that devices of its model perform."""

    name: str
    params: Mapping[str, ParamSpec] = field(default_factory=dict)


@runtime_checkable
class Actor(Protocol):
    """An agent that can act. `perform` may be called from any thread while the agent runs. It returns what the device
    answered within `timeout_s` real seconds, or raises ActionRefused or ActionUnanswered."""

    def perform(self, action: Action, *, timeout_s: float) -> Result: ...


def allowed(specs: Mapping[str, ActionSpec], action: Action) -> Action:
    """`action` with all its parameters as numbers; ActionRefused when the model doesn't know it or them."""
    spec = specs.get(action.name)
    if spec is None:
        known = ", ".join(sorted(specs)) or "none"
        raise ActionRefused(f"action: got {action.name!r}, expected one that this model knows: {known}")
    for name in action.params:
        if name not in spec.params:
            known = ", ".join(spec.params) or "none"
            raise ActionRefused(f"params.{name}: no such parameter of {spec.name}, expected: {known}")
    params: dict[str, Param] = {name: _number(name, one, action.params) for name, one in spec.params.items()}
    return Action(action.asset, action.name, params)


def _number(name: str, spec: ParamSpec, params: Mapping[str, Param]) -> float:
    found = params.get(name, spec.usual)
    fits = isinstance(found, int | float) and not isinstance(found, bool) and spec.least <= found <= spec.most
    if not fits:
        raise ActionRefused(f"params.{name}: got {found!r}, expected a number from {spec.least:g} to {spec.most:g}")
    return float(found)


@dataclass(slots=True)
class Order:
    """An action on its way from the thread that asks to the agent's own. The agent ends it by one of two calls, once;
    a later one has no effect."""

    action: Action
    until_s: float
    _answer: "Future[Result]" = field(default_factory=Future)

    @property
    def left_s(self) -> float:
        """Real seconds until nobody waits for it any more."""
        return max(0.0, self.until_s - time.monotonic())

    @property
    def is_late(self) -> bool:
        return self.left_s == 0.0

    def begin(self) -> bool:
        """Whether it is still wanted. Whoever asked knows from now on that the device may have been told."""
        return not self.is_late and self._answer.set_running_or_notify_cancel()

    def done(self, result: Result) -> None:
        if not self._answer.done():
            self._answer.set_result(result)

    def refuse(self, refusal: ActionRefused) -> None:
        if not self._answer.done():
            self._answer.set_exception(refusal)

    def outcome(self) -> Result:
        """Wait for the end, at most until `until_s`."""
        try:
            return self._answer.result(self.left_s)
        except TimeoutError as exc:
            if self._answer.cancel():
                raise ActionRefused("the agent was too busy to tell the device in time") from exc
            raise ActionUnanswered("no answer from the device in time: it may have been done or not") from exc


class Orders:
    """Where other threads leave actions for an agent. `wake` is set when there is one."""

    def __init__(self) -> None:
        self.wake = threading.Event()
        self._waiting: queue.SimpleQueue[Order] = queue.SimpleQueue()

    def perform(self, action: Action, *, timeout_s: float) -> Result:
        order = Order(action, time.monotonic() + timeout_s)
        self._waiting.put(order)
        self.wake.set()
        return order.outcome()

    def take(self) -> list[Order]:
        """Those that came since the last call and are still wanted; for the agent's thread."""
        self.wake.clear()
        found = []
        while not self._waiting.empty():
            order = self._waiting.get()
            if order.begin():
                found.append(order)
        return found
