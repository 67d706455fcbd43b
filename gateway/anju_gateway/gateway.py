"""One gateway: outbox, agents and uplink, put together from a configuration, started and stopped in order."""

import fcntl
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from anju_contracts.clock import Clock
from anju_edge_agent.samples import Sink
from anju_gateway.accounting import Books
from anju_gateway.clock_memory import ClockMemory
from anju_gateway.commands_setup import commands_of, plain
from anju_gateway.config import ConfiguredAgent, GatewayConfig
from anju_gateway.data_clock import DataClock
from anju_gateway.errors import AlreadyRunningError
from anju_gateway.host import Host
from anju_gateway.outbox import Outbox
from anju_gateway.periods import Periods
from anju_gateway.uplink import Surroundings, UplinkRunner

OUTBOX_FILE = "outbox.sqlite3"
CLOCK_FILE = "clock.json"
PERIODS_FILE = "periods.json"
WATCH_S = 1.0
log = logging.getLogger(__name__)


class Gateway:
    """Use it as a context manager: inside it runs; leaving it stops the agents, flushes and says goodbye."""

    def __init__(self, config: GatewayConfig, machine: Clock) -> None:
        """`machine` is the deployment's clock as this machine shows it; the data have a steadier one."""
        wake = threading.Event()
        periods = Periods(config.data_dir / PERIODS_FILE, config)
        config = periods.applied()
        self._memory = ClockMemory(config.data_dir / CLOCK_FILE, machine)
        self.clock = DataClock(machine, start_us=self._memory.recall(), on_step=self._on_step)
        self.outbox = Outbox(
            config.data_dir / OUTBOX_FILE,
            config.limits,
            self.clock,
            on_change=wake.set,
            confirmed=lambda: self.clock.confirmed,
        )
        self._host = Host(config.agents, sink_of=self._sink_of, clock=self.clock, raised=self.outbox.raised)
        books = Books(self.outbox, self.clock, config.data_dir, self._host.accounts)
        self._commands = commands_of(
            config,
            host=self._host,
            outbox=self.outbox,
            clock=self.clock,
            wake=wake.set,
            own={
                "announce": plain(self._announce),
                "restart_agents": plain(self._host.restart),
                "set_period": lambda params: periods.set(params, self._host.set_period),
            },
        )
        self._uplink = UplinkRunner(config, Surroundings(self.outbox, self.clock, wake, books, self._commands))
        self._stop = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="clock", daemon=True)

    def __enter__(self) -> "Gateway":
        self._watcher.start()
        if self._commands is not None:
            self._commands.start()
        self._uplink.start()
        self._host.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._host.stop()
        self._uplink.stop()
        if self._commands is not None:
            self._commands.stop()
        self.outbox.close()
        self._stop.set()
        self._watcher.join()

    def _sink_of(self, agent: ConfiguredAgent) -> Sink:
        """Devices that are asked need not wait for a stuck disk; what a broker holds is not acknowledged until then."""
        return self.outbox if agent.place is None else self.outbox.polled

    def _announce(self) -> None:
        self._uplink.announce()

    def _watch(self) -> None:
        while not self._stop.wait(WATCH_S):
            self.clock.watch()
            self._memory.keep(self.clock)

    def _on_step(self, step_us: int) -> None:
        """The data's clock was put right: what was taken in this run is as old as it was, and agents begin anew, lest
        they take the step for silence of their devices."""
        self._memory.keep(self.clock, at_once=True)
        self.outbox.shift(step_us)
        self._host.restart()


@contextmanager
def exclusive(data_dir: Path) -> Iterator[None]:
    """Hold the data folder: two gateways on one outbox would spoil its numbering. AlreadyRunningError when another
    holds it; a gateway that was killed holds nothing."""
    data_dir.mkdir(parents=True, exist_ok=True)
    handle = os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            raise AlreadyRunningError(f"{data_dir} is in use by another anju-gateway") from exc
        yield
    finally:
        os.close(handle)
