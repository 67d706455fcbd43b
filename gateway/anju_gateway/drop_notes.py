"""Drops that the outbox can't count yet, because its disk takes nothing: noted where the room was taken in good time.

Writing over bytes that a file has already takes no room, on all but copy-on-write file systems. What is noted are
totals, so it does no harm when the outbox has counted them by the time they are read.
"""

import logging
import os
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from anju_contracts.envelope import Stream
from anju_gateway.counts import Counts

ROOM_BYTES = 4_096
log = logging.getLogger(__name__)


class _Noted(msgspec.Struct, frozen=True):
    """What was dropped in `epoch` by stream and reason, counted or not."""

    epoch: str
    dropped: dict[Stream, dict[str, int]]


class DropNotes:
    """In the file `path`, of ROOM_BYTES. Used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        if not path.exists() or path.stat().st_size < ROOM_BYTES:
            with suppress(OSError):
                path.write_bytes(b" " * ROOM_BYTES)

    def uncounted(self, epoch: str, counts: Mapping[Stream, Counts]) -> dict[Stream, Counter[str]]:
        """What was noted of `epoch` and is not among `counts`."""
        found: dict[Stream, Counter[str]] = {stream: Counter() for stream in Stream}
        with suppress(OSError, msgspec.DecodeError, UnicodeDecodeError):
            noted = msgspec.json.decode(self._path.read_bytes(), type=_Noted)
            for stream, drops in noted.dropped.items() if noted.epoch == epoch else ():
                found[stream] = Counter(drops) - Counter(counts[stream].dropped)
        return found

    def note(self, epoch: str, counts: Mapping[Stream, Counts]) -> None:
        """Write down what is dropped up to now; `counts` are those of the outbox and what it could not write."""
        noted = _Noted(epoch, {stream: count.dropped for stream, count in counts.items()})
        text = msgspec.json.encode(noted).ljust(ROOM_BYTES)
        try:
            with self._path.open("r+b", buffering=0) as file:
                file.write(text)
                os.fsync(file.fileno())
        except OSError as exc:
            log.warning("drops can't be noted either", extra={"reason": str(exc)})
