"""The few MQTT 5 packets that a load generator needs, as bytes: a client library would be the slowest part."""

import struct
from collections.abc import Iterator
from typing import Final

CONNACK: Final = 2
PUBLISH: Final = 3
PUBACK: Final = 4
SUBACK: Final = 9
MOST_MIDS: Final = 65_535


def connect_frame(client_id: str) -> bytes:
    """CONNECT with a clean start, no keep-alive, no account."""
    return _packet(0x10, _text("MQTT") + b"\x05\x02\x00\x00\x00" + _text(client_id))


def subscribe_frame(topic_filter: str) -> bytes:
    """SUBSCRIBE at QoS 0: what comes needs no acknowledgement."""
    return _packet(0x82, b"\x00\x01\x00" + _text(topic_filter) + b"\x00")


def publish_frame(topic: str, payload: bytes, *, mid: int) -> bytes:
    """PUBLISH at QoS 1."""
    return _packet(0x32, _text(topic) + struct.pack(">HB", mid, 0) + payload)


def mid_of(number: int) -> int:
    """The packet identifier of the `number`th message, from 0: they go round."""
    return number % MOST_MIDS + 1


def published(body: bytes) -> tuple[str, bytes]:
    """Topic and payload of a PUBLISH at QoS 0."""
    (size,) = struct.unpack_from(">H", body)
    properties, start = _number(body, 2 + size)
    return body[2 : 2 + size].decode(), body[start + properties :]


class Packets:
    """Cuts a stream of bytes into packets."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, more: bytes) -> Iterator[tuple[int, bytes]]:
        """(type, body) of every packet that is complete by now."""
        data, start = self._rest + more, 0
        while (end := _end_of_packet(data, start)) is not None:
            _, body = _number(data, start + 1)
            yield data[start] >> 4, data[body:end]
            start = end
        self._rest = data[start:]


def _end_of_packet(data: bytes, start: int) -> int | None:
    """Where the packet at `start` ends; None while its length or its body isn't all there."""
    lengths = data[start + 1 : start + 5]
    if all(byte & 0x80 for byte in lengths):
        return None
    size, body = _number(data, start + 1)
    return body + size if body + size <= len(data) else None


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A variable byte integer, and where the next byte is."""
    value, shift = 0, 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return value, at


def _packet(head: int, body: bytes) -> bytes:
    size, length = len(body), bytearray()
    while True:
        size, low = divmod(size, 128)
        length.append(low | (0x80 if size else 0))
        if not size:
            return bytes([head]) + bytes(length) + body


def _text(text: str) -> bytes:
    raw = text.encode()
    return struct.pack(">H", len(raw)) + raw
