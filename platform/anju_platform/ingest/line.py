"""One way from the broker to the database: a subscription, a decoding thread, and a connection that commits.

Alarms have a line of their own, so that they never wait behind readings: not in the broker's queue for this
subscriber, not in memory, and not for a transaction.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime
from threading import Event
from typing import Final

import psycopg

from anju_contracts.topics import Channel
from anju_platform.bootstrap import connect
from anju_platform.broker import certificates_of, parse_broker_url
from anju_platform.config import Settings
from anju_platform.errors import StorageUnavailable
from anju_platform.ingest.commit import Committer
from anju_platform.ingest.directory import PointDirectory
from anju_platform.ingest.groups import Gatherer
from anju_platform.ingest.limits import Limits
from anju_platform.ingest.link import Link, Subscription
from anju_platform.ingest.metrics import IngestMetrics
from anju_platform.ingest.models import BirthNotice, Message, Outcome
from anju_platform.ingest.receipts import receipts_for
from anju_platform.ingest.session import begin_session, end_stuck_sessions
from anju_platform.ingest.tally import Tally, rebuild

FLUSH_EVERY_S: Final = 1.0
_FIRST_PAUSE_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 5.0
_log = logging.getLogger(__name__)


class Line:
    """`name` tells the lines of one ingest apart; they share the directory of points and the metrics."""

    def __init__(
        self,
        name: str,
        channels: tuple[Channel, ...],
        *,
        settings: Settings,
        directory: PointDirectory,
        metrics: IngestMetrics,
        stopping: Event,
        on_subscribed: Callable[[], None],
    ) -> None:
        self.name = name
        self._channels = channels
        self._settings = settings
        self._directory = directory
        self._metrics = metrics
        self._stopping = stopping
        self._limits = Limits.of(settings)
        self._gatherer = Gatherer(directory, telemetry_days=settings.telemetry_days, limits=self._limits)
        self.link = Link(
            parse_broker_url(settings.mqtt_url),
            Subscription(name, channels, settings.mqtt_shared, settings.mqtt_keepalive_s),
            clock=settings.clock,
            deliver=self._gatherer.deliver,
            on_subscribed=on_subscribed,
            certificates=certificates_of(settings),
        )
        metrics.watch_queue(name, self._gatherer.queued_bytes)
        self._tally = Tally()
        self._in_hand: list[Message] = []
        self._born: set[str] = set()
        """Communities with a birth whose waiting letters are not all replayed yet."""
        self._started = False
        self._pause_s = _FIRST_PAUSE_S

    def run(self) -> None:
        """Until `stopping` is set. While the database is away nothing is acknowledged and the broker keeps the rest."""
        try:
            while not self._stopping.is_set():
                self._run_until_unavailable()
        finally:
            self._gatherer.stop()
            if self._started:
                self.link.stop()

    def _run_until_unavailable(self) -> None:
        try:
            with connect(self._settings, program=f"ingest {self.name}", autocommit=True) as conn:
                self._serve(conn)
        except (StorageUnavailable, psycopg.Error) as exc:
            self._metrics.unavailable.inc()
            _log.warning("database unavailable", extra={"reason": str(exc), "again_in_s": self._pause_s})
            self._stopping.wait(self._pause_s)
            self._pause_s = min(self._pause_s * 2, _LONGEST_PAUSE_S)

    def _serve(self, conn: psycopg.Connection) -> None:
        committer = Committer(
            conn,
            self._directory,
            telemetry_days=self._settings.telemetry_days,
            clock=self._settings.clock,
            limits=self._limits,
        )
        begin_session(conn)
        ended = end_stuck_sessions(conn)
        if ended:
            _log.warning("ended transactions of an ingest that stood still", extra={"sessions": ended})
        self._directory.load(conn)
        behind = rebuild(conn, now=self._settings.clock.now()) if Channel.TELEMETRY in self._channels else 0
        _log.info("ready", extra={"line": self.name, "latest_values_rebuilt": behind})
        self._start()
        flush_at = time.monotonic() + FLUSH_EVERY_S
        while not self._stopping.is_set():
            self._step(conn, committer, wait_s=max(0.0, flush_at - time.monotonic()))
            if time.monotonic() >= flush_at:
                self._tally.flush(conn)
                flush_at = time.monotonic() + FLUSH_EVERY_S
            self.link.check()
        self._tally.flush(conn)

    def _start(self) -> None:
        if not self._started:
            self._started = True
            self._gatherer.start()
            self.link.start()

    def _step(self, conn: psycopg.Connection, committer: Committer, *, wait_s: float) -> None:
        """Commit the next group. It stays in hand until it is committed, over however many connections."""
        self._in_hand = self._in_hand or self._gatherer.take(wait_s)
        now = self._settings.clock.now()
        if self._in_hand:
            with self._metrics.commit_s.time():
                outcomes = committer.commit(self._in_hand, now=now)
            self._in_hand = []
            self._pause_s = _FIRST_PAUSE_S
            for outcome in outcomes:
                self._settle(outcome, now=now)
            announced = frozenset[str]().union(*(outcome.announced for outcome in outcomes))
            if announced:
                self._directory.load(conn, announced)
        self._replay_waiting(committer, now=now)

    def _settle(self, outcome: Outcome, *, now: datetime) -> None:
        """Tell broker and gateways what is committed, and remember what it means for the latest values."""
        self.link.acknowledge(message.arrival for message in outcome.messages)
        for address, receipt in receipts_for(outcome.messages, at=now):
            self.link.send_receipt(address, receipt)
            self._metrics.receipts.inc()
        self._tally.add(outcome)
        self._metrics.count(outcome)
        self._born |= {message.address.community for message in outcome.messages if isinstance(message, BirthNotice)}

    def _replay_waiting(self, committer: Committer, *, now: datetime) -> None:
        """What waited for births, over however many connections: a birth comes once, and is acknowledged by now."""
        for community in sorted(self._born):
            while (replayed := committer.replay(community, now=now)) is not None:
                self._tally.add(replayed)
                self._metrics.count(replayed)
            self._born.discard(community)
