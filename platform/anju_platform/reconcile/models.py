"""Typed records: the balance of one stream of one outbox, what is wrong with a gateway, readings of its clock."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

SeqRange = tuple[int, int]
"""First and last seq, both included."""


class FaultCode(StrEnum):
    """`amount` of a fault is in samples, of SEQ_WENT_BACK in batches, of ACCOUNT_OVERDUE and CLOCK_WRONG in seconds."""

    LOST = "lost"
    """The gateway forgot them on a receipt, or they left its outbox undropped, and the ledger doesn't have them."""
    STORED_TWICE = "stored_twice"
    """The ledger has more than the gateway ever produced."""
    LEFT_BEHIND = "left_behind"
    """Queued in an outbox that the gateway has replaced since."""
    SEQ_WENT_BACK = "seq_went_back"
    """The outbox gave numbers a second time: an old copy of it was put back, and new batches pass for repeated ones."""
    DROPPED = "dropped"
    """The outbox gave samples up within the last hour."""
    ACCOUNT_OVERDUE = "account_overdue"
    CLOCK_WRONG = "clock_wrong"


@dataclass(frozen=True, slots=True)
class Balance:
    """Of one stream of one outbox: what its newest account says, in samples, and what the ledger has up to `last_seq`.

    `current` says whether it is the outbox that the gateway uses now. `first_queued` is None where it is not told.
    What is stored was counted against an account that said `counted_committed` and `counted_last_seq`; `is_counted`
    says whether that is still the newest account.
    """

    community: str
    gateway: str
    epoch: str
    stream: str
    produced: int
    committed: int
    queued: int
    dropped: dict[str, int]
    dropped_at: datetime | None
    last_seq: int
    highest_seq: int
    first_queued: int | None
    received_at: datetime
    stored_batches: int
    stored_samples: int
    current: bool
    counted_committed: int
    counted_last_seq: int
    is_counted: bool

    @property
    def missing_batches(self) -> int:
        """Batches that the ledger doesn't have: queued, dropped or lost."""
        return max(0, self.counted_last_seq - self.stored_batches)

    @property
    def dropped_samples(self) -> int:
        return sum(self.dropped.values())

    @property
    def drops_have_gaps(self) -> bool:
        """Whether some that were dropped had a number. What the disk didn't take never got one."""
        return any(samples for reason, samples in self.dropped.items() if not reason.startswith("disk_"))

    @property
    def lost_samples(self) -> int:
        """Committed by the gateway's account, but not in the ledger. At least that; batches whose receipt is on its
        way may hide as many."""
        return max(0, self.counted_committed - self.stored_samples)


@dataclass(frozen=True, slots=True)
class Presence:
    """Of one gateway: `heard_at` is when its newest account came, or when it was first heard of; None for never."""

    community: str
    gateway: str
    state: str
    heard_at: datetime | None


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is wrong with a gateway now."""

    community: str
    gateway: str
    code: FaultCode
    amount: float
    epoch: str = ""
    stream: str = ""
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        return self.community, self.gateway, str(self.code), self.epoch, self.stream
