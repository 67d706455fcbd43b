"""The bytes between libosdp and a bus: it never waits, and a bus that is gone is silence."""

from osdp import Channel

from anju_edge_agent.errors import BusError
from anju_edge_agent.place import Place
from anju_edge_agent.wire import Wire


class WireChannel(Channel):  # type: ignore[misc]  # the package has no types
    """`trouble` is why there is no connection; `heard` whether anything came since it was last asked."""

    def __init__(self, place: Place, *, timeout_s: float) -> None:
        super().__init__()
        self._wire = Wire(place, timeout_s=timeout_s)
        self._received = b""
        self._heard = False
        self.trouble: str | None = None

    def read(self, max_bytes: int) -> bytes:
        try:
            came = self._wire.read(0)
            self.trouble = None
        except BusError as exc:
            came, self._received = b"", b""
            self.trouble = str(exc)
        self._heard = self._heard or bool(came)
        self._received += came
        taken, self._received = self._received[:max_bytes], self._received[max_bytes:]
        return taken

    def write(self, buf: bytes) -> int:
        try:
            self._wire.write(bytes(buf))
        except BusError as exc:
            self.trouble = str(exc)
        return len(buf)

    def flush(self) -> None:
        self._received = b""

    def close(self) -> None:
        self._wire.close()

    def was_heard(self) -> bool:
        heard, self._heard = self._heard, False
        return heard
