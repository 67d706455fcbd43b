"""When a device counts as silent: pure, with time as an argument. Nothing is ever sent in its place."""

from anju_edge_agent.debounce import Change

_US = 1_000_000


class Silence:
    """Watches one device. One that is asked counts unanswered questions (`missed`); one that reports by itself
    counts periods that went by without a word (`advance`)."""

    def __init__(self, *, period_s: float, misses: int, now_us: int, silent: bool = False) -> None:
        self.silent = silent
        self._limit = misses
        self._patience_us = round(period_s * misses * _US)
        self._misses = 0
        self._heard_us = now_us

    def heard(self, now_us: int) -> list[Change]:
        """It spoke at `now_us`, by the gateway's clock."""
        self._misses = 0
        self._heard_us = max(self._heard_us, now_us)
        if not self.silent:
            return []
        self.silent = False
        return [Change(now_us, raised=False)]

    def missed(self, now_us: int) -> list[Change]:
        """It was asked and did not answer."""
        self._misses += 1
        return self._raise(now_us) if self._misses >= self._limit else []

    def advance(self, now_us: int) -> list[Change]:
        """Nobody can have heard it since it last spoke, if it didn't."""
        due_us = self._heard_us + self._patience_us
        return self._raise(due_us) if now_us >= due_us else []

    def forgive(self, now_us: int) -> None:
        """Start waiting anew: for a while the gateway itself could not listen."""
        self._heard_us = max(self._heard_us, now_us)

    def _raise(self, at_us: int) -> list[Change]:
        if self.silent:
            return []
        self.silent = True
        return [Change(at_us, raised=True)]
