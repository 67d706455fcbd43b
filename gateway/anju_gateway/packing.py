"""From what agents hand over to payloads that are ready to be published."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TypeVar

import msgspec

from anju_contracts.envelope import Envelope, Stream
from anju_contracts.event import Event, EventBatch, encode_events
from anju_edge_agent.samples import Sample

SAMPLES_A_BATCH = 500
EVENTS_A_BATCH = 200
T = TypeVar("T")
_US = 1_000_000
_LIVE, _HISTORICAL = b'"historical":false', b'"historical":true'


@dataclass(frozen=True, slots=True)
class PackedBatch:
    """`samples` counts samples or events; `payload` says that it is live."""

    stream: Stream
    seq: int
    samples: int
    payload: bytes


def pack_samples(samples: Sequence[Sample], *, epoch: str, last_seq: int, taken_at: datetime) -> list[PackedBatch]:
    """Batches of at most SAMPLES_A_BATCH, numbered from `last_seq` + 1."""
    return [
        PackedBatch(Stream.TELEMETRY, seq, len(some), encode_samples(some, Envelope(epoch, seq, False, taken_at)))
        for seq, some in enumerate(chunks(samples, SAMPLES_A_BATCH), last_seq + 1)
    ]


def pack_events(events: Sequence[Event], *, epoch: str, last_seq: int, taken_at: datetime) -> list[PackedBatch]:
    """Batches of at most EVENTS_A_BATCH, numbered from `last_seq` + 1."""
    return [
        PackedBatch(
            Stream.EVENT,
            seq,
            len(some),
            encode_events(EventBatch(Envelope(epoch, seq, False, taken_at), some)),
        )
        for seq, some in enumerate(chunks(events, EVENTS_A_BATCH), last_seq + 1)
    ]


def encode_samples(samples: Sequence[Sample], envelope: Envelope) -> bytes:
    """To the byte what `senml.encode_pack` writes, in a third of the time: numbers are written by one call, and the
    rest is text. Values are finite numbers, names are names."""
    _, _, at_us, values, _ = zip(*samples, strict=True)
    base_us = at_us[0] // _US * _US
    numbers = msgspec.json.encode(values)[1:-1].decode().split(",")
    asset_now, at_now, time_now, records = "", base_us, "", []
    for (asset, point, at, _, quality), number in zip(samples, numbers, strict=True):
        if at != at_now:
            at_now = at
            time_now = f',"t":{_text((at - base_us) / _US)}' if at != base_us else ""
        quality_now = f',"q":{quality:d}' if quality else ""
        if asset == asset_now:
            records.append(f'{{"n":"{point}"{time_now},"v":{number}{quality_now}')
        else:
            base = "" if records else f',"bt":{_text(float(base_us // _US))}'
            records.append(f'{{"bn":"{asset}/"{base},"n":"{point}"{time_now},"v":{number}{quality_now}')
            asset_now = asset
    records[0] += _envelope_text(envelope)
    return f"[{'},'.join(records)}}}]".encode()


def as_historical(payload: bytes) -> bytes:
    """The same batch, marked as backfill. The label stands once in a payload: inside a JSON string its quotes would
    be escaped."""
    return payload.replace(_LIVE, _HISTORICAL, 1)


def _envelope_text(envelope: Envelope) -> str:
    historical, taken_at = _text(envelope.historical), envelope.taken_at
    taken = f',"taken_at":{_text(taken_at)}' if taken_at is not None else ""
    return f',"epoch":"{envelope.epoch}","seq":{envelope.seq},"historical":{historical}{taken}'


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def chunks(items: Iterable[T], most: int) -> Iterator[list[T]]:
    """`items` in lists of at most `most`."""
    rest = iter(items)
    while some := list(islice(rest, most)):
        yield some
