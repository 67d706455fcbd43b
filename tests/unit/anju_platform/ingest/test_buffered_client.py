"""Packets as a broker writes them, in whatever pieces they come."""

import socket
from dataclasses import dataclass, field
from threading import Thread

import paho.mqtt.client as mqtt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.enums import CallbackAPIVersion

from anju_platform.ingest.buffered_client import BufferedClient, number_at, packet_end, read_message

LONG_S = 30.0
LONGEST = 268_435_455
CONNACK = b"\x20\x03\x00\x00\x00"
PINGRESP = b"\xd0\x00"


def number(value: int) -> bytes:
    """As a variable byte integer."""
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])


def publish(topic: bytes, payload: bytes, *, mid: int = 0, qos: int = 1, properties: bytes = b"") -> bytes:
    numbered = mid.to_bytes(2, "big") if qos else b""
    body = len(topic).to_bytes(2, "big") + topic + numbered + number(len(properties)) + properties + payload
    return bytes([0x30 | qos << 1]) + number(len(body)) + body


messages = st.tuples(
    st.binary(max_size=40),
    st.binary(max_size=300),
    st.integers(1, 65_535),
    st.sampled_from([0, 1]),
    st.binary(max_size=200),
)


@given(st.integers(0, LONGEST), st.binary(max_size=3))
def test_a_number_is_read_as_it_was_written(value: int, after: bytes) -> None:
    assert number_at(number(value) + after, 0) == (value, len(number(value)))


@given(messages, st.binary(max_size=5), st.binary(max_size=5))
def test_a_message_is_read_from_among_other_packets(
    message: tuple[bytes, bytes, int, int, bytes], before: bytes, after: bytes
) -> None:
    topic, payload, mid, qos, properties = message
    packet = publish(topic, payload, mid=mid, qos=qos, properties=properties)
    buffer = before + packet + after
    end = packet_end(buffer, len(before))
    assert end == len(before) + len(packet)
    assert read_message(buffer, len(before), end) == (topic, payload, mid if qos else 0, qos)


@given(messages, st.data())
def test_a_packet_that_has_not_come_as_a_whole_has_no_end(
    message: tuple[bytes, bytes, int, int, bytes], data: st.DataObject
) -> None:
    topic, payload, mid, qos, properties = message
    packet = publish(topic, payload, mid=mid, qos=qos, properties=properties)
    assert packet_end(packet[: data.draw(st.integers(0, len(packet) - 1))], 0) is None


def test_a_length_that_is_none_ends_with_the_buffer() -> None:
    assert packet_end(b"\x30\xff\xff\xff\xff\x01", 0) == 6


@pytest.mark.parametrize(
    "packet",
    [
        b"\x40\x02\x00\x01",
        publish(b"t", b"p", mid=1, qos=2),
        b"\x32\x00",
        b"\x32\x02\x00\x09",
        b"\x32\x05\x00\x01t\x00\x01",
        b"\x32\x06\x00\x01t\x00\x01\x7f",
        b"\x32\x0a\x00\x01t\x00\x01\xff\xff\xff\xff\x01",
    ],
)
def test_whatever_is_no_whole_message_is_left_to_paho(packet: bytes) -> None:
    end = packet_end(packet, 0)
    assert end == len(packet)
    assert read_message(packet, 0, end) is None


@given(st.binary(max_size=60))
def test_any_bytes_are_read_without_an_error(buffer: bytes) -> None:
    end = packet_end(buffer, 0)
    assert end is None or read_message(buffer, 0, end) is None or end <= len(buffer)


@dataclass
class FakeBroker:
    """Accepts one connection after the other; each gets `sent` byte by byte, and is closed once it was acknowledged."""

    listener: socket.socket
    sent: bytes
    acknowledged: list[bytes] = field(default_factory=list)

    def serve(self, connections: int) -> None:
        for _ in range(connections):
            client, _ = self.listener.accept()
            with client:
                client.settimeout(LONG_S)
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                client.recv(4096)
                for byte in CONNACK + self.sent:
                    client.sendall(bytes([byte]))
                self.acknowledged.append(client.recv(4096))


def test_messages_come_whole_out_of_pieces_and_again_after_the_connection_broke() -> None:
    taken: list[tuple[bytes, bytes, int, int]] = []
    client = BufferedClient(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5, manual_ack=True)

    def take(topic: bytes, payload: bytes, mid: int, qos: int) -> None:
        taken.append((topic, payload, mid, qos))
        if len(taken) % 2 == 0:
            client.ack_all([7, 8])

    client.take = take
    client.reconnect_delay_set(min_delay=1, max_delay=1)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(LONG_S)
        broker = FakeBroker(listener, publish(b"t", b"x" * 300, mid=7) + PINGRESP + publish(b"t", b"", mid=8))
        serving = Thread(target=broker.serve, args=(2,))
        serving.start()
        client.connect_async("127.0.0.1", listener.getsockname()[1])
        client.loop_start()
        serving.join(LONG_S)
        client.disconnect()
        client.loop_stop()
    assert taken == [(b"t", b"x" * 300, 7, 1), (b"t", b"", 8, 1)] * 2
    assert broker.acknowledged == [b"\x40\x02\x00\x07\x40\x02\x00\x08"] * 2


def test_nothing_is_acknowledged_without_a_connection() -> None:
    client = BufferedClient(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5, manual_ack=True)
    client.ack_all([1])
    assert not client.want_write()
