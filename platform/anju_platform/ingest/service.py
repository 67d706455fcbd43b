"""`anju ingest`: from the broker to the database, and the receipt back."""

import logging
from threading import Event, Thread
from typing import Final

from anju_contracts.topics import Channel
from anju_platform.config import Settings
from anju_platform.ingest.directory import PointDirectory
from anju_platform.ingest.line import Line
from anju_platform.ingest.metrics import IngestMetrics
from anju_platform.metrics import serve_metrics

NOTICES: Final = (Channel.EVENT, Channel.BIRTH, Channel.STATE, Channel.ACCOUNT)
READINGS: Final = (Channel.TELEMETRY,)
_log = logging.getLogger(__name__)


class Ingest:
    """One ingest; several may run on a broker with shared subscriptions."""

    def __init__(self, settings: Settings, *, stopping: Event) -> None:
        self._settings = settings
        self._stopping = stopping
        self.metrics = IngestMetrics()
        directory = PointDirectory()
        self._lines = [
            Line(
                name,
                channels,
                settings=settings,
                directory=directory,
                metrics=self.metrics,
                stopping=stopping,
                on_subscribed=self._report,
            )
            for name, channels in (("notices", NOTICES), ("readings", READINGS))
        ]
        self._failed: list[BaseException] = []

    @property
    def subscribed(self) -> bool:
        return all(line.link.subscribed.is_set() for line in self._lines)

    def _report(self) -> None:
        if self.subscribed:
            _log.info("subscribed", extra={"shared": self._settings.mqtt_shared})

    def run(self) -> None:
        """Until `stopping` is set, or a line can't go on: then all of them end, and its error is raised."""
        threads = [Thread(target=self._run_line, args=(line,), name=line.name) for line in self._lines]
        with serve_metrics(self.metrics.registry, self._settings.metrics_port):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        for error in self._failed:
            raise error

    def _run_line(self, line: Line) -> None:
        try:
            line.run()
        except BaseException as exc:  # it is raised where run was called
            self._failed.append(exc)
            self._stopping.set()
