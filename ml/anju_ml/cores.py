"""Several cores of this machine at once. Work is cut the same way however many there are, so results are too."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, TypeVar

T = TypeVar("T")
R = TypeVar("R")
AT_MOST: Final = 8
_thread = threading.local()


def each(function: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """`function` of each item, in their order, by as many threads as there are cores; by this one where that is one
    of several already."""
    waiting = list(items)
    threads = 1 if getattr(_thread, "alone", False) else min(_cores(), AT_MOST, len(waiting))
    if threads < 2:
        return [function(item) for item in waiting]
    with ThreadPoolExecutor(threads, initializer=_stay_alone) as pool:
        return list(pool.map(function, waiting))


@contextmanager
def one_core(wanted: bool = True) -> Iterator[None]:
    """What this thread does meanwhile, it does by itself, if that is `wanted`."""
    before = getattr(_thread, "alone", False)
    _thread.alone = before or wanted
    try:
        yield
    finally:
        _thread.alone = before


def _stay_alone() -> None:
    _thread.alone = True


def _cores() -> int:
    return os.cpu_count() or 1


def blocks(count: int, size: int) -> list[slice]:
    """`count` things, `size` at a time."""
    return [slice(first, min(first + size, count)) for first in range(0, count, size)]
