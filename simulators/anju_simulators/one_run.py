"""A command that starts many programs: one at a time in a folder, and whatever ends it, ends them all."""

import fcntl
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn


@contextmanager
def only_one(lock: Path, otherwise: Exception) -> Iterator[None]:
    """`otherwise` is raised when another run holds `lock`."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            raise otherwise from exc
        yield


@contextmanager
def interruptible() -> Iterator[None]:
    """SIGTERM and a closed terminal end the run as Ctrl-C does, with everything it started."""

    def interrupt(number: int, frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
