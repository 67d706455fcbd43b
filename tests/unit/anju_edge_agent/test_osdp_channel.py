"""The bytes between libosdp and a bus, over a real socket and a pseudo-terminal."""

import os
import socket
import tty
from collections.abc import Iterator
from select import select

import pytest

from anju_edge_agent.drivers.osdp_channel import WireChannel
from anju_edge_agent.place import SerialPlace, TcpPlace

WITHIN_S = 20.0
TO_5 = b"\xffS\x05\x08\x00"
TO_6 = b"S\x06\x08\x00"


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(WITHIN_S)
        yield server


def channel_to(server: socket.socket, *, silent: int | None = None) -> WireChannel:
    place = TcpPlace("127.0.0.1", server.getsockname()[1])
    return WireChannel(place, timeout_s=WITHIN_S, may_send=lambda address: address != silent)


def test_nothing_is_sent_to_an_address_that_may_not_be_spoken_to(listener: socket.socket) -> None:
    channel = channel_to(listener, silent=5)
    assert channel.write(TO_5) == 0
    assert channel.write(TO_6) == len(TO_6)
    other, _ = listener.accept()
    with other:
        assert other.recv(100) == TO_6
    channel.close()


def test_a_dropped_connection_is_reset_and_made_anew(listener: socket.socket) -> None:
    channel = channel_to(listener)
    channel.write(TO_5)
    other, _ = listener.accept()
    channel.drop()
    with other, pytest.raises(ConnectionResetError):
        read_to_the_end(other)
    channel.write(TO_6)
    again, _ = listener.accept()
    with again:
        assert again.recv(100) == TO_6
    channel.close()


def test_a_serial_port_holds_nothing_back_and_is_not_dropped() -> None:
    near, far = os.openpty()
    tty.setraw(far)
    channel = WireChannel(SerialPlace(os.ttyname(far)), timeout_s=WITHIN_S, may_send=lambda _address: True)
    channel.write(TO_5)
    channel.drop()
    channel.write(TO_6)
    assert read_from(near, len(TO_5 + TO_6)) == TO_5 + TO_6
    channel.close()
    os.close(near)
    os.close(far)


def read_from(terminal: int, length: int) -> bytes:
    """What was written in two pieces may be read in two; what never comes ends the wait short."""
    came = b""
    while len(came) < length and select([terminal], [], [], WITHIN_S)[0]:
        came += os.read(terminal, length - len(came))
    return came


def read_to_the_end(end: socket.socket) -> None:
    while end.recv(100):
        pass
