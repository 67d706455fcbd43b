"""The durable outbox: many agents hand over, one thread writes them together, and each is told when it is on disk."""

import logging
import sqlite3
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from anju_contracts.clock import Clock
from anju_contracts.envelope import Stream
from anju_contracts.event import Event
from anju_contracts.receipt import Receipt
from anju_edge_agent.samples import Sample, us_of
from anju_gateway.errors import CorruptOutboxError, OutboxError
from anju_gateway.outbox_file import Counts, Limits, OutboxFile, Work, connect, translated
from anju_gateway.packing import SAMPLES_A_BATCH
from anju_gateway.queries import load_queries

GATHER_S = 0.003
RETRY_S = 1.0
IDLE_S = 30.0
log = logging.getLogger(__name__)


class QueuedBatch(NamedTuple):
    """A batch as it waits in the outbox; `at_us` is when it was taken."""

    seq: int
    at_us: int
    samples: int
    payload: bytes


@dataclass(slots=True)
class _Entry:
    """What one call handed over; `settled` is set when it is on disk, or with `error` when it isn't."""

    samples: Sequence[Sample]
    events: Sequence[Event]
    settled: threading.Event = field(default_factory=threading.Event)
    error: OutboxError | None = None


class Outbox:
    """Safe to use from any thread. A Sink: a call returns when all of it is on disk, and raises OutboxError
    when it isn't and won't be. While the disk refuses to take anything, calls wait, so that agents stop asking their
    devices instead of filling the memory. `trouble` says what keeps it from writing."""

    def __init__(
        self, path: Path, limits: Limits, clock: Clock, *, on_change: Callable[[], None] = lambda: None
    ) -> None:
        self._path = path
        self._limits = limits
        self._clock = clock
        self._on_change = on_change
        self._entries: list[_Entry] = []
        self._receipts: list[Receipt] = []
        self._wake = threading.Condition()
        self._closing = False
        self._suspect: CorruptOutboxError | None = None
        self.trouble: str | None = None
        self.set_aside: Path | None = None
        self._file = self._open()
        self._reading = threading.Lock()
        self._reader: sqlite3.Connection | None = None
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)
        self._thread.start()

    @property
    def epoch(self) -> str:
        return self._file.epoch

    def __call__(self, samples: Sequence[Sample], events: Sequence[Event]) -> None:
        entry = _Entry(samples, events)
        with self._wake:
            if self._closing:
                raise OutboxError("the outbox is closed")
            self._entries.append(entry)
            self._wake.notify()
        entry.settled.wait()
        if entry.error is not None:
            raise entry.error

    def receive(self, receipt: Receipt) -> None:
        """Forget what the platform has committed. Returns at once: should the note be lost, the batch is sent again,
        which does no harm."""
        with self._wake:
            self._receipts.append(receipt)
            self._wake.notify()

    def read(self, stream: Stream, *, after: int, up_to: int, most: int) -> list[QueuedBatch]:
        """Queued batches with `after` < seq <= `up_to`, in order; none while the file can't be read."""
        query = {"stream": stream.value, "after": after, "up_to": up_to, "most": most}
        return [QueuedBatch(*row) for row in self._select("batches", query)]

    def last_before(self, stream: Stream, at_us: int) -> int:
        """The seq of the last queued batch that was taken before `at_us`; 0 when there is none."""
        rows = self._select("last_before", {"stream": stream.value, "at_us": at_us})
        return int(rows[0][0]) if rows else 0

    def counts(self) -> Mapping[Stream, Counts]:
        """What is on disk now; not to be changed."""
        return self._file.counts

    def raised(self) -> Mapping[str, Collection[str]]:
        """Alarms that are raised as far as anything handed over says, by asset."""
        rows: dict[str, set[str]] = {}
        for asset, code in self._select("alarms", {}):
            rows.setdefault(str(asset), set()).add(str(code))
        return rows

    def close(self) -> None:
        """Write what is waiting, then stop. What comes later is refused."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()
        with self._reading:
            if self._reader is not None:
                self._reader.close()
                self._reader = None
        self._file.close()

    def _run(self) -> None:
        while True:
            entries, receipts, closing = self._gather()
            if entries or receipts or self._suspect or self._is_queued():
                self._write(entries, receipts)
                self._on_change()
            if closing:
                return

    def _gather(self) -> tuple[list[_Entry], list[Receipt], bool]:
        """What is waiting, once something is: agents that come within a few milliseconds share an fsync."""
        with self._wake:
            self._wake.wait_for(self._has_work, timeout=IDLE_S)
            if self._entries and not self._closing:
                self._wake.wait_for(self._is_full, timeout=GATHER_S)
            entries, self._entries = self._entries, []
            receipts, self._receipts = self._receipts, []
            return entries, receipts, self._closing

    def _has_work(self) -> bool:
        return bool(self._entries or self._receipts or self._closing or self._suspect)

    def _is_full(self) -> bool:
        return self._closing or sum(len(entry.samples) for entry in self._entries) >= SAMPLES_A_BATCH

    def _is_queued(self) -> bool:
        return any(count.queued for count in self._file.counts.values())

    def _write(self, entries: Sequence[_Entry], receipts: Sequence[Receipt]) -> None:
        work = Work(
            [sample for entry in entries for sample in entry.samples],
            [event for entry in entries for event in entry.events],
            receipts,
        )
        try:
            error = self._persist(work)
        except Exception as exc:
            log.exception("the outbox can't take what an agent handed over")
            error = OutboxError(f"{type(exc).__name__}: {exc}")
        for entry in entries:
            entry.error = error
            entry.settled.set()
        if receipts:
            self._compact()

    def _persist(self, work: Work) -> OutboxError | None:
        """Write `work`, however long it takes; the error when we are told to close before the disk takes it."""
        corrupt, self._suspect = self._suspect, None
        while True:
            try:
                if corrupt is not None:
                    self._replace_file(corrupt)
                    corrupt = None
                self._file.write(work, now_us=us_of(self._clock.now()))
            except CorruptOutboxError as exc:
                corrupt = exc
            except (sqlite3.Error, OSError) as exc:
                self._note(f"outbox: {exc}")
                with self._wake:
                    if self._wake.wait_for(lambda: self._closing, timeout=RETRY_S):
                        return OutboxError(str(exc))
            else:
                self._note(None)
                return None

    def _compact(self) -> None:
        """Never in the way of what is to be written; a corruption that it finds is dealt with before the next write."""
        try:
            self._file.compact()
        except CorruptOutboxError as exc:
            self._suspect = exc
        except sqlite3.Error as exc:
            log.warning("the outbox can't give space back now", extra={"reason": str(exc)})

    def _note(self, trouble: str | None) -> None:
        if trouble != self.trouble:
            self.trouble = trouble
            log.log(logging.ERROR if trouble else logging.INFO, trouble or "the outbox writes again")

    def _replace_file(self, reason: CorruptOutboxError) -> None:
        self._file.close()
        with self._reading:
            if self._reader is not None:
                self._reader.close()
                self._reader = None
            self._set_aside(reason)
            self._file = OutboxFile(self._path, self._limits)

    def _open(self) -> OutboxFile:
        try:
            return OutboxFile(self._path, self._limits)
        except CorruptOutboxError as exc:
            self._set_aside(exc)
            return OutboxFile(self._path, self._limits)

    def _set_aside(self, reason: CorruptOutboxError) -> None:
        """Keep the broken file under another name, its WAL included, for whoever wants to look at it."""
        stamp = self._clock.now().strftime("%Y%m%dT%H%M%S%fZ")
        for suffix in ("", "-wal", "-shm"):
            part = self._path.with_name(self._path.name + suffix)
            if part.exists():
                part.rename(part.with_name(f"{self._path.name}.corrupt-{stamp}{suffix}"))
        self.set_aside = self._path.with_name(f"{self._path.name}.corrupt-{stamp}")
        found = {"reason": str(reason), "file": str(self.set_aside)}
        log.error("the outbox file is corrupt and set aside", extra=found)

    def _select(self, query: str, parameters: Mapping[str, object]) -> list[Any]:
        with self._reading:
            try:
                with translated():
                    if self._reader is None:
                        self._reader = connect(self._path)
                    return self._reader.execute(load_queries()[query], parameters).fetchall()
            except CorruptOutboxError as exc:
                self._suspect = exc
            except sqlite3.Error as exc:
                log.warning("the outbox can't be read", extra={"reason": str(exc)})
        with self._wake:
            self._wake.notify()
        return []
