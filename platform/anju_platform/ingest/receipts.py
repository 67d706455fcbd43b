"""Receipts for what was committed, as few messages as possible. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime

from anju_contracts.envelope import Stream
from anju_contracts.receipt import Receipt, ranges_of
from anju_contracts.topics import GatewayAddress
from anju_platform.ingest.models import EventBatch, Message, TelemetryBatch, ledger_key


def receipts_for(messages: Iterable[Message], *, at: datetime) -> Iterator[tuple[GatewayAddress, Receipt]]:
    """One receipt for each gateway, epoch and stream; a batch that was committed earlier gets one again."""
    seqs: defaultdict[tuple[str, str, str, Stream], list[int]] = defaultdict(list)
    for message in messages:
        key = ledger_key(message) if isinstance(message, TelemetryBatch | EventBatch) else None
        if key is not None:
            seqs[key[:4]].append(key.seq)
    for (community, gateway, epoch, stream), numbers in seqs.items():
        yield GatewayAddress(community, gateway), Receipt(epoch, stream, ranges_of(numbers), at)
