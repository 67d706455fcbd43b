"""How fast each gateway may send. Pure: the time comes with the question."""

from typing import Final

BURST_S: Final = 16
"""A gateway that was silent may send this many seconds' worth at once."""
_REMEMBERED: Final = 50_000


class Rates:
    """A bucket for each sender that leaks `bytes_per_s`; what would make it run over is not admitted."""

    def __init__(self, bytes_per_s: int) -> None:
        self._bytes_per_s = bytes_per_s
        self._capacity = float(bytes_per_s * BURST_S)
        self._buckets: dict[str, tuple[float, float]] = {}
        """How full, and when it was so."""

    def admit(self, sender: str, size: int, now_s: float) -> bool:
        level, at_s = self._buckets.get(sender, (0.0, now_s))
        level = max(0.0, level - (now_s - at_s) * self._bytes_per_s)
        admitted = level + size <= self._capacity or level == 0.0
        if sender not in self._buckets and len(self._buckets) >= _REMEMBERED:
            self._forget_empty(now_s)
        self._buckets[sender] = (level + size if admitted else level, now_s)
        return admitted

    def _forget_empty(self, now_s: float) -> None:
        """Every one is empty after BURST_S of silence, so that invented names don't fill the memory."""
        self._buckets = {
            sender: (level, at_s)
            for sender, (level, at_s) in self._buckets.items()
            if level > (now_s - at_s) * self._bytes_per_s
        }
