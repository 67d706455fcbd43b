"""Receipts for what was committed, as few messages as possible. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from anju_contracts.envelope import Stream
from anju_contracts.receipt import Receipt, ranges_of
from anju_contracts.topics import GatewayAddress
from anju_platform.ingest.models import EventBatch, Message, TelemetryBatch, ledger_key


def receipts_for(messages: Iterable[Message]) -> Iterator[tuple[GatewayAddress, Receipt]]:
    """One receipt for each gateway, epoch and stream; a batch that was committed earlier gets one again."""
    seqs: defaultdict[tuple[GatewayAddress, str, Stream], list[int]] = defaultdict(list)
    for message in messages:
        key = ledger_key(message) if isinstance(message, TelemetryBatch | EventBatch) else None
        if key is not None:
            seqs[GatewayAddress(key.community, key.gateway), key.epoch, key.stream].append(key.seq)
    for (address, epoch, stream), numbers in seqs.items():
        yield address, Receipt(epoch, stream, ranges_of(numbers))
