"""From what agents hand over to payloads that are ready to be published."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from anju_contracts.envelope import Envelope, Stream
from anju_contracts.event import Event, EventBatch, encode_events
from anju_contracts.senml import Pack, encode_pack
from anju_edge_agent.samples import Sample

SAMPLES_A_BATCH = 500
EVENTS_A_BATCH = 200
T = TypeVar("T")
_LIVE, _HISTORICAL = b'"historical":false', b'"historical":true'


@dataclass(frozen=True, slots=True)
class PackedBatch:
    """`samples` counts samples or events; `payload` says that it is live."""

    stream: Stream
    seq: int
    samples: int
    payload: bytes


class Names:
    """`asset/point` of samples, remembered: there are as many as points, and each comes a thousand times a day."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, str], str] = {}

    def of(self, sample: Sample) -> str:
        key = (sample.asset, sample.point)
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = f"{sample.asset}/{sample.point}"
        return name


def pack_samples(samples: Sequence[Sample], names: Names, *, epoch: str, last_seq: int) -> list[PackedBatch]:
    """Batches of at most SAMPLES_A_BATCH, numbered from `last_seq` + 1."""
    batches = []
    for seq, some in enumerate(_chunks(samples, SAMPLES_A_BATCH), last_seq + 1):
        pack = Pack(
            Envelope(epoch, seq, historical=False),
            [names.of(sample) for sample in some],
            [sample.at_us for sample in some],
            [sample.value for sample in some],
            [sample.quality for sample in some],
            [None] * len(some),
        )
        batches.append(PackedBatch(Stream.TELEMETRY, seq, len(some), encode_pack(pack)))
    return batches


def pack_events(events: Sequence[Event], *, epoch: str, last_seq: int) -> list[PackedBatch]:
    """Batches of at most EVENTS_A_BATCH, numbered from `last_seq` + 1."""
    return [
        PackedBatch(
            Stream.EVENT, seq, len(some), encode_events(EventBatch(Envelope(epoch, seq, historical=False), list(some)))
        )
        for seq, some in enumerate(_chunks(events, EVENTS_A_BATCH), last_seq + 1)
    ]


def as_historical(payload: bytes) -> bytes:
    """The same batch, marked as backfill. The label stands once in a payload: inside a JSON string its quotes would
    be escaped."""
    return payload.replace(_LIVE, _HISTORICAL, 1)


def _chunks(items: Sequence[T], most: int) -> Iterable[Sequence[T]]:
    for start in range(0, len(items), most):
        yield items[start : start + most]
