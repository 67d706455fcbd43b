"""The line between gateway and broker: good, slow, cut, silent."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from anju_simulators.chaos.proxy import Line, Proxy

PATIENCE_S = 10.0
MOMENT_S = 0.2


class Echo:
    """A far end that sends back what it gets, and remembers it."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self.heard = b""
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                call, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(call,), daemon=True).start()

    def _answer(self, call: socket.socket) -> None:
        with call:
            try:
                while data := call.recv(1024):
                    self.heard += data
                    call.sendall(data)
            except OSError:
                return

    def close(self) -> None:
        self._server.close()


@pytest.fixture
def echo() -> Iterator[Echo]:
    far = Echo()
    yield far
    far.close()


@pytest.fixture
def proxy(echo: Echo) -> Iterator[Proxy]:
    with Proxy(echo.port) as line:
        yield line


def call(proxy: Proxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE_S)


def hears(near: socket.socket, text: bytes) -> bool:
    """Whether exactly `text` comes, and not nothing or an end."""
    got = b""
    while len(got) < len(text):
        try:
            more = near.recv(1024)
        except OSError:
            return False
        if not more:
            return False
        got += more
    return got == text


def wait_until_heard(far: Echo, text: bytes) -> None:
    until_s = time.monotonic() + PATIENCE_S
    while text not in far.heard:
        assert time.monotonic() < until_s, "it never got there"
        time.sleep(0.01)


def test_a_good_line_passes_everything_on(proxy: Proxy) -> None:
    with call(proxy) as near:
        near.sendall(b"birth")
        assert hears(near, b"birth")


def test_a_cut_ends_calls_and_refuses_new_ones_until_it_is_over(proxy: Proxy) -> None:
    with call(proxy) as near:
        near.sendall(b"a")
        assert hears(near, b"a")
        proxy.set(Line.CUT)
        assert not hears(near, b"b")
        with call(proxy) as other:
            assert not hears(other, b"c")
    proxy.set(Line.GOOD)
    with call(proxy) as near:
        near.sendall(b"d")
        assert hears(near, b"d")


def test_a_slow_line_delivers_late(proxy: Proxy) -> None:
    proxy.set(Line.DELAY, delay_s=MOMENT_S)
    with call(proxy) as near:
        began_s = time.monotonic()
        near.sendall(b"slow")
        assert hears(near, b"slow")
        assert time.monotonic() - began_s >= MOMENT_S


def test_a_deaf_line_takes_everything_and_gives_nothing_back(proxy: Proxy, echo: Echo) -> None:
    with call(proxy) as near:
        near.sendall(b"a")
        assert hears(near, b"a")
        proxy.set(Line.DEAF)
        near.sendall(b"taken")
        wait_until_heard(echo, b"taken")
        near.settimeout(MOMENT_S)
        assert not hears(near, b"taken")
        proxy.set(Line.GOOD)
        near.settimeout(PATIENCE_S)
        assert not hears(near, b"taken")


def test_a_hole_swallows_both_ways_and_the_calls_end_with_it(proxy: Proxy, echo: Echo) -> None:
    with call(proxy) as near:
        near.sendall(b"a")
        assert hears(near, b"a")
        proxy.set(Line.HOLE)
        near.sendall(b"swallowed")
        near.settimeout(MOMENT_S)
        assert not hears(near, b"swallowed")
        proxy.set(Line.GOOD)
        near.settimeout(PATIENCE_S)
        assert not hears(near, b"swallowed")
        assert b"swallowed" not in echo.heard


def test_a_half_open_call_does_not_tell_that_its_far_end_is_gone(proxy: Proxy) -> None:
    with call(proxy) as near:
        near.sendall(b"a")
        assert hears(near, b"a")
        proxy.set(Line.HALF_OPEN)
        near.settimeout(MOMENT_S)
        with pytest.raises(TimeoutError):
            near.recv(1)
        near.sendall(b"into the void")
        proxy.set(Line.GOOD)
        near.settimeout(PATIENCE_S)
        assert not hears(near, b"into the void")
