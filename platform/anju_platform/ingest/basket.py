"""What lies between two threads: filled item by item, emptied as a whole, bounded by weight, so that memory is."""

import time
from threading import Condition
from typing import Generic, TypeVar

T = TypeVar("T")


class Basket(Generic[T]):
    """Under load neither thread wakes the other for each item: what gathered meanwhile is taken at once."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._items: list[T] = []
        self._weight = 0
        self._since = 0.0
        self._changed = Condition()
        self._closed = False

    @property
    def weight(self) -> int:
        """Of everything that waits."""
        return self._weight

    @property
    def closed(self) -> bool:
        return self._closed

    def put(self, item: T, weight: int = 1) -> None:
        """Waits while the basket is full, unless it is empty; returns at once after `close`."""
        with self._changed:
            while self._items and self._weight + weight > self._capacity and not self._closed:
                self._changed.wait()
            if not self._items:
                self._since = time.monotonic()
                self._changed.notify_all()
            self._items.append(item)
            self._weight += weight
            if self._weight >= self._capacity:
                self._changed.notify_all()

    def take_all(self, timeout_s: float, *, gather_s: float = 0.0) -> list[T]:
        """Everything, once the first of it has waited `gather_s` or the basket is full; nothing when none came within
        `timeout_s` or all is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._closed, timeout_s)
            if self._items:
                left_s = self._since + gather_s - time.monotonic()
                self._changed.wait_for(lambda: self._weight >= self._capacity or self._closed, max(0.0, left_s))
            items, self._items, self._weight = self._items, [], 0
            self._changed.notify_all()
            return items

    def close(self) -> None:
        """Let nobody wait any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
