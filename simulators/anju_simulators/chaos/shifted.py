"""Runs a Python program whose wall clock is wrong: `python -m anju_simulators.chaos.shifted FILE PROGRAM ARGUMENTS...`

FILE holds one little-endian double, the seconds by which the clock is ahead; it may change at any moment, as when an
administrator or a bad time server sets the clock of a box. The monotonic clock is not touched, as on a real box.
"""

import mmap
import runpy
import struct
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from anju_contracts.clock import RealClock

_OFFSET = struct.Struct("<d")
_NS = 1_000_000_000


def write_offset(path: Path, offset_s: float) -> None:
    """Set the clock of whoever runs on `path`, in place."""
    path.touch()
    with path.open("r+b") as file:
        file.write(_OFFSET.pack(offset_s))


def shift(offset_s: Callable[[], float]) -> None:
    """From now on this process reads a wall clock that is `offset_s()` seconds ahead."""
    real_time, real_ns = time.time, time.time_ns

    def now(self: RealClock) -> datetime:
        return datetime.fromtimestamp(time.time(), UTC)

    time.time = lambda: real_time() + offset_s()
    time.time_ns = lambda: real_ns() + round(offset_s() * _NS)
    RealClock.now = now  # type: ignore[method-assign]


def main() -> None:
    file, program, *arguments = sys.argv[1:]
    with Path(file).open("rb") as source:
        offset = mmap.mmap(source.fileno(), _OFFSET.size, access=mmap.ACCESS_READ)
    shift(lambda: float(_OFFSET.unpack_from(offset)[0]))
    sys.argv = [program, *arguments]
    runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    main()
