"""The outbox on disk: one SQLite file, WAL, synchronous=FULL, one row a batch, counted in the same transaction."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TypeVar

import msgspec

from anju_contracts.envelope import Stream
from anju_contracts.event import Event, EventState
from anju_contracts.receipt import Receipt
from anju_edge_agent.samples import Sample
from anju_gateway.counts import Counts, load_counts, save_counts
from anju_gateway.disk import connect, transaction, translated
from anju_gateway.errors import CorruptOutboxError
from anju_gateway.outbox_upgrade import FORMER_VERSIONS, upgrade
from anju_gateway.packing import PackedBatch, pack, packed
from anju_gateway.queries import load_queries
from anju_gateway.salvage import Salvaged

VERSION = 3
FULL, TOO_OLD = "outbox_full", "too_old"
DROP_ORDER = (Stream.TELEMETRY, Stream.EVENT)
ADOPTED_AT_ONCE = 50
_SPARE_PAGES = 1_024
_US = 1_000_000
T = TypeVar("T", Sample, Event)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes that may be queued, and how old they may get, in seconds of the data. `patience_s`: how long
    agents that ask their devices wait for a disk that takes nothing, in real seconds."""

    max_bytes: int = 1_500_000_000
    max_age_s: float = 30 * 86_400.0
    patience_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Work:
    """What one transaction is to keep, to forget and to count. `refused` are drops that never reached the disk, by
    stream and reason; by `shift_us` the data's clock was put right since what this run has written."""

    samples: list[Sample] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    receipts: Sequence[Receipt] = ()
    refused: Mapping[Stream, Mapping[str, int]] = field(default_factory=dict)
    shift_us: int = 0


