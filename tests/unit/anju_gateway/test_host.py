import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pytest
from eventual import eventually

from anju_contracts.clock import RealClock
from anju_contracts.event import Event
from anju_edge_agent.agent import Agent, AgentContext
from anju_edge_agent.flow import Device
from anju_edge_agent.samples import Sample
from anju_gateway.config import ConfiguredAgent
from anju_gateway.host import Host


@dataclass
class Taken:
    """A sink that remembers."""

    samples: list[Sample] = field(default_factory=list)

    def __call__(self, samples: Sequence[Sample], events: Sequence[Event]) -> None:
        self.samples += samples


@dataclass
class Beating:
    """An agent that hands over its name as often as it can, and does what `fault` does at its third beat."""

    context: AgentContext
    fault: Callable[[AgentContext], None]

    def run(self) -> None:
        beats = 0
        while not self.context.stop.wait(0.005):
            beats += 1
            self.context.sink([Sample(self.context.name, "beats", beats, float(beats))], [])
            if beats == 3:
                self.fault(self.context)


def agent(name: str, fault: Callable[[AgentContext], None] = lambda _context: None) -> ConfiguredAgent:
    def build(_devices: Sequence[Device], context: AgentContext) -> Agent:
        return Beating(context, fault)

    return ConfiguredAgent(name, "beating", build, ())


def die(_context: AgentContext) -> None:
    raise RuntimeError("out of breath")


Run = Callable[..., tuple[Host, Taken]]


@pytest.fixture
def run() -> Iterator[Run]:
    hosts: list[Host] = []

    def start(*agents: ConfiguredAgent) -> tuple[Host, Taken]:
        taken = Taken()
        host = Host(agents, sink_of=lambda _agent: taken, clock=RealClock(), raised=dict, first_wait_s=0.02)
        hosts.append(host)
        host.start()
        return host, taken

    yield start
    for host in hosts:
        host.stop()


def test_an_agent_that_dies_comes_back_and_the_others_go_on(run: Run) -> None:
    host, taken = run(agent("weak", die), agent("strong"))
    assert eventually(lambda: host.accounts()[0].restarts >= 2)
    weak, strong = host.accounts()
    assert weak.last_error == "RuntimeError: out of breath"
    assert (strong.running, strong.restarts, strong.last_error) == (True, 0, None)
    beats = [sample.value for sample in taken.samples if sample.asset == "strong"]
    assert beats == sorted(beats)
    assert [sample.value for sample in taken.samples if sample.asset == "weak"].count(1.0) >= 2


def test_an_agent_that_cannot_be_built_is_reported(run: Run) -> None:
    def build(_devices: Sequence[Device], _context: AgentContext) -> Agent:
        raise OSError("no such bus")

    host, _ = run(ConfiguredAgent("broken", "none", build, ()))
    assert eventually(lambda: host.accounts()[0].last_error == "OSError: no such bus")
    assert eventually(lambda: not host.accounts()[0].running)


def test_an_agent_that_reaches_nothing_is_reported_until_it_does(run: Run) -> None:
    recovered = threading.Event()

    def stumble(context: AgentContext) -> None:
        context.trouble("the bus is gone")
        context.trouble("the bus is still gone")
        context.count("no_answer")
        context.count("no_answer")
        recovered.wait(10)
        context.trouble(None)

    host, _ = run(agent("meters", stumble))
    assert eventually(lambda: host.accounts()[0].last_error == "the bus is still gone")
    assert not host.accounts()[0].running
    recovered.set()
    assert eventually(lambda: host.accounts()[0].running)
    assert host.accounts()[0].last_error is None


def test_stopping_ends_every_agent(run: Run) -> None:
    host, taken = run(agent("a"), agent("b", die))
    assert eventually(lambda: len(taken.samples) > 5)
    host.stop()
    count = len(taken.samples)
    assert not any(account.running for account in host.accounts())
    time.sleep(0.05)
    assert len(taken.samples) == count


def test_agents_that_are_to_begin_anew_do_so_at_once_and_it_counts_as_no_death(run: Run) -> None:
    host, taken = run(agent("a"), agent("b"))
    assert eventually(lambda: {sample.asset for sample in taken.samples} == {"a", "b"})
    host.restart()
    firsts = [("a", 1.0), ("b", 1.0)]
    assert eventually(
        lambda: all([(one.asset, one.value) for one in taken.samples].count(first) == 2 for first in firsts)
    )
    assert [(account.restarts, account.last_error) for account in host.accounts()] == [(0, None)] * 2
