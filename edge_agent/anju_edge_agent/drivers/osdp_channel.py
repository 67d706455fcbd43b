"""The bytes between libosdp and a bus: it never waits, and a bus that is gone is silence."""

from collections.abc import Callable
from typing import Final

from osdp import Channel

from anju_edge_agent.errors import BusError
from anju_edge_agent.place import Place, TcpPlace
from anju_edge_agent.wire import Wire

_MARK: Final = b"\xff"


class WireChannel(Channel):  # type: ignore[misc]  # the package has no types
    """`trouble` is why there is no connection; `was_heard` whether anything came since it was last asked, and
    `is_answered` whether anything did since something was last sent. What
    `may_send` forbids to send to an address is an error to the library, which then gives up what it was about to say
    and takes the reader for lost."""

    def __init__(self, place: Place, *, timeout_s: float, may_send: Callable[[int], bool]) -> None:
        super().__init__()
        self._place = place
        self._may_send = may_send
        self._wire = Wire(place, timeout_s=timeout_s)
        self._received = b""
        self._heard = False
        self.is_answered = False
        self.trouble: str | None = None

    def read(self, max_bytes: int) -> bytes:
        try:
            came = self._wire.read(0)
            self.trouble = None
        except BusError as exc:
            came, self._received = b"", b""
            self.trouble = str(exc)
        if came:
            self._heard = self.is_answered = True
        self._received += came
        taken, self._received = self._received[:max_bytes], self._received[max_bytes:]
        return taken

    def write(self, buf: bytes) -> int:
        if not self._may_send(_address(buf)):
            return 0
        self.is_answered = False
        try:
            self._wire.write(bytes(buf))
        except BusError as exc:
            self.trouble = str(exc)
        return len(buf)

    def flush(self) -> None:
        self._received = b""

    def drop(self) -> None:
        """What was sent and is still held back on the way, as a connection does that is cut, is not to arrive."""
        if isinstance(self._place, TcpPlace):
            self._wire.close()

    def close(self) -> None:
        self._wire.close()

    def was_heard(self) -> bool:
        heard, self._heard = self._heard, False
        return heard


def _address(frame: bytes) -> int:
    """Whom a frame is for: there may be a mark, then comes its start, then the address."""
    return frame.removeprefix(_MARK)[1]
