"""The durable outbox: many agents hand over, one thread writes them together, and each is told when it is on disk."""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from anju_contracts.account import Fault
from anju_contracts.clock import Clock
from anju_contracts.envelope import Stream
from anju_contracts.event import Event
from anju_contracts.receipt import Receipt
from anju_edge_agent.samples import Sample, us_of
from anju_gateway.disk import reason_of
from anju_gateway.errors import CorruptOutboxError, OutboxError
from anju_gateway.outbox_file import Counts, Limits, OutboxFile
from anju_gateway.outbox_reader import OutboxReader, QueuedBatch
from anju_gateway.set_aside import set_aside
from anju_gateway.waiting import Entry, Waiting, check

RETRY_S = 1.0
IDLE_S = 30.0
STUCK, CORRUPT = "gateway.outbox_stuck", "gateway.outbox_corrupt"
log = logging.getLogger(__name__)


class Outbox:
    """Safe to use from any thread. A Sink: a call returns when all of it is on disk, and raises OutboxError
    when it isn't and won't be. While the disk takes nothing, calls wait, so that agents stop taking from their devices
    instead of filling the memory; `polled` is the sink of agents that ask, and waits for so long only. `trouble` says
    what keeps it from writing. `confirmed` tells whether the clock is known to be right."""

    def __init__(
        self,
        path: Path,
        limits: Limits,
        clock: Clock,
        *,
        on_change: Callable[[], None] = lambda: None,
        confirmed: Callable[[], bool] = lambda: False,
    ) -> None:
        self._path = path
        self._limits = limits
        self._clock = clock
        self._on_change = on_change
        self._confirmed = confirmed
        self._waiting = Waiting()
        self._in_hand = Waiting()
        self._wake = threading.Condition()
        self._closing = False
        self._suspect: CorruptOutboxError | None = None
        self._stuck: tuple[str, float, Fault] | None = None
        self._corrupt: Fault | None = None
        self.set_aside: Path | None = None
        self._reader = OutboxReader(path, self._suspected)
        self._file = self._open()
        self._counts: Mapping[Stream, Counts] = self._file.counts
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)
        self._thread.start()

    @property
    def epoch(self) -> str:
        return self._file.epoch

    @property
    def trouble(self) -> str | None:
        return self._stuck[2].text if self._stuck else None

    def __call__(self, samples: Sequence[Sample], events: Sequence[Event]) -> None:
        entry = self._enter(samples, events)
        entry.settled.wait()
        if entry.error is not None:
            raise entry.error

    def polled(self, samples: Sequence[Sample], events: Sequence[Event]) -> None:
        """As a call, but once the disk has taken nothing for as long as the limits allow, samples are dropped and
        counted, so that the agent goes on watching its devices; events are kept in memory until the disk takes them."""
        entry = self._enter(samples, events)
        while not entry.settled.wait(RETRY_S):
            if self._give_up(entry):
                return
        if entry.error is not None:
            raise entry.error

    def receive(self, receipt: Receipt) -> None:
        """Forget what the platform has committed. Returns at once: should the note be lost, the batch is sent again,
        which does no harm."""
        with self._wake:
            self._waiting.receipts.append(receipt)
            self._wake.notify()

    def shift(self, shift_us: int) -> None:
        """The clock was put right by so much: what this run has taken stays as old as it is."""
        with self._wake:
            self._waiting.shift_us += shift_us
            self._wake.notify()

    def read(self, stream: Stream, *, after: int, up_to: int, most: int) -> list[QueuedBatch]:
        """Queued batches with `after` < seq <= `up_to`, in order; none while the file can't be read."""
        return self._reader.read(stream, after=after, up_to=up_to, most=most)

    def last_before(self, stream: Stream, at_us: int) -> int:
        """The seq of the last queued batch that was taken before `at_us`; 0 when there is none."""
        return self._reader.last_before(stream, at_us)

    def counts(self) -> Mapping[Stream, Counts]:
        """What is on disk now, and what was dropped because the disk took nothing; not to be changed."""
        with self._wake:
            counts = {stream: count.copy() for stream, count in self._counts.items()}
            for some in (self._in_hand, self._waiting):
                for stream, drops in some.refused.items():
                    counts[stream].refuse(drops)
        return counts

    def raised(self) -> Mapping[str, Collection[str]]:
        """Alarms that are raised as far as anything on disk says, by asset."""
        by_asset: dict[str, set[str]] = {}
        for asset, code in tuple(self._file.alarms):
            by_asset.setdefault(asset, set()).add(code)
        return by_asset

    def faults(self) -> list[Fault]:
        """What is wrong with it now: the disk takes nothing, or a file had to be set aside in this run."""
        stuck = self._stuck
        return [fault for fault in (stuck[2] if stuck else None, self._corrupt) if fault is not None]

    def close(self) -> None:
        """Write what is waiting, then stop. What comes later is refused."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()
        self._reader.close()
        self._file.close()

    def _enter(self, samples: Sequence[Sample], events: Sequence[Event]) -> Entry:
        check(samples, events)
        entry = Entry(samples, events)
        with self._wake:
            if self._closing:
                raise OutboxError("the outbox is closed")
            self._waiting.entries.append(entry)
            self._wake.notify()
        return entry

    def _give_up(self, entry: Entry) -> bool:
        """Whether its samples are dropped now: not before the disk has been stuck for long, and not while they are
        being tried."""
        with self._wake:
            stuck = self._stuck
            if stuck is None or time.monotonic() - stuck[1] < self._limits.patience_s:
                return False
            if entry not in self._waiting.entries:
                return False
            self._waiting.refuse(entry, stuck[0])
        return True

    def _run(self) -> None:
        while True:
            closing = self._gather()
            if self._in_hand or self._suspect or self._is_queued():
                self._attempt(closing=closing)
                self._on_change()
            if closing:
                return

    def _gather(self) -> bool:
        """Take in hand what is waiting, once something is; whether it is the last time. What comes while a transaction
        is being synced shares the next one."""
        with self._wake:
            self._wake.wait_for(self._has_work, timeout=IDLE_S)
            self._in_hand, self._waiting = self._waiting, Waiting()
            return self._closing

    def _has_work(self) -> bool:
        return bool(self._waiting or self._closing or self._suspect)

    def _is_queued(self) -> bool:
        return any(count.queued for count in self._file.counts.values())

    def _attempt(self, *, closing: bool) -> None:
        """Write what is in hand; put it back and pause where the disk takes nothing."""
        try:
            self._persist(self._in_hand)
        except (sqlite3.Error, OSError) as exc:
            self._note_stuck(exc)
            self._put_back(OutboxError(str(exc)) if closing else None)
        except Exception as exc:
            self._fail(exc)
        else:
            self._note_well()
            self._done()

    def _persist(self, some: Waiting) -> None:
        """One transaction, on a new file when the old one is broken."""
        work = some.work()
        for _ in range(2):
            if self._suspect is not None:
                self._replace_file(self._suspect)
                self._suspect = None
            try:
                self._file.write(work, now_us=us_of(self._clock.now()), confirmed=self._confirmed())
            except CorruptOutboxError as exc:
                self._suspect = exc
            else:
                return
        raise OSError(f"two files in a row are corrupt: {self._suspect}")

    def _done(self) -> None:
        done = self._in_hand
        with self._wake:
            self._counts, self._in_hand = self._file.counts, Waiting()
        for entry in done.entries:
            entry.settle()
        if done.receipts:
            self._compact()

    def _put_back(self, error: OutboxError | None) -> None:
        """Try again in a while with what came meanwhile; at the end, tell whoever waits that it is over."""
        with self._wake:
            self._waiting, self._in_hand = self._in_hand.before(self._waiting), Waiting()
            if error is None:
                self._wake.wait_for(lambda: self._closing, timeout=RETRY_S)
                return
            lost = {stream.value: dict(drops) for stream, drops in self._waiting.drops().items()}
            if lost or self._waiting.held:
                log.error("uncounted at the end", extra={"dropped": lost, "events": len(self._waiting.held)})
        for entry in self._waiting.entries:
            entry.settle(error)

    def _fail(self, reason: Exception) -> None:
        """Something in hand can't be written at all, which is a mistake of an agent or ours: whoever waits is told,
        and the rest is tried again."""
        log.error("the outbox can't take what agents handed over", exc_info=reason)
        entries, self._in_hand.entries = self._in_hand.entries, []
        with self._wake:
            self._waiting, self._in_hand = self._in_hand.before(self._waiting), Waiting()
        for entry in entries:
            entry.settle(OutboxError(f"{type(reason).__name__}: {reason}"))

    def _compact(self) -> None:
        """Never in the way of what is to be written; a corruption that it finds is dealt with before the next write."""
        try:
            self._file.compact()
        except CorruptOutboxError as exc:
            self._suspect = exc
        except sqlite3.Error as exc:
            log.warning("the outbox can't give space back now", extra={"reason": str(exc)})

    def _note_stuck(self, exc: sqlite3.Error | OSError) -> None:
        if self._stuck is None or self._stuck[0] != reason_of(exc):
            log.error("the outbox can't write", extra={"reason": str(exc)})
            began_s, since = self._stuck[1:] if self._stuck else (time.monotonic(), None)
            fault = Fault(STUCK, since.since if since else self._clock.now(), text=f"outbox: {exc}")
            self._stuck = (reason_of(exc), began_s, fault)

    def _note_well(self) -> None:
        if self._stuck is not None:
            self._stuck = None
            log.info("the outbox writes again")

    def _suspected(self, reason: CorruptOutboxError) -> None:
        with self._wake:
            self._suspect = reason
            self._wake.notify()

    def _replace_file(self, reason: CorruptOutboxError) -> None:
        """A new file, under a new epoch. What was queued in the old one is told, for it won't go up."""
        old = self._file
        old.close()
        self._reader.close()
        queued = {stream: count.queued for stream, count in old.counts.items()}
        self._set_aside(
            reason,
            f"; epoch {old.epoch}, with {queued[Stream.TELEMETRY]} samples and {queued[Stream.EVENT]} events queued",
        )
        self._file = OutboxFile(self._path, self._limits, alarms=old.alarms)
        with self._wake:
            self._counts = self._file.counts

    def _open(self) -> OutboxFile:
        try:
            try:
                return OutboxFile(self._path, self._limits)
            except CorruptOutboxError as exc:
                self._set_aside(exc, "")
                return OutboxFile(self._path, self._limits)
        except sqlite3.Error as exc:
            raise OutboxError(f"{self._path}: {exc}") from exc

    def _set_aside(self, reason: CorruptOutboxError, what: str) -> None:
        now = self._clock.now()
        self.set_aside = set_aside(self._path, now=now)
        self._corrupt = Fault(CORRUPT, now, text=f"{reason}; set aside as {self.set_aside.name}{what}")
        log.error("the outbox file is corrupt and set aside", extra={"reason": self._corrupt.text})
