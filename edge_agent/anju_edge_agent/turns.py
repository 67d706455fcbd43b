"""Whose turn it is on a bus that carries one question at a time: pure, with time as an argument."""

import heapq
from collections.abc import Hashable, Mapping
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

HEALTHY_SHARE = 9.0
"""On a busy bus the healthy get nine times the time that the last turn of a suspect took, before the next one."""
PATIENT_TURNS = 8
"""So many turns in a row must fail before a suspect is asked more seldom than it should be."""
SELDOM_S = 30.0
"""No back-off makes a device wait longer than this, or its own period where that is longer."""


class Turns(Generic[K]):
    """Gives turns in order of due time, in real seconds of any monotonic clock. A party whose last turn failed is
    suspect: it gets a turn when no healthy one is due, or for a tenth of the time of a busy bus, so that the dead cost
    the others little and are still found again. One that goes on failing is asked ever more seldom, in bounds. A turn
    that comes late is given once, not made up for."""

    def __init__(self, periods_s: Mapping[K, float], *, now_s: float) -> None:
        self._periods_s = dict(periods_s)
        self._order = {key: place for place, key in enumerate(periods_s)}
        self._dues_s = dict.fromkeys(periods_s, now_s)
        self._failures = dict.fromkeys(periods_s, 0)
        self._healthy: list[tuple[float, int, K]] = [(now_s, place, key) for key, place in self._order.items()]
        self._suspect: list[tuple[float, int, K]] = []
        self._suspects_wait_until_s = now_s

    def take(self, now_s: float) -> K | None:
        """Whoever's turn it is; None when nobody is due yet. Each turn taken must be given back by `done`."""
        healthy_due = bool(self._healthy) and self._healthy[0][0] <= now_s
        suspect_due = bool(self._suspect) and self._suspect[0][0] <= now_s
        if suspect_due and (not healthy_due or now_s >= self._suspects_wait_until_s):
            return heapq.heappop(self._suspect)[2]
        return heapq.heappop(self._healthy)[2] if healthy_due else None

    def done(self, key: K, *, started_s: float, now_s: float, answered: bool) -> None:
        """The turn that began at `started_s` is over."""
        self._failures[key] = 0 if answered else self._failures[key] + 1
        period_s = self._wait_of(key)
        due_s = self._dues_s[key] + period_s
        if due_s < now_s:
            due_s = max(started_s + period_s, now_s)
        self._dues_s[key] = due_s
        heapq.heappush(self._healthy if answered else self._suspect, (due_s, self._order[key], key))
        if not answered:
            self._suspects_wait_until_s = now_s + HEALTHY_SHARE * (now_s - started_s)

    def _wait_of(self, key: K) -> float:
        """The period, doubled for each failure beyond the patient turns."""
        period_s = self._periods_s[key]
        doublings = min(max(0, self._failures[key] - PATIENT_TURNS), 16)
        return min(period_s * 2.0**doublings, max(period_s, SELDOM_S))

    def wait_s(self, now_s: float) -> float:
        """How long nobody will be due."""
        due_s = min(queue[0][0] for queue in (self._healthy, self._suspect) if queue)
        return max(0.0, due_s - now_s)
