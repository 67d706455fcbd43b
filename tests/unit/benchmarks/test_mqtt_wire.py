"""The load generator's packets, cut anywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.mqtt_wire import PUBACK, PUBLISH, Packets, connect_frame, mid_of, publish_frame, published

PAYLOADS = st.lists(st.binary(max_size=300), min_size=1, max_size=8)


@given(PAYLOADS, st.integers(1, 50))
def test_a_stream_cut_anywhere_gives_the_same_packets(payloads: list[bytes], width: int) -> None:
    # what a broker delivers at QoS 0: topic, no properties, payload
    frames = [_delivery("a/b", payload) for payload in payloads]
    stream = b"".join([*frames, bytes([0x40, 2, 1, 0x90])])
    packets = Packets()
    found = [one for start in range(0, len(stream), width) for one in packets.feed(stream[start : start + width])]
    assert [kind for kind, _ in found] == [PUBLISH] * len(payloads) + [PUBACK]
    assert [published(body) for kind, body in found if kind == PUBLISH] == [("a/b", payload) for payload in payloads]


@pytest.mark.parametrize("size", [0, 100, 127, 128, 16_383, 16_384, 100_000])
def test_a_frame_announces_its_own_length(size: int) -> None:
    ((kind, body),) = Packets().feed(publish_frame("anju/1/a/b/telemetry", b"x" * size, mid=7))
    assert (kind, body[-size:] if size else b"") == (PUBLISH, b"x" * size)


def test_packet_identifiers_go_round_and_are_never_zero() -> None:
    assert [mid_of(number) for number in (0, 1, 65_534, 65_535)] == [1, 2, 65_535, 1]


def test_a_connection_is_asked_for_with_a_clean_start() -> None:
    ((kind, body),) = Packets().feed(connect_frame("me"))
    assert (kind, body) == (1, b"\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x02me")


def _delivery(topic: str, payload: bytes) -> bytes:
    with_mid = publish_frame(topic, payload, mid=1)
    ((_, body),) = Packets().feed(with_mid)
    head = 2 + len(topic)
    shorter = body[:head] + body[head + 2 :]
    length, rest = bytearray(), len(shorter)
    while True:
        rest, low = divmod(rest, 128)
        length.append(low | (0x80 if rest else 0))
        if not rest:
            return bytes([0x30]) + bytes(length) + shorter
