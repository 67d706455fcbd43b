"""The fast way to read a pack and the strict one give the same, or the fast one leaves it to the strict one."""

import json
from datetime import timedelta

import numpy as np
import pytest
from arriving import NOON, arrival, pack_of, telemetry
from hypothesis import given
from hypothesis import strategies as st

from anju_contracts.envelope import Envelope
from anju_contracts.senml import Pack, encode_pack
from anju_contracts.topics import Channel
from anju_platform.ingest.decode import decode, decode_all
from anju_platform.ingest.models import Arrival, Message, TelemetryBatch, Unreadable
from anju_platform.ingest.plain_packs import read_plain
from anju_platform.storage.samples import to_us

IDS = {f"lift-0{number}/{point}": number * 10 + index for number in (1, 2) for index, point in enumerate("abc")}
DAYS = 30

names = st.sampled_from([*IDS, "lift-09/a", "lift-01/unknown"])
moments = st.sampled_from([NOON, NOON - timedelta(hours=1), NOON + timedelta(minutes=20), NOON - timedelta(days=40)])
moments_us = st.builds(lambda at, us: to_us(at) + us, moments, st.integers(-5_000_000, 5_000_000))
values = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0.0, -0.0, 1e308, 5])
rows = st.tuples(names, moments_us, values, st.sampled_from([0, 0, 0, 1, 2]))
envelopes = st.none() | st.builds(Envelope, st.just("e1"), st.integers(1, 9), st.booleans(), st.none() | st.just(NOON))


@st.composite
def packs(draw: st.DrawFn) -> bytes:
    pack = Pack(draw(envelopes))
    for row in draw(st.lists(rows, min_size=1, max_size=12)):
        pack.append(*row)
    return encode_pack(pack)


json_values = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.sampled_from(["", "lift-01/"])
labels = {
    "bn": st.sampled_from(["lift-01/", "lift-02/", "", None]) | json_values,
    "bt": st.sampled_from([to_us(NOON) / 1e6, 0, None]) | json_values,
    "n": st.sampled_from(["a", "b", "lift-01/c", "nothing"]) | json_values,
    "v": values | json_values,
    "t": st.sampled_from([0, 1.5, -60, None]) | json_values,
    "q": st.sampled_from([0, 1, 2, 3, -1]) | json_values,
    "u": st.just("Cel"),
    "epoch": st.just("e1"),
    "seq": st.integers(-1, 5),
    "x": json_values,
    "must_": json_values,
}
records = st.fixed_dictionaries({}, optional=labels) | st.fixed_dictionaries(
    {"bn": st.just("lift-01/"), "n": st.sampled_from("abc"), "v": values}, optional={"bt": st.just(to_us(NOON) / 1e6)}
)
odd_packs = st.lists(records, max_size=4).map(lambda found: json.dumps(found).encode())


def shown(message: Message) -> object:
    """Everything of it, columns as bytes."""
    if not isinstance(message, TelemetryBatch):
        return message
    samples = message.samples
    columns = [column.tobytes() for column in (samples.point_ids, samples.at_us, samples.values, samples.qualities)]
    rest = (message.envelope, message.unknown, message.letters, message.size, message.first_at_us, message.last_at_us)
    return message.arrival, message.address, rest, columns


@given(st.lists(packs() | odd_packs | st.binary(max_size=20), max_size=6))
def test_many_at_once_are_read_as_one_by_one(payloads: list[bytes]) -> None:
    arrivals = [arrival(Channel.TELEMETRY, payload) for payload in payloads]
    many = decode_all(arrivals, lambda _: IDS, telemetry_days=DAYS)
    one_by_one = [decode(one, lambda _: IDS, telemetry_days=DAYS) for one in arrivals]
    assert [shown(message) for message in many] == [shown(message) for message in one_by_one]


def test_what_our_gateways_send_goes_the_fast_way() -> None:
    pack = pack_of([("lift-01/a", NOON, 1.0), ("lift-02/b", NOON - timedelta(seconds=2), 2.5)], seq=3)
    pack.qualities[1] = 2
    plain = read_plain(encode_pack(pack), IDS)
    assert plain is not None
    assert (plain.envelope, list(plain.point_ids), list(plain.values)) == (pack.envelope, [10, 21], [1.0, 2.5])
    assert list(plain.qualities) == [0, 2]


@pytest.mark.parametrize(
    "payload",
    [
        b"[]",
        b"[" * 2_000,
        b'[{"n":"lift-01/a","v":1,"u":"Cel"}]',
        b'[{"n":"lift-01/a"}]',
        b'[{"n":"lift-09/a","v":1}]',
        b'[{"n":"lift-01/a","v":1},{"n":"lift-01/b","v":1,"bt":5}]',
        b'[{"n":"lift-01/a","v":1,"seq":1}]',
        b"[" + b",".join([b'{"n":"lift-01/a","v":1}'] * 10_001) + b"]",
    ],
)
def test_what_only_the_strict_way_can_judge_is_left_to_it(payload: bytes) -> None:
    assert read_plain(payload, IDS) is None


def test_each_message_keeps_its_place_whichever_way_it_goes() -> None:
    good = [telemetry([("lift-01/a", NOON, float(number))], seq=number) for number in (1, 2)]
    broken = [arrival(Channel.TELEMETRY, b"{"), Arrival("anju/1/a b/gw-1/telemetry", good[0].payload, NOON)]
    found = decode_all([good[0], broken[0], good[1], broken[1]], lambda _: IDS, telemetry_days=DAYS)
    assert [type(message) for message in found] == [TelemetryBatch, Unreadable, TelemetryBatch, Unreadable]
    assert [message.arrival for message in found] == [good[0], broken[0], good[1], broken[1]]
    assert decode_all([], lambda _: IDS, telemetry_days=DAYS) == []


def test_the_columns_of_many_packs_are_views_of_the_same_memory() -> None:
    arrivals = [telemetry([("lift-01/a", NOON, float(number))], seq=number) for number in (1, 2)]
    first, second = decode_all(arrivals, lambda _: IDS, telemetry_days=DAYS)
    assert isinstance(first, TelemetryBatch)
    assert isinstance(second, TelemetryBatch)
    assert first.samples.values.base is not None
    assert first.samples.values.base is second.samples.values.base
    assert np.concatenate([first.samples.values, second.samples.values]).tolist() == [1.0, 2.0]
