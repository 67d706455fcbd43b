"""The devices that report by themselves: `python -m anju_simulators.chaos.monitors --help`.

A report or an event counts as handed over when the box's broker has acknowledged it (PUBACK) and the gateway's session
is subscribed. Everything that was sent is in the log `--offered`, what was acknowledged in `--handed-over`.
"""

import logging
import os
import signal
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import click

from anju_contracts.jsonlog import configure_logging
from anju_simulators.chaos.community import community
from anju_simulators.chaos.values import report
from anju_simulators.devices.connections import Connections
from anju_simulators.devices.dialects import DIALECTS
from anju_simulators.devices.publication import PublicationLog
from anju_simulators.devices.vendor_json import to_milliseconds
from anju_simulators.devices.wiring import OnBroker

ALARM_OF: Final = {"door": "door.tamper"}
"""Only doors raise alarms here: their controllers debounce themselves, so each message is one event."""
REPORTS_AN_ALARM: Final = 6
FLUSH_EVERY_S: Final = 1.0
TICK_S: Final = 0.04
log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Monitor:
    """One device: when its next report is due, and how many it has made."""

    place: OnBroker
    due: datetime
    number: int = 0


class Monitors:
    """Publishes what is due; each device has its own moment within the period."""

    def __init__(
        self,
        places: tuple[OnBroker, ...],
        connections: Connections,
        *,
        offered: PublicationLog,
        handed_over: PublicationLog,
        period: timedelta,
        start: datetime,
    ) -> None:
        self._connections = connections
        self._offered = offered
        self._handed_over = handed_over
        self._period = period
        self._monitors = [
            _Monitor(place, start + period * (number / max(1, len(places)))) for number, place in enumerate(places)
        ]

    def step(self, now: datetime) -> None:
        for monitor in self._monitors:
            while monitor.due <= now:
                self._report(monitor)
                monitor.due += self._period
                monitor.number += 1
        self._connections.settle()

    def _report(self, monitor: _Monitor) -> None:
        place, at = monitor.place, to_milliseconds(monitor.due)
        dialect = DIALECTS[place.model]
        values = report(dialect, monitor.number)
        self._note_values(self._offered, place.asset, at, values)
        self._connections.of(place.asset).publish(
            dialect.report(place.serial, values, at),
            lambda: self._note_values(self._handed_over, place.asset, at, values),
        )
        if place.kind in ALARM_OF and monitor.number % REPORTS_AN_ALARM == 0:
            state = "raise" if monitor.number // REPORTS_AN_ALARM % 2 == 0 else "clear"
            self._alarm(place, ALARM_OF[place.kind], state, at)

    def _alarm(self, place: OnBroker, code: str, state: str, at: datetime) -> None:
        self._offered.event(place.asset, code, at, state)
        publisher = self._connections.of(place.asset)
        for message in DIALECTS[place.model].event(place.serial, code, state, at):
            publisher.publish(message, lambda: self._handed_over.event(place.asset, code, at, state))

    def _note_values(self, into: PublicationLog, asset: str, at: datetime, values: dict[str, float]) -> None:
        for point, value in values.items():
            into.reading(asset, point, at, value)


@click.command()
@click.option("--mqtt", "mqtt_url", required=True)
@click.option("--passwords", type=click.Path(exists=True, path_type=Path), required=True)
@click.option("--devices", "count", type=int, required=True)
@click.option("--period", "period_s", type=float, required=True)
@click.option("--offered", "offered_path", type=click.Path(path_type=Path), required=True)
@click.option("--handed-over", "handed_over_path", type=click.Path(path_type=Path), required=True)
def main(
    *, mqtt_url: str, passwords: Path, count: int, period_s: float, offered_path: Path, handed_over_path: Path
) -> None:
    """Lift monitors and door controllers of the chaos community, until SIGTERM."""
    configure_logging("monitors", level=os.environ.get("ANJU_LOG_LEVEL", "INFO"))
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    places = community(count).wiring.monitors
    connections = Connections(mqtt_url, [place.asset for place in places], passwords)
    connections.connect()
    with PublicationLog(offered_path) as offered, PublicationLog(handed_over_path) as handed_over:
        monitors = Monitors(
            places,
            connections,
            offered=offered,
            handed_over=handed_over,
            period=timedelta(seconds=period_s),
            start=datetime.now(UTC),
        )
        _keep_up(monitors, stop, logs=(offered, handed_over))
        fates = connections.close(timeout_s=30.0)
    log.info("monitors stopped", extra=fates)


def _keep_up(monitors: Monitors, stop: threading.Event, *, logs: Iterable[PublicationLog]) -> None:
    flush_at = datetime.now(UTC)
    while not stop.wait(TICK_S):
        now = datetime.now(UTC)
        monitors.step(now)
        if now >= flush_at:
            for one in logs:
                one.flush()
            flush_at = now + timedelta(seconds=FLUSH_EVERY_S)


if __name__ == "__main__":
    main()
