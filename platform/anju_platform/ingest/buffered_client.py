"""paho's client, but reading what has come at once."""

from typing import Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import MQTTErrorCode

READ_BYTES: Final = 64 * 1024


class BufferedClient(mqtt.Client):
    """paho waits for the socket before each packet and takes it from the system in three calls or more: of the time
    that a small message takes, a third. Here the packets that have come are handled one after the other.

    Should paho's way of reading change so that `_sock_recv` is not asked any more, it is a plain client again.
    """

    _received = b""
    _taken = 0

    def reconnect(self) -> MQTTErrorCode:
        self._received, self._taken = b"", 0
        return super().reconnect()

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        result = super().loop_read(max_packets)
        while not result and self._taken < len(self._received):
            result = super().loop_read(max_packets)
        return result

    def _sock_recv(self, bufsize: int) -> bytes:
        if self._taken >= len(self._received):
            self._received, self._taken = super()._sock_recv(max(bufsize, READ_BYTES)), 0
        piece = self._received[self._taken : self._taken + bufsize]
        self._taken += len(piece)
        return piece
