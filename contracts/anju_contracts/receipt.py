"""Receipt: the platform has committed these batches. Only a receipt lets a gateway forget."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from anju_contracts.envelope import MAX_SEQ, Stream
from anju_contracts.errors import ContractError, decode_json
from anju_contracts.moments import check_moment
from anju_contracts.names import check_name

MESSAGE = "receipt"


class Receipt(msgspec.Struct, frozen=True, omit_defaults=True):
    """`ranges` are inclusive, ascending and apart: [[1, 5], [7, 7]] leaves 6 open; there may be none. `at` is the
    platform's time when it sent this, to which a gateway compares its own."""

    epoch: str
    stream: Stream
    ranges: list[tuple[int, int]]
    at: datetime | None = None


def decode_receipt(payload: bytes) -> Receipt:
    receipt = decode_json(payload, Receipt, MESSAGE)
    check_name(receipt.epoch, message=MESSAGE, field="epoch")
    if receipt.at is not None:
        check_moment(receipt.at, message=MESSAGE, field="at")
    previous = 0
    for index, (first, last) in enumerate(receipt.ranges):
        if not previous < first <= last <= MAX_SEQ:
            expected = "ascending inclusive ranges from 1 that don't overlap"
            raise ContractError(MESSAGE, f"ranges[{index}]", [first, last], expected)
        previous = last
    return receipt


def encode_receipt(receipt: Receipt) -> bytes:
    return msgspec.json.encode(receipt)


def ranges_of(seqs: Iterable[int]) -> list[tuple[int, int]]:
    """The shortest ranges that hold exactly `seqs`, in whatever order they come."""
    ranges: list[tuple[int, int]] = []
    for seq in sorted(set(seqs)):
        if ranges and seq == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], seq)
        else:
            ranges.append((seq, seq))
    return ranges
