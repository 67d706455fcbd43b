"""What receipts tell of the platform's time: as NTP does, the exchange that took the least time is believed. Pure."""

from collections import deque
from typing import NamedTuple

SLOT_S = 10.0
SLOTS = 12


class Exchange(NamedTuple):
    """A batch went up and its receipt, with the platform's time, came back at `at_s` (steady seconds). `offset_us` is
    the platform's time minus ours, and can't be wrong by more than `error_us`, half of the way there and back."""

    at_s: float
    offset_us: int
    error_us: int


class Reference:
    """The best exchange of each of the last SLOTS times SLOT_S seconds."""

    def __init__(self) -> None:
        self._slots: deque[Exchange] = deque(maxlen=SLOTS)

    def add(self, exchange: Exchange) -> None:
        last = self._slots[-1] if self._slots else None
        if last is None or exchange.at_s // SLOT_S != last.at_s // SLOT_S:
            self._slots.append(exchange)
        elif exchange.error_us < last.error_us:
            self._slots[-1] = exchange

    def best(self, now_s: float) -> Exchange | None:
        """None when there was no receipt for so long that nothing is known any more."""
        fresh = [one for one in self._slots if now_s - one.at_s <= SLOT_S * SLOTS]
        return min(fresh, key=lambda one: one.error_us, default=None)
