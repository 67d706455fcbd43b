"""Card readers on an OSDP bus: libosdp's own peripheral side, with a secure channel, a strike and a lamp."""

import asyncio
import queue
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import osdp_sys
from osdp import Capability, CardFormat, Channel, Command, Event, LogLevel, PDCapabilities, PDInfo, StatusReportType

from anju_simulators.devices.lines import Send

REFRESH_S: Final = 0.01
WIEGAND_BITS: Final = 26
_CAPABILITIES: Final = (
    (Capability.ContactStatusMonitoring, 1, 2),
    (Capability.OutputControl, 1, 1),
    (Capability.CardDataFormat, 1, 0),
    (Capability.LEDControl, 1, 1),
    (Capability.AudibleControl, 1, 1),
    (Capability.CommunicationSecurity, 1, 1),
)
_SHOWN: Final = {Command.Output: "output", Command.Buzzer: "buzzer", Command.LED: "led"}


@dataclass(frozen=True, slots=True)
class Told:
    """A command that reached the reader: `what` is output, buzzer or led; `number` of output or lamp; its control
    code; and how long, in seconds (0: until told otherwise)."""

    what: str
    number: int
    control: int
    seconds: float


class _Ear(Channel):  # type: ignore[misc]  # the package has no types
    """What a reader hears of its bus, and how it speaks there."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = bytearray()
        self.send: Send = lambda _data: None

    def read(self, max_bytes: int) -> bytes:
        taken = bytes(self.heard[:max_bytes])
        del self.heard[:max_bytes]
        return taken

    def write(self, buf: bytes) -> int:
        self.send(bytes(buf))
        return len(buf)

    def flush(self) -> None:
        self.heard.clear()


class OsdpReader:
    """A reader at `address` (0 to 126) with the 16 bytes of its secure channel base key. What happens to it may be
    said by any thread; `told` are the commands it has obeyed. A reader that is `jammed` obeys none. One whose wires
    are bad `hears_up_to` so many bytes in a frame (0: it is away, None: all is well) and has `missed` the others."""

    def __init__(self, address: int, key: bytes) -> None:
        osdp_sys.set_loglevel(LogLevel.Emergency)
        self.told: list[Told] = []
        self.jammed = False
        self.hears_up_to: int | None = None
        self.missed = 0
        self._status = [0, 0]
        self._was_secure = False
        self._happened: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._ear = _Ear()
        info = PDInfo(address, self._ear, scbk=key, name=f"reader-{address}")
        self._device = osdp_sys.PeripheralDevice(info.get(), capabilities=PDCapabilities(_CAPABILITIES).get())
        self._device.set_command_callback(self._obey)

    @property
    def is_secure(self) -> bool:
        return bool(self._device.is_sc_active())

    def present(self, card: int) -> None:
        """Hold a card with this number of 24 bits to it; it is read as Wiegand with both parities."""
        bits = wiegand26(card)
        data = int(bits.ljust(32, "0"), 2).to_bytes(4, "big")
        self._happened.put(
            {
                "event": Event.CardRead,
                "reader_no": 0,
                "direction": 0,
                "format": CardFormat.Wiegand,
                "length": WIEGAND_BITS,
                "data": data,
            }
        )

    def type_keys(self, keys: bytes) -> None:
        self._happened.put({"event": Event.KeyPress, "reader_no": 0, "data": keys})

    def set_tamper(self, *, on: bool) -> None:
        self._status[0] = int(on)
        self._report()

    def set_power_lost(self, *, on: bool) -> None:
        self._status[1] = int(on)
        self._report()

    def hear(self, data: bytes) -> None:
        if self.hears_up_to is not None and len(data) > self.hears_up_to:
            self.missed += 1
            return
        self._ear.heard += data

    def live(self, send: Send) -> None:
        """One turn, on the bus's own thread."""
        self._ear.send = send
        if self.is_secure != self._was_secure:
            self._was_secure = self.is_secure
            self._report()
        while not self._happened.empty():
            self._device.submit_event(self._happened.get())
        self._device.refresh()

    def _report(self) -> None:
        """Tamper and power, as they are; also when the panel is new, for the library answers its question with
        zeros."""
        local = StatusReportType.Local
        self._happened.put({"event": Event.Status, "type": local, "report": bytes(self._status)})

    def _obey(self, command: dict[str, Any]) -> tuple[int, None]:
        what = _SHOWN.get(command["command"])
        if what is None:
            return 0, None
        if self.jammed:
            return -1, None
        number = int(command.get("output_no", command.get("led_number", 0)))
        seconds = int(command.get("timer_count", 0)) / 10
        self.told.append(Told(what, number, int(command["control_code"]), seconds))
        return 0, None


class OsdpBus:
    """Readers on one pair of wires: each hears everything, and answers what is for it."""

    def __init__(self, readers: Sequence[OsdpReader]) -> None:
        self._readers = tuple(readers)

    async def serve(self, reader: asyncio.StreamReader, send: Send) -> None:
        living = asyncio.create_task(self._live(send))
        try:
            while data := await reader.read(256):
                for one in self._readers:
                    one.hear(data)
        finally:
            living.cancel()
            await asyncio.gather(living, return_exceptions=True)

    async def _live(self, send: Send) -> None:
        while True:
            for one in self._readers:
                one.live(send)
            await asyncio.sleep(REFRESH_S)


def wiegand26(card: int) -> str:
    """The 26 bits of a card number of 24: even parity over the first half in front, odd over the second behind."""
    bits = f"{card & 0xFFFFFF:024b}"
    even = bits[:12].count("1") % 2
    odd = 1 - bits[12:].count("1") % 2
    return f"{even}{bits}{odd}"
