"""The host: runs every agent in a thread of its own; one that dies is started again, and the others go on."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from anju_contracts.account import AgentAccount
from anju_contracts.clock import Clock
from anju_edge_agent.actions import Action, ActionRefused, Actor, Result
from anju_edge_agent.agent import Agent, AgentContext
from anju_edge_agent.backoff import Backoff
from anju_edge_agent.samples import Sink
from anju_gateway.config import ConfiguredAgent
from anju_gateway.periods import with_period

STABLE_S = 60.0
"""An agent that ran this long was well; its next death is a new story."""
JOIN_S = 10.0
ODDITIES_EVERY_S = 60.0
log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Supervised:
    """What is known of one agent. `trouble` keeps it from its devices, `death` is why it was last started again."""

    configured: ConfiguredAgent
    running: bool = False
    restarts: int = 0
    trouble: str | None = None
    death: str | None = None
    odd: Counter[str] = field(default_factory=Counter)
    odd_told_s: float = 0.0
    thread: threading.Thread | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    built: Agent | None = None


class Host:
    """`sink_of` gives each agent its sink; `raised` tells which alarms are raised, whenever an agent starts."""

    def __init__(
        self,
        agents: Sequence[ConfiguredAgent],
        *,
        sink_of: Callable[[ConfiguredAgent], Sink],
        clock: Clock,
        raised: Callable[[], Mapping[str, Collection[str]]],
        first_wait_s: float = 1.0,
    ) -> None:
        self._agents = [_Supervised(configured) for configured in agents]
        self._sink_of = sink_of
        self._clock = clock
        self._raised = raised
        self._first_wait_s = first_wait_s
        self._stop = threading.Event()

    def start(self) -> None:
        for agent in self._agents:
            name = f"agent-{agent.configured.name}"
            agent.thread = threading.Thread(target=self._supervise, args=(agent,), name=name, daemon=True)
            agent.thread.start()

    def stop(self) -> None:
        """Ask all of them to end, and wait for it; one that hangs in its device is left behind."""
        self._stop.set()
        self.restart()
        until_s = time.monotonic() + JOIN_S
        for agent in self._agents:
            if agent.thread is not None:
                agent.thread.join(max(0.0, until_s - time.monotonic()))
                if agent.thread.is_alive():
                    log.error("the agent does not end", extra={"agent": agent.configured.name})

    def restart(self) -> None:
        """End every agent, so that it is built anew: what it remembers of times has become wrong. No fault of it."""
        for agent in self._agents:
            agent.stop.set()

    def set_period(self, asset: str, period_s: float) -> None:
        """Ask a device so often from now on: its agent begins anew."""
        for agent in self._agents:
            devices = agent.configured.devices
            if any(device.device.asset == asset for device in devices):
                changed = (with_period(one, period_s) if one.device.asset == asset else one for one in devices)
                agent.configured = replace(agent.configured, devices=tuple(changed))
                agent.stop.set()

    def perform(self, action: Action, timeout_s: float) -> Result:
        """Have the agent of the action's asset do it, from any thread; ActionRefused says why not."""
        for agent in self._agents:
            if any(device.device.asset == action.asset for device in agent.configured.devices):
                built = agent.built
                if built is None:
                    raise ActionRefused(f"agent {agent.configured.name} does not run")
                if not isinstance(built, Actor):
                    raise ActionRefused(f"driver {agent.configured.driver} performs no actions")
                return built.perform(action, timeout_s=timeout_s)
        raise ActionRefused(f"no agent has {action.asset}")

    def accounts(self) -> list[AgentAccount]:
        return [
            AgentAccount(
                agent.configured.name,
                running=agent.running and agent.trouble is None,
                restarts=agent.restarts,
                last_error=agent.trouble or agent.death,
            )
            for agent in self._agents
        ]

    def _supervise(self, agent: _Supervised) -> None:
        backoff = Backoff(first_s=self._first_wait_s, most_s=60.0)
        while not self._stop.is_set():
            began_s = time.monotonic()
            try:
                agent.running = True
                self._run(agent)
            except Exception as exc:
                agent.death = f"{type(exc).__name__}: {exc}"
                log.exception("the agent died", extra={"agent": agent.configured.name})
            finally:
                agent.running = False
            if self._stop.is_set():
                return
            if agent.stop.is_set():
                continue
            if time.monotonic() - began_s >= STABLE_S:
                backoff.reset()
            self._stop.wait(backoff.next_s())
            agent.restarts += 1

    def _run(self, agent: _Supervised) -> None:
        agent.stop = threading.Event()
        configured = agent.configured
        if self._stop.is_set():
            return
        context = AgentContext(
            configured.name,
            self._clock,
            self._sink_of(configured),
            agent.stop,
            self._raised(),
            trouble=lambda reason: _note(agent, reason),
            count=lambda what: _count(agent, what),
        )
        agent.built = configured.build([device.device for device in configured.devices], context)
        try:
            agent.built.run()
        finally:
            agent.built = None


def _note(agent: _Supervised, reason: str | None) -> None:
    if reason == agent.trouble:
        return
    if (reason is None) != (agent.trouble is None):
        level = logging.INFO if reason is None else logging.WARNING
        message = "the agent reaches its devices" if reason is None else "the agent can't reach its devices"
        log.log(level, message, extra={"agent": agent.configured.name, "reason": reason})
    agent.trouble = reason


def _count(agent: _Supervised, what: str) -> None:
    """Oddities are told once a minute at most, with their counts."""
    agent.odd[what] += 1
    now_s = time.monotonic()
    if now_s - agent.odd_told_s >= ODDITIES_EVERY_S:
        agent.odd_told_s = now_s
        log.warning("oddities", extra={"agent": agent.configured.name, "counts": dict(agent.odd)})
