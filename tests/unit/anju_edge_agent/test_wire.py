"""Wires over real sockets and pseudo-terminals."""

import os
import socket
import tty
from collections.abc import Iterator

import pytest

from anju_edge_agent.errors import BusError
from anju_edge_agent.place import SerialPlace, TcpPlace
from anju_edge_agent.wire import UNANSWERED_BEFORE_RECONNECT, Wire

WITHIN_S = 20.0


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(WITHIN_S)
        yield server


def wire_to(server: socket.socket) -> Wire:
    return Wire(TcpPlace("127.0.0.1", server.getsockname()[1]), timeout_s=WITHIN_S)


def test_bytes_go_both_ways_and_silence_is_no_error(listener: socket.socket) -> None:
    wire = wire_to(listener)
    wire.write(b"question")
    other, _ = listener.accept()
    with other:
        assert other.recv(100) == b"question"
        assert wire.read(0) == b""
        other.sendall(b"answer")
        assert wire.read(WITHIN_S) == b"answer"
    wire.close()
    assert not wire.connected


def test_what_is_left_on_the_line_is_thrown_away(listener: socket.socket) -> None:
    wire = wire_to(listener)
    wire.open()
    other, _ = listener.accept()
    with other:
        other.sendall(b"late")
        wire.drain(0.2)
        assert wire.read(0) == b""
    wire.close()


def test_a_connection_that_is_closed_is_an_error_with_its_place_and_is_made_anew(listener: socket.socket) -> None:
    wire = wire_to(listener)
    wire.open()
    listener.accept()[0].close()
    with pytest.raises(BusError, match=r"127\.0\.0\.1:\d+: connection lost \(closed by the other side\)"):
        wire.read(WITHIN_S)
    wire.write(b"again")
    other, _ = listener.accept()
    with other:
        assert other.recv(100) == b"again"
    wire.close()


def test_a_connection_over_which_nothing_is_answered_is_made_anew(listener: socket.socket) -> None:
    wire = wire_to(listener)
    for _ in range(UNANSWERED_BEFORE_RECONNECT):
        wire.write(b"?")
    first, _ = listener.accept()
    wire.write(b"!")
    second, _ = listener.accept()
    with first, second:
        assert second.recv(100) == b"!"
    wire.close()


def test_a_place_where_nobody_listens_is_not_asked_again_at_once(listener: socket.socket) -> None:
    wire = wire_to(listener)
    listener.close()
    with pytest.raises(BusError, match=r"no connection \(.*refused"):
        wire.open()
    with pytest.raises(BusError, match=r"no connection$"):
        wire.open()


def test_a_serial_port_carries_bytes_and_is_this_wires_alone() -> None:
    near, far = os.openpty()
    tty.setraw(far)
    place = SerialPlace(os.ttyname(far), 2400, "even")
    wire, other = Wire(place, timeout_s=WITHIN_S), Wire(place, timeout_s=WITHIN_S)
    wire.write(b"question")
    assert os.read(near, 100) == b"question"
    os.write(near, b"answer")
    assert wire.read(WITHIN_S) == b"answer"
    with pytest.raises(BusError, match=r"2400 8E1\): no connection"):
        other.open()
    wire.close()
    for handle in (near, far):
        os.close(handle)


def test_what_a_closed_connection_still_held_back_never_arrives(listener: socket.socket) -> None:
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    wire = Wire(TcpPlace("127.0.0.1", listener.getsockname()[1]), timeout_s=0.2)
    with pytest.raises(BusError, match="timed out"):
        write_for_ever(wire)
    other, _ = listener.accept()
    other.settimeout(WITHIN_S)
    with other, pytest.raises(ConnectionResetError):
        read_to_the_end(other)


def write_for_ever(wire: Wire) -> None:
    while True:
        wire.write(bytes(65_536))


def read_to_the_end(end: socket.socket) -> None:
    while end.recv(65_536):
        pass
