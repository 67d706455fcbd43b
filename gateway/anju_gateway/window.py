"""Which batches are on their way, and which of them to send again: pure, with time as an argument (real seconds)."""

from collections.abc import Iterable
from dataclasses import dataclass, field

FIRST_TIMEOUT_S = 5.0
LEAST_TIMEOUT_S = 2.0
MOST_TIMEOUT_S = 120.0
PROBES = 2


@dataclass(slots=True)
class RetryTimer:
    """How long to wait for a receipt: smoothed round trip plus four deviations, as TCP does (RFC 6298)."""

    smoothed_s: float | None = None
    deviation_s: float = 0.0

    @property
    def timeout_s(self) -> float:
        if self.smoothed_s is None:
            return FIRST_TIMEOUT_S
        return min(MOST_TIMEOUT_S, max(LEAST_TIMEOUT_S, self.smoothed_s + 4 * self.deviation_s))

    def measured(self, round_trip_s: float) -> None:
        if self.smoothed_s is None:
            self.smoothed_s, self.deviation_s = round_trip_s, round_trip_s / 2
            return
        self.deviation_s = 0.75 * self.deviation_s + 0.25 * abs(self.smoothed_s - round_trip_s)
        self.smoothed_s = 0.875 * self.smoothed_s + 0.125 * round_trip_s


@dataclass(slots=True)
class _Flight:
    sent_s: float
    due_s: float
    tries: int
    historical: bool


@dataclass(slots=True)
class Window:
    """Batches of one stream that have been sent and have no receipt yet, at most `size` of them. One that never gets
    its receipt takes up one place and holds nothing else up."""

    size: int
    timer: RetryTimer = field(default_factory=RetryTimer)
    _flights: dict[int, _Flight] = field(default_factory=dict)
    _answered: bool = True

    def __len__(self) -> int:
        return len(self._flights)

    def __contains__(self, seq: int) -> bool:
        return seq in self._flights

    @property
    def room(self) -> int:
        return self.size - len(self._flights)

    @property
    def historical(self) -> int:
        """How many of them are backfill."""
        return sum(flight.historical for flight in self._flights.values())

    def sent(self, seq: int, now_s: float, *, historical: bool) -> None:
        """`seq` was sent, for the first time or again; each time the wait doubles."""
        before = self._flights.get(seq)
        tries = before.tries + 1 if before else 1
        wait_s = min(MOST_TIMEOUT_S, self.timer.timeout_s * 2.0 ** min(tries - 1, 16))
        self._flights[seq] = _Flight(now_s, now_s + wait_s, tries, historical)

    def committed(self, ranges: Iterable[tuple[int, int]], now_s: float) -> float | None:
        """A receipt came. Ranges that name nothing in flight are passed over. Only what was sent once tells how long
        a receipt takes (Karn's rule): the shortest of these times is returned, None when there is none."""
        shortest_s: float | None = None
        for first, last in ranges:
            for seq in self._within(first, last):
                flight = self._flights.pop(seq)
                self._answered = True
                if flight.tries == 1:
                    took_s = now_s - flight.sent_s
                    self.timer.measured(took_s)
                    shortest_s = took_s if shortest_s is None else min(shortest_s, took_s)
        return shortest_s

    def gone(self, seq: int) -> None:
        """`seq` is no longer in the outbox."""
        self._flights.pop(seq, None)

    def overdue(self, now_s: float) -> list[tuple[int, bool]]:
        """What to send again now, oldest first, as (seq, historical). As long as no receipt at all comes, only a few
        knock: whoever is to answer is away, and would find a heap."""
        due = sorted((seq, flight.historical) for seq, flight in self._flights.items() if flight.due_s <= now_s)
        if not due:
            return []
        if self._answered:
            self._answered = False
            return due
        for seq, _ in due[PROBES:]:
            self._flights[seq].due_s = now_s + self.timer.timeout_s
        return due[:PROBES]

    def next_due_s(self) -> float | None:
        return min((flight.due_s for flight in self._flights.values()), default=None)

    def _within(self, first: int, last: int) -> list[int]:
        if last - first < len(self._flights):
            return [seq for seq in range(first, last + 1) if seq in self._flights]
        return [seq for seq in self._flights if first <= seq <= last]
