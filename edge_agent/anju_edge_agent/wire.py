"""Bytes to and from a bus, over a serial port or a TCP connection; whatever goes wrong becomes a BusError."""

import select
import socket
import struct
import time
from typing import Protocol

import serial

from anju_edge_agent.backoff import Backoff
from anju_edge_agent.errors import BusError
from anju_edge_agent.place import Place, SerialPlace, TcpPlace

_CHUNK = 4_096
UNANSWERED_BEFORE_RECONNECT = 40
"""A serial server that lost its power says no goodbye; whoever writes to it finds out after minutes. So a connection
over which so many writes found no answer at all is made anew."""
_AT_ONCE = struct.pack("ii", 1, 0)
"""A connection is closed without sending what it still holds: an order to a door that comes out late opens it late."""
_LETTERS = {"none": serial.PARITY_NONE, "even": serial.PARITY_EVEN, "odd": serial.PARITY_ODD}


class _End(Protocol):
    """An open serial port or socket; `receive` gives b"" when nothing is there yet."""

    def fileno(self) -> int: ...
    def send(self, data: bytes) -> None: ...
    def receive(self) -> bytes: ...
    def close(self) -> None: ...


class Wire:
    """Used by one thread. Connects when it is needed, with back-off; `close` may be followed by anything."""

    def __init__(self, place: Place, *, timeout_s: float) -> None:
        self.place = place
        self._timeout_s = timeout_s
        self._end: _End | None = None
        self._backoff = Backoff(first_s=0.2, most_s=30.0)
        self._retry_at_s = 0.0
        self._unanswered = 0

    @property
    def connected(self) -> bool:
        return self._end is not None

    def open(self) -> None:
        """BusError when there is no connection, and when it is too early to try again."""
        if self._end is not None:
            return
        if time.monotonic() < self._retry_at_s:
            raise BusError(f"{self.place}: no connection")
        try:
            self._end = _opened(self.place, self._timeout_s)
        except (OSError, ValueError) as exc:
            self._retry_at_s = time.monotonic() + self._backoff.next_s()
            raise BusError(f"{self.place}: no connection ({exc})") from exc
        self._backoff.reset()

    def write(self, data: bytes) -> None:
        if self._unanswered >= UNANSWERED_BEFORE_RECONNECT and isinstance(self.place, TcpPlace):
            self.close()
        self.open()
        self._unanswered += 1
        assert self._end is not None
        try:
            self._end.send(data)
        except OSError as exc:
            raise self._lost(exc) from exc

    def read(self, wait_s: float) -> bytes:
        """What is there; what comes first within `wait_s` real seconds, where nothing is; b"" when nothing came."""
        self.open()
        assert self._end is not None
        try:
            ready, _, _ = select.select([self._end.fileno()], [], [], max(0.0, wait_s))
            received = self._end.receive() if ready else b""
        except (OSError, ValueError) as exc:
            raise self._lost(exc) from exc
        if received:
            self._unanswered = 0
        return received

    def drain(self, quiet_s: float) -> None:
        """Throw away what is there and what still comes, until nothing came for `quiet_s`; not for ever."""
        until_s = time.monotonic() + self._timeout_s
        while self.read(quiet_s) and time.monotonic() < until_s:
            pass

    def close(self) -> None:
        end, self._end = self._end, None
        self._unanswered = 0
        if end is not None:
            end.close()

    def _lost(self, exc: Exception) -> BusError:
        self.close()
        return BusError(f"{self.place}: connection lost ({exc})")


def _opened(place: Place, timeout_s: float) -> _End:
    return _TcpEnd(place, timeout_s) if isinstance(place, TcpPlace) else _SerialEnd(place, timeout_s)


class _TcpEnd:
    def __init__(self, place: TcpPlace, timeout_s: float) -> None:
        self._socket = socket.create_connection((place.host, place.port), timeout=timeout_s)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)

    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def receive(self) -> bytes:
        data = self._socket.recv(_CHUNK)
        if not data:
            raise ConnectionResetError("closed by the other side")
        return data

    def close(self) -> None:
        self._socket.close()


class _SerialEnd:
    """The port is ours alone: two readers on a bus would take each other's answers."""

    def __init__(self, place: SerialPlace, timeout_s: float) -> None:
        self._port = serial.Serial(
            place.path,
            place.baud,
            parity=_LETTERS[place.parity],
            stopbits=place.stop_bits,
            timeout=0,
            write_timeout=timeout_s,
            exclusive=True,
        )

    def fileno(self) -> int:
        return int(self._port.fileno())

    def send(self, data: bytes) -> None:
        self._port.write(data)

    def receive(self) -> bytes:
        data = bytes(self._port.read(_CHUNK))
        if not data:
            raise ConnectionResetError("the port went away")
        return data

    def close(self) -> None:
        self._port.close()
