"""How much an outbox took, gave up and still holds, and how that stands in its file.

Every transaction has to be counted, and agents wait for it. So the account is written only where something was
forgotten or dropped; what was queued since then is counted from its rows, whose numbers have no gap.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field

from anju_contracts.envelope import Stream
from anju_gateway.errors import CorruptOutboxError
from anju_gateway.packing import PackedBatch
from anju_gateway.queries import load_queries


@dataclass(slots=True)
class Counts:
    """Of one stream since the epoch began; `oldest_us` is when the oldest queued batch was taken, if any."""

    produced: int = 0
    committed: int = 0
    queued: int = 0
    last_seq: int = 0
    queued_bytes: int = 0
    oldest_us: int | None = None
    dropped: dict[str, int] = field(default_factory=dict)

    def copy(self) -> "Counts":
        return Counts(
            self.produced,
            self.committed,
            self.queued,
            self.last_seq,
            self.queued_bytes,
            self.oldest_us,
            {**self.dropped},
        )

    def queue(self, batch: PackedBatch, at_us: int) -> None:
        self.produced += batch.samples
        self.queued += batch.samples
        self.queued_bytes += batch.size
        self.last_seq = batch.seq
        if self.oldest_us is None:
            self.oldest_us = at_us

    def refuse(self, drops: Mapping[str, int]) -> None:
        """Count what was produced and dropped at once, by reason."""
        for reason, samples in drops.items():
            self.produced += samples
            self.drop(samples, reason)

    def drop(self, samples: int, reason: str) -> None:
        self.dropped[reason] = self.dropped.get(reason, 0) + samples


def load_counts(db: sqlite3.Connection) -> dict[Stream, Counts]:
    """CorruptOutboxError where the account and the batches contradict each other."""
    queries = load_queries()
    counts = {stream: Counts() for stream in Stream}
    for stream, produced, committed, queued, last_seq in db.execute(queries["accounts"]):
        counts[Stream(stream)] = Counts(produced, committed, queued, last_seq)
    for stream, reason, samples in db.execute(queries["drops"]):
        counts[Stream(stream)].dropped[reason] = samples
    for stream, count in counts.items():
        _count_queued(db, stream, count)
        if count.produced != count.committed + count.queued + sum(count.dropped.values()):
            raise CorruptOutboxError(f"{stream}: the account does not add up: {count}")
    return counts


def _count_queued(db: sqlite3.Connection, stream: Stream, count: Counts) -> None:
    query = {"stream": stream.value, "last_seq": count.last_seq}
    row = db.execute(load_queries()["queued"], query).fetchone()
    known, since, batches_since, last_seq, count.queued_bytes, count.oldest_us = row
    if known != count.queued:
        raise CorruptOutboxError(f"{stream}: {known} samples are there, the account says {count.queued}")
    if batches_since != last_seq - count.last_seq:
        raise CorruptOutboxError(f"{stream}: {batches_since} batches from {count.last_seq + 1} to {last_seq}")
    count.produced += since
    count.queued += since
    count.last_seq = last_seq


def save_counts(db: sqlite3.Connection, counts: Mapping[Stream, Counts], before: Mapping[Stream, Counts]) -> None:
    """Write what can't be told from the batches. `before` is what the file says."""
    queries = load_queries()
    for stream, count in counts.items():
        was = before[stream]
        if count.committed == was.committed and count.dropped == was.dropped:
            continue
        numbers = {key: getattr(count, key) for key in ("produced", "committed", "queued", "last_seq")}
        db.execute(queries["set_account"], {"stream": stream.value, **numbers})
        for reason, samples in count.dropped.items():
            if was.dropped.get(reason) != samples:
                row = {"stream": stream.value, "reason": reason, "samples": samples}
                db.execute(queries["set_drop"], row)
