"""Waiting for what other threads and programs do, with a limit that a loaded machine keeps."""

import time
from collections.abc import Callable

WITHIN_S = 20.0


def eventually(condition: Callable[[], object], within_s: float = WITHIN_S) -> bool:
    """Whether `condition` comes true in time."""
    until_s = time.monotonic() + within_s
    while time.monotonic() < until_s:
        if condition():
            return True
        time.sleep(0.02)
    return bool(condition())
