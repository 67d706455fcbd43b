"""The durable outbox: many agents hand over, one writes for all that wait, and each is told when it is on disk."""

import logging
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path

from anju_contracts.account import Fault
from anju_contracts.clock import Clock
from anju_contracts.envelope import Stream
from anju_contracts.event import Event
from anju_contracts.receipt import Receipt
from anju_edge_agent.samples import Sample, us_of
from anju_gateway.counts import Counts
from anju_gateway.drop_notes import DropNotes
from anju_gateway.errors import CorruptOutboxError, OutboxError
from anju_gateway.outbox_file import Limits, OutboxFile
from anju_gateway.outbox_reader import OutboxReader, QueuedBatch
from anju_gateway.renewal import finish_renewal, renew
from anju_gateway.troubles import Troubles
from anju_gateway.waiting import Entry, Waiting, check

NOTES_FILE = "drops"
RETRY_S = 1.0
IDLE_S = 30.0
log = logging.getLogger(__name__)


class Outbox:
    """Safe to use from any thread. A Sink: a call returns when all is on disk, and raises OutboxError when it isn't and
    won't be. While the disk takes nothing, calls wait, so that agents stop taking from their devices instead of filling
    the memory; `polled` is the sink of agents that ask. `confirmed` tells whether the clock is known to be right."""

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
        self._turn = threading.Lock()
        self._closing = False
        self._suspect: CorruptOutboxError | None = None
        self._troubles = Troubles(clock)
        self.set_aside: Path | None = None
        self._reader = OutboxReader(path, self._suspected)
        self._file = self._open()
        self._notes = DropNotes(path.with_name(NOTES_FILE))
        self._waiting.refused |= self._notes.uncounted(self._file.epoch, self._file.counts)
        self._counts: Mapping[Stream, Counts] = self._file.counts
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)
        self._thread.start()

    @property
    def epoch(self) -> str:
        return self._file.epoch

    @property
    def trouble(self) -> str | None:
        return self._troubles.text

    def __call__(self, samples: Sequence[Sample], events: Sequence[Event]) -> None:
        self._enter(samples, events).wait()

    def polled(self, samples: Sequence[Sample], events: Sequence[Event]) -> None:
        """As a call, but once the disk has taken nothing for as long as the limits allow, samples are dropped and
        counted, so that the agent goes on watching its devices; events are kept in memory until the disk takes them."""
        entry = self._enter(samples, events)
        while not entry.wait(RETRY_S):
            if self._give_up(entry):
                return

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

    def read(self, stream: Stream, *, after: int, up_to: int, most: int) -> list[QueuedBatch] | None:
        """Queued batches with `after` < seq <= `up_to`, in order; None while the file can't be read."""
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
        return self._troubles.faults()

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
        self._write_at_once()
        return entry

    def _write_at_once(self) -> None:
        """A caller that finds nobody writing writes by itself, which saves two changes of threads; what comes
        meanwhile, and what the disk doesn't take, is the writer's."""
        if self._troubles.text is None and self._turn.acquire(blocking=False):
            try:
                self._take()
                if self._in_hand:
                    self._attempt(closing=False)
            finally:
                self._turn.release()
            self._on_change()
        with self._wake:
            if self._has_work():
                self._wake.notify()

    def _give_up(self, entry: Entry) -> bool:
        """Whether its samples are dropped now: not before the disk has been stuck for long, and not while they are
        being tried."""
        with self._wake:
            reason = self._troubles.reason_after(self._limits.patience_s)
            if reason is None or entry not in self._waiting.entries:
                return False
            self._waiting.refuse(entry, reason)
            self._notes.note(self._file.epoch, self.counts())
        return True

    def _run(self) -> None:
        closing = False
        while not closing:
            with self._wake:
                self._wake.wait_for(self._has_work, timeout=IDLE_S)
            with self._turn:
                closing = self._take()
                if self._in_hand or self._suspect or self._is_queued():
                    self._attempt(closing=closing)
            self._on_change()
            if self._troubles.text is not None:
                self._pause()

    def _take(self) -> bool:
        """Take in hand what is waiting; whether it is the last time. What comes while a transaction is being synced
        shares the next one."""
        with self._wake:
            self._in_hand, self._waiting = self._waiting, Waiting()
            return self._closing

    def _pause(self) -> None:
        """Before the disk is asked again."""
        with self._wake:
            self._wake.wait_for(lambda: self._closing, timeout=RETRY_S)

    def _has_work(self) -> bool:
        return bool(self._waiting or self._closing or self._suspect)

    def _is_queued(self) -> bool:
        return any(count.queued for count in self._file.counts.values())

    def _attempt(self, *, closing: bool) -> None:
        """Write what is in hand; put it back where the disk takes nothing."""
        try:
            self._persist(self._in_hand)
        except (sqlite3.Error, OSError) as exc:
            self._troubles.stuck(exc)
            self._put_back(OutboxError(str(exc)) if closing else None)
        except Exception as exc:
            self._fail(exc)
        else:
            self._troubles.well()
            self._done()

    def _persist(self, some: Waiting) -> None:
        """One transaction, on a new file when the old one is broken."""
        work = some.work()
        for _ in range(2):
            if self._suspect is not None:
                self._replace_file(self._suspect)
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
                return
            told, self._waiting.entries = self._waiting.entries, []
            lost = {stream.value: dict(drops) for stream, drops in self._waiting.drops().items()}
            if lost or self._waiting.held:
                log.error("uncounted at the end", extra={"dropped": lost, "events": len(self._waiting.held)})
        for entry in told:
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

    def _suspected(self, reason: CorruptOutboxError) -> None:
        with self._wake:
            self._suspect = reason
            self._wake.notify()

    def _open(self) -> OutboxFile:
        try:
            finish_renewal(self._path)
            try:
                return OutboxFile(self._path, self._limits)
            except CorruptOutboxError as exc:
                return self._renew(str(exc), ())
        except (sqlite3.Error, OSError) as exc:
            raise OutboxError(f"{self._path}: {exc}") from exc

    def _replace_file(self, reason: CorruptOutboxError) -> None:
        old = self._file
        old.close()
        queued = sum(count.queued for count in old.counts.values())
        self._file = self._renew(f"{reason}; epoch {old.epoch}, with {queued} samples and events queued", old.alarms)
        with self._wake:
            self._counts = self._file.counts
            self._suspect = None

    def _renew(self, reason: str, alarms: Iterable[tuple[str, str]]) -> OutboxFile:
        renewed = renew(self._path, self._limits, now=self._clock.now(), alarms=alarms, paused=self._reader.paused)
        self.set_aside = renewed.kept or self.set_aside
        self._troubles.corrupt(f"{reason}; {renewed}")
        return renewed.file
