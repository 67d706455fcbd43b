"""What every driver is given, and what it must keep to."""

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from anju_contracts.clock import Clock
from anju_edge_agent.samples import Sink, us_of


@dataclass(frozen=True, slots=True)
class AgentContext:
    """`raised` holds the codes of alarms that are raised, by asset, from before this run. `trouble` is told what
    keeps the agent from all of its devices (None: nothing does); `count` is told of each thing that was odd. While
    `probing`, somebody looks at a device beside the agent that runs, and must take nothing from it."""

    name: str
    clock: Clock
    sink: Sink
    stop: threading.Event
    raised: Mapping[str, Collection[str]] = field(default_factory=dict)
    trouble: Callable[[str | None], None] = lambda _reason: None
    count: Callable[[str], None] = lambda _what: None
    probing: bool = False

    def now_us(self) -> int:
        return us_of(self.clock.now())


class Agent(Protocol):
    """A driver at work on one bus or listener. `run` returns when `context.stop` is set; what it raises ends the
    agent, and whoever supervises it starts a new one."""

    def run(self) -> None: ...
