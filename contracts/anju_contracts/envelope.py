"""Which outbox a batch comes from: the key of the ledger is (gateway, epoch, stream, seq)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from anju_contracts.errors import ContractError
from anju_contracts.moments import check_moment
from anju_contracts.names import check_name

MAX_SEQ = 2**53 - 1


class Stream(StrEnum):
    """Batches are numbered for each stream by itself; events never wait behind telemetry."""

    TELEMETRY = "telemetry"
    EVENT = "event"


@dataclass(frozen=True, slots=True)
class Envelope:
    """`epoch` names the outbox file; `seq` counts its batches of one stream from 1; `historical` marks backfill.
    `taken_at` is when the gateway wrote the batch, by the clock that its accounts tell the offset of."""

    epoch: str
    seq: int
    historical: bool = False
    taken_at: datetime | None = None


def envelope_of(
    epoch: str | None, seq: int | None, historical: bool | None, taken_at: datetime | None = None, *, message: str
) -> Envelope | None:
    """The envelope, or None when a hand-made message has neither epoch nor seq (it gets no receipt)."""
    if epoch is None and seq is None:
        return None
    if epoch is None or seq is None:
        missing = "epoch" if epoch is None else "seq"
        raise ContractError(message, missing, None, "epoch and seq together, or neither")
    check_name(epoch, message=message, field="epoch")
    if not 1 <= seq <= MAX_SEQ:
        raise ContractError(message, "seq", seq, f"a whole number from 1 to {MAX_SEQ}")
    if taken_at is not None:
        check_moment(taken_at, message=message, field="taken_at")
    return Envelope(epoch, seq, bool(historical), taken_at)
