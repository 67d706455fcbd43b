from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anju_contracts.codes import Severity
from anju_contracts.envelope import Envelope, Stream
from anju_contracts.event import Event, EventState, decode_events
from anju_contracts.senml import Pack, decode_pack, encode_pack
from anju_edge_agent.samples import Sample, moment_of, us_of
from anju_gateway.errors import CorruptOutboxError
from anju_gateway.packing import (
    MOST_A_BATCH,
    PackedBatch,
    encode_samples,
    message_of,
    pack,
    unpack,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
NOON = 1_767_268_800_000_000

samples = st.builds(
    Sample,
    st.sampled_from(["em-001", "lift-01", "a.b"]),
    st.sampled_from(["voltage_l1_v", "trips"]),
    st.integers(NOON, NOON + 10**13),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(0, 2),
)


def message(batch: PackedBatch, *, historical: bool) -> bytes:
    return message_of(unpack(batch.stream, batch.payload), historical=historical)


texts = st.none() | st.text(max_size=20) | st.just('{"historical":false}')


@given(st.lists(samples, min_size=1, max_size=1_200), st.integers(0, 10**9), st.booleans())
def test_samples_come_out_of_their_batches_as_they_went_in(
    given_samples: list[Sample], last_seq: int, historical: bool
) -> None:
    batches = list(pack(Stream.TELEMETRY, given_samples, epoch="e1", last_seq=last_seq, taken_us=us_of(NOW)))
    packs = [decode_pack(message(batch, historical=historical), now=NOW) for batch in batches]
    rows = [row for one in packs for row in zip(one.names, one.at_us, one.values, one.qualities, strict=True)]
    assert rows == [(f"{one.asset}/{one.point}", one.at_us, one.value, one.quality) for one in given_samples]
    assert [batch.seq for batch in batches] == list(range(last_seq + 1, last_seq + 1 + len(batches)))
    assert [one.envelope for one in packs] == [Envelope("e1", batch.seq, historical, NOW) for batch in batches]
    assert [batch.samples for batch in batches] == [len(one) for one in packs]
    assert all(batch.samples <= MOST_A_BATCH[Stream.TELEMETRY] for batch in batches)


@given(st.lists(samples, min_size=1, max_size=60), st.none() | st.just(NOW))
def test_a_pack_is_to_the_byte_what_the_contract_writes(given_samples: list[Sample], taken_at: datetime | None) -> None:
    envelope = Envelope("e1", 7, False, taken_at)
    whole = Pack(envelope)
    for one in given_samples:
        whole.append(f"{one.asset}/{one.point}", one.at_us, one.value, one.quality)
    assert encode_samples(given_samples, envelope) == encode_pack(whole)


@given(st.lists(texts, min_size=1, max_size=500))
def test_events_come_out_of_their_batches_as_they_went_in_also_as_backfill(found: list[str | None]) -> None:
    events = [
        Event("lift-01", "lift.tilt", moment_of(NOON + index), EventState.RAISE, Severity.MINOR, text=text)
        for index, text in enumerate(found)
    ]
    batches = list(pack(Stream.EVENT, events, epoch="e1", last_seq=0, taken_us=us_of(NOW)))
    decoded = [decode_events(message(batch, historical=True)) for batch in batches]
    assert [event for batch in decoded for event in batch.events] == events
    assert [batch.envelope for batch in decoded] == [Envelope("e1", batch.seq, True, NOW) for batch in batches]
    assert all(batch.stream is Stream.EVENT and batch.samples <= MOST_A_BATCH[Stream.EVENT] for batch in batches)


@pytest.mark.parametrize("payload", [b"", b"[]", b"\xc1", b"\x93\xa1e\x01\x02", b"[" * 5_000])
@pytest.mark.parametrize("stream", list(Stream))
def test_what_is_no_batch_is_called_corrupt(stream: Stream, payload: bytes) -> None:
    with pytest.raises(CorruptOutboxError, match=stream):
        unpack(stream, payload)


def test_whole_numbers_become_what_values_are() -> None:
    whole = [Sample("em-001", "power_w", NOON, 850)]
    (batch,) = pack(Stream.TELEMETRY, whole, epoch="e1", last_seq=6, taken_us=NOON)
    assert b'"v":850.0' in message(batch, historical=False)
