"""One gateway: outbox, agents and uplink, put together from a configuration, started and stopped in order."""

import fcntl
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from anju_contracts.account import AgentAccount
from anju_contracts.clock import Clock
from anju_gateway.config import GatewayConfig
from anju_gateway.errors import AlreadyRunningError
from anju_gateway.host import Host
from anju_gateway.outbox import Outbox
from anju_gateway.uplink import Surroundings, UplinkRunner

OUTBOX_FILE = "outbox.sqlite3"
log = logging.getLogger(__name__)


class Gateway:
    """Use it as a context manager: inside it runs; leaving it stops the agents, flushes and says goodbye."""

    def __init__(self, config: GatewayConfig, clock: Clock) -> None:
        wake = threading.Event()
        self.outbox = Outbox(config.data_dir / OUTBOX_FILE, config.limits, clock, on_change=wake.set)
        self._host = Host(config.agents, sink=self.outbox, clock=clock, raised=self.outbox.raised)
        self._uplink = UplinkRunner(config, Surroundings(self.outbox, clock, wake, self._accounts))

    def __enter__(self) -> "Gateway":
        self._uplink.start()
        self._host.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._host.stop()
        self._uplink.stop()
        self.outbox.close()

    def _accounts(self) -> list[AgentAccount]:
        """The agents, and the outbox beside them when there is something to say of it."""
        outbox = self.outbox
        aside = f"corrupt file set aside as {outbox.set_aside.name}" if outbox.set_aside else None
        trouble = outbox.trouble or aside
        extra = [AgentAccount("outbox", running=outbox.trouble is None, last_error=trouble)] if trouble else []
        return [*self._host.accounts(), *extra]


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
