"""What every local server does: take a port, be a context manager, end cleanly or by force."""

import logging
from pathlib import Path
from typing import Self

from anju_simulators.services.errors import ServiceError
from anju_simulators.services.ports import free_port
from anju_simulators.services.process import ServerProcess

log = logging.getLogger(__name__)


class Server:
    """One server process with its files in `folder`; `port` is 0 until it was taken or started once, and stays
    the same then."""

    def __init__(self, title: str, folder: Path, *, preferred_port: int) -> None:
        self.port = 0
        self._title = title
        self._folder = folder.resolve()
        self._preferred_port = preferred_port
        self._process: ServerProcess | None = None

    @property
    def process(self) -> ServerProcess | None:
        """The process that was started last, which may have ended by itself; None after `stop` and `crash`."""
        return self._process

    def start(self) -> Self:
        """Start it; ServiceFailed with the end of the log when it doesn't."""
        if self._process is not None:
            raise ServiceError(f"{self._title} in {self._folder} is running already")
        self._folder.mkdir(parents=True, exist_ok=True)
        self._prepare()
        self.take_port()
        self._process = self._launch()
        return self

    def take_port(self) -> None:
        """Settle on a port, where others must know it before the server is started."""
        if self.port == 0:
            self.port = free_port(self._preferred_port)
            if self._preferred_port not in (0, self.port):
                log.warning("port %d is in use; %s takes %d", self._preferred_port, self._title, self.port)

    def stop(self) -> None:
        """Clean end; whoever is connected is disconnected. May be called again."""
        if self._process is not None:
            self._process.stop()
            self._process = None

    def crash(self) -> None:
        """Kill it without a chance to tidy up; the next start recovers what it can."""
        if self._process is not None:
            self._process.crash()
            self._process = None

    def __enter__(self) -> Self:
        return self if self._process is not None else self.start()

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    def _prepare(self) -> None:
        """What has to be there before the first launch; nothing, for most."""

    def _launch(self) -> ServerProcess:
        raise AssertionError(f"{type(self).__name__} says how it is launched")
