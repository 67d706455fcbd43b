"""A queue with a fast lane: alarms, births and states overtake readings. Bounded, so that memory is."""

import time
from collections import deque
from threading import Condition
from typing import Generic, TypeVar

T = TypeVar("T")


class Lanes(Generic[T]):
    """Between two threads. `capacity` bounds the total weight of what waits in each of the two lanes."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._lanes: tuple[deque[tuple[T, int]], deque[tuple[T, int]]] = (deque(), deque())
        self._weights = [0, 0]
        self._changed = Condition()
        self._closed = False

    @property
    def weight(self) -> int:
        """Of everything that waits."""
        return sum(self._weights)

    @property
    def closed(self) -> bool:
        return self._closed

    def put(self, item: T, weight: int = 1, *, fast: bool = False) -> None:
        """Waits while the lane is full, unless it is empty; returns at once after `close`."""
        lane = 0 if fast else 1
        with self._changed:
            while self._lanes[lane] and self._weights[lane] + weight > self._capacity and not self._closed:
                self._changed.wait()
            self._lanes[lane].append((item, weight))
            self._weights[lane] += weight
            self._changed.notify_all()

    def take(self, timeout_s: float) -> tuple[T, bool] | None:
        """The next item, and whether it came by the fast lane; None when none came in time or all is closed."""
        until = time.monotonic() + timeout_s
        with self._changed:
            while not any(self._lanes) and not self._closed:
                left = until - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    break
            if not any(self._lanes):
                return None
            lane = 0 if self._lanes[0] else 1
            return self._pop(lane), lane == 0

    def take_all_fast(self, limit: int) -> list[T]:
        """What waits in the fast lane now, at most `limit`."""
        with self._changed:
            return [self._pop(0) for _ in range(min(limit, len(self._lanes[0])))]

    def close(self) -> None:
        """Let nobody wait any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _pop(self, lane: int) -> T:
        item, weight = self._lanes[lane].popleft()
        self._weights[lane] -= weight
        self._changed.notify_all()
        return item
