"""paho's client for a subscriber in a hurry: messages are read in bulk, and acknowledged in bulk."""

import struct
from collections.abc import Callable, Sequence
from typing import Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import MQTTErrorCode

READ_BYTES: Final = 64 * 1024
Take = Callable[[bytes, bytes, int, int], None]
"""Of a message: topic, payload, number and quality of service."""
_PUBLISH: Final = 3
_SHIFTS: Final = (0, 7, 14, 21)
_PUBACK: Final = 0x40
_PUBACK_REST: Final = 2
"""Bytes of an acknowledgement of success after its first two: the number of the message."""


class BufferedClient(mqtt.Client):
    """Of the time that a small message takes in paho, nine tenths are its way to `on_message`: calls of the system,
    an object for properties that nobody looks at, a wake-up for each acknowledgement. Here all that has come is read at
    once, messages go to `take` straight from the buffer, and acknowledgements leave as one piece. Everything else is
    paho's, which gets one whole packet at a time: the connection, its life signs, what is published.

    It leans on two inner methods of paho: `_sock_recv`, by which it reads, and `_packet_queue`, by which it writes.
    """

    take: Take
    """Called for messages of a quality of service below 2, instead of `on_message`."""
    _buffer = b""
    _position = 0
    _packet_end = 0
    """Up to where paho may read."""
    _end: Exception | None = None
    """Why nothing can be read any more."""

    def reconnect(self) -> MQTTErrorCode:
        self._buffer, self._position, self._packet_end, self._end = b"", 0, 0, None
        return super().reconnect()

    def ack_all(self, mids: Sequence[int]) -> None:
        """Acknowledge messages of QoS 1, in this order; without a connection nothing, for the broker will deliver them
        again."""
        if mids and self.is_connected():
            acknowledgements = b"".join(struct.pack(">BBH", _PUBACK, _PUBACK_REST, mid) for mid in mids)
            self._packet_queue(_PUBACK, acknowledgements, mids[-1], 1)

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        self._read_what_has_come()
        result = MQTTErrorCode.MQTT_ERR_SUCCESS
        while not result and (end := packet_end(self._buffer, self._position)) is not None:
            message = read_message(self._buffer, self._position, end)
            if message is not None:
                self._position = end
                self.take(*message)
            else:
                self._packet_end = end
                result = super().loop_read(max_packets)
        if not result and self._end is not None:
            result = super().loop_read(max_packets)
        return result

    def _read_what_has_come(self) -> None:
        try:
            received = super()._sock_recv(READ_BYTES)
            if not received:
                self._end = ConnectionError("closed by the broker")
        except BlockingIOError:
            return
        except OSError as exc:
            received, self._end = b"", exc
        self._buffer = self._buffer[self._position :] + received
        self._position = self._packet_end = 0

    def _sock_recv(self, bufsize: int) -> bytes:
        piece = self._buffer[self._position : min(self._packet_end, self._position + bufsize)]
        if not piece:
            raise self._end or BlockingIOError
        self._position += len(piece)
        return piece


def packet_end(buffer: bytes, start: int) -> int | None:
    """Where the packet that begins at `start` ends; None where it has not come as a whole. A packet whose length is
    none ends with the buffer: paho will say what it thinks of it."""
    try:
        length, at = number_at(buffer, start + 1)
    except IndexError:
        return None
    except ValueError:
        return len(buffer)
    return at + length if at + length <= len(buffer) else None


def read_message(buffer: bytes, start: int, end: int) -> tuple[bytes, bytes, int, int] | None:
    """What Take takes of the packet from `start` to before `end`; None where it is no such message, or broken."""
    qos = buffer[start] >> 1 & 3
    if buffer[start] >> 4 != _PUBLISH or qos > 1:
        return None
    try:
        _, at = number_at(buffer, start + 1)
        topic_start = at + 2
        topic_end = topic_start + int.from_bytes(buffer[at:topic_start], "big")
        mid_end = topic_end + 2 * qos
        length, at = number_at(buffer, mid_end)
    except (IndexError, ValueError):
        return None
    if at + length > end:
        return None
    mid = int.from_bytes(buffer[topic_end:mid_end], "big")
    return buffer[topic_start:topic_end], buffer[at + length : end], mid, qos


def number_at(buffer: bytes, at: int) -> tuple[int, int]:
    """The variable byte integer (MQTT 5, 1.5.5) at `at`, and where it ends; IndexError where it has not come as a
    whole, ValueError where it is none."""
    value = 0
    for shift in _SHIFTS:
        byte = buffer[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte & 0x80 == 0:
            return value, at
    raise ValueError("a number of more than four bytes")