class OutboxFile:
    """Used by one thread. What `write` returned from is on disk. sqlite3.Error passes through where trying again makes
    sense (disk full, read-only); CorruptOutboxError where it doesn't."""

    def __init__(self, path: Path, limits: Limits, *, alarms: Iterable[tuple[str, str]] = ()) -> None:
        """`alarms` are raised, as (asset, code), should the file have to be made."""
        self._limits = limits
        self._queries = load_queries()
        with translated():
            self._db = connect(path)
            try:
                self.epoch = self._prepare(alarms)
                self.counts = load_counts(self._db)
                self.alarms = {(str(asset), str(code)) for asset, code in self._db.execute(self._queries["alarms"])}
            except BaseException:
                self._db.close()
                raise
        self._from_before = {stream: count.last_seq for stream, count in self.counts.items()}

    def write(self, work: Work, *, now_us: int, confirmed: bool = False) -> None:
        """Keep, forget and count in one transaction; `counts` changes when it is on disk. What a run before has left
        is not judged by its age until the clock is `confirmed`: a wrong one would make it very old."""
        counts = {stream: count.copy() for stream, count in self.counts.items()}
        with translated(), transaction(self._db):
            if work.shift_us:
                self._shift(work.shift_us, counts)
            self._keep(Stream.TELEMETRY, work.samples, counts, now_us)
            self._keep(Stream.EVENT, work.events, counts, now_us)
            self._note_alarms(work.events)
            for receipt in work.receipts:
                self._forget(receipt, counts[receipt.stream])
            for stream, drops in work.refused.items():
                counts[stream].refuse(drops)
            self._drop_old(counts, now_us - round(self._limits.max_age_s * _US), confirmed=confirmed)
            self._make_room(counts)
            save_counts(self._db, counts, self.counts)
        self.counts = counts
        self._remember_alarms(work.events)

    def adopt(self, batches: Iterable[Salvaged]) -> None:
        """Queue what another file held, under numbers of this one."""
        rest = iter(batches)
        while some := list(islice(rest, ADOPTED_AT_ONCE)):
            counts = {stream: count.copy() for stream, count in self.counts.items()}
            with translated(), transaction(self._db):
                for one in some:
                    seq = counts[one.stream].last_seq + 1
                    kept = msgspec.structs.replace(one.kept, epoch=self.epoch, seq=seq)
                    self._add(packed(one.stream, kept), counts, one.at_us)
                self._make_room(counts)
                save_counts(self._db, counts, self.counts)
            self.counts = counts
        self._from_before = {stream: count.last_seq for stream, count in self.counts.items()}

    def compact(self) -> None:
        """Give free pages back to the file system, some at a time, when they are many and more than half of the file:
        so each page that becomes free costs one move at most, however long the backlog was."""
        with translated():
            (free,) = self._db.execute("PRAGMA freelist_count").fetchone()
            (pages,) = self._db.execute("PRAGMA page_count").fetchone()
            if free > _SPARE_PAGES and free > pages // 2:
                self._db.execute(f"PRAGMA incremental_vacuum({_SPARE_PAGES})").fetchall()

    def close(self) -> None:
        self._db.close()

    def _prepare(self, alarms: Iterable[tuple[str, str]]) -> str:
        (tables,) = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if tables == 0:
            return self._create(alarms)
        (verdict,) = self._db.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise CorruptOutboxError(f"quick_check: {verdict}")
        row = self._db.execute(self._queries["epoch"]).fetchone()
        if row is not None and row[1] in FORMER_VERSIONS:
            upgrade(self._db, former=row[1], version=VERSION)
            row = (row[0], VERSION)
        if row is None or row[1] != VERSION:
            raise CorruptOutboxError(f"outbox version: got {row and row[1]!r}, expected {VERSION}")
        return str(row[0])

    def _create(self, alarms: Iterable[tuple[str, str]]) -> str:
        epoch = secrets.token_hex(6)
        self._db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        self._db.execute("PRAGMA journal_mode = WAL")
        with transaction(self._db):
            for statement in self._queries["create_tables"].split(";"):
                self._db.execute(statement)
            self._db.execute(self._queries["add_epoch"], {"epoch": epoch, "version": VERSION})
            for asset, code in alarms:
                self._db.execute(self._queries["raise_alarm"], {"asset": asset, "code": code})
        return epoch

    def _keep(self, stream: Stream, items: list[T], counts: Mapping[Stream, Counts], now_us: int) -> None:
        last_seq = counts[stream].last_seq
        for batch in pack(stream, items, epoch=self.epoch, last_seq=last_seq, taken_us=now_us):
            self._add(batch, counts, now_us)

    def _add(self, batch: PackedBatch, counts: Mapping[Stream, Counts], at_us: int) -> None:
        row = {
            "stream": batch.stream.value,
            "seq": batch.seq,
            "at_us": at_us,
            "samples": batch.samples,
            "bytes": batch.size,
            "payload": batch.payload,
        }
        self._db.execute(self._queries["add_batch"], row)
        counts[batch.stream].queue(batch, at_us)

    def _note_alarms(self, events: Sequence[Event]) -> None:
        for event in events:
            if event.state is not EventState.MOMENTARY:
                query = "raise_alarm" if event.state is EventState.RAISE else "clear_alarm"
                self._db.execute(self._queries[query], {"asset": event.asset, "code": event.code})

    def _remember_alarms(self, events: Sequence[Event]) -> None:
        for event in events:
            if event.state is EventState.RAISE:
                self.alarms.add((event.asset, event.code))
            elif event.state is EventState.CLEAR:
                self.alarms.discard((event.asset, event.code))

    def _shift(self, shift_us: int, counts: Mapping[Stream, Counts]) -> None:
        """The clock was put right: what this run has written stays as old as it is."""
        for stream, count in counts.items():
            run = {"stream": stream.value, "after": self._from_before[stream], "shift_us": shift_us}
            self._db.execute(self._queries["shift_batches"], run)
            self._find_oldest(stream, count)

    def _forget(self, receipt: Receipt, count: Counts) -> None:
        if receipt.epoch != self.epoch:
            return
        for first, last in receipt.ranges:
            key = {"stream": receipt.stream.value, "first": first, "last": last}
            for samples, size in self._db.execute(self._queries["remove_range"], key).fetchall():
                count.committed += samples
                count.queued -= samples
                count.queued_bytes -= size
        self._find_oldest(receipt.stream, count)

    def _drop_old(self, counts: Mapping[Stream, Counts], oldest_us: int, *, confirmed: bool) -> None:
        for stream, count in counts.items():
            while count.oldest_us is not None and count.oldest_us < oldest_us:
                if not confirmed and self._oldest_seq(stream) <= self._from_before[stream]:
                    break
                self._drop_oldest(stream, count, TOO_OLD)

    def _make_room(self, counts: Mapping[Stream, Counts]) -> None:
        """Drop the oldest telemetry, and only then events, until it fits."""
        for stream in DROP_ORDER:
            count = counts[stream]
            while count.queued and sum(one.queued_bytes for one in counts.values()) > self._limits.max_bytes:
                self._drop_oldest(stream, count, FULL)

    def _oldest_seq(self, stream: Stream) -> int:
        (seq, *_) = self._db.execute(self._queries["oldest"], {"stream": stream.value}).fetchone()
        return int(seq)

    def _drop_oldest(self, stream: Stream, count: Counts, reason: str) -> None:
        row = self._db.execute(self._queries["oldest"], {"stream": stream.value}).fetchone()
        seq, _, samples, size = row
        self._db.execute(self._queries["remove_batch"], {"stream": stream.value, "seq": seq})
        count.queued -= samples
        count.queued_bytes -= size
        count.drop(samples, reason)
        self._find_oldest(stream, count)

    def _find_oldest(self, stream: Stream, count: Counts) -> None:
        row = self._db.execute(self._queries["oldest"], {"stream": stream.value}).fetchone()
        count.oldest_us = row[1] if row else None
