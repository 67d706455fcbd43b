"""Crews with real capacity: who goes where and when. Hours are those of the simulation."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from anju_simulators.hours import local_hour

VISIT_H: Final = 1.5
"""Travel and work."""
SHIFT: Final = (8.0, 20.0)
"""Local hours in which everything but rescues and lifts out of order is served."""


class Trigger(IntEnum):
    """Why a crew goes; the lower goes first."""

    TRAPPED = 0
    COMPLAINT = 1
    FORESEEN = 2


@dataclass(slots=True)
class Job:
    """A visit that waits. `ready` is the hour from which a crew may leave for it."""

    asset_id: str
    component: str | None
    trigger: Trigger
    opened: float
    ready: float
    any_hour: bool = False


@dataclass(frozen=True, slots=True)
class Visit:
    job: Job
    done: float


@dataclass
class Crews:
    """`technicians` people, each at one place at a time."""

    technicians: int
    _free_at: list[float] = field(init=False)

    def __post_init__(self) -> None:
        self._free_at = [0.0] * self.technicians

    def leave(self, waiting: Iterable[Job], now: float) -> list[Visit]:
        """The jobs that somebody leaves for now: rescues first, then the oldest complaint, then what is foreseen."""
        on_shift = SHIFT[0] <= local_hour(now) < SHIFT[1]
        due = [job for job in waiting if job.ready <= now and (on_shift or job.any_hour)]
        visits = []
        for job in sorted(due, key=lambda job: (job.trigger, job.ready, job.asset_id)):
            earliest = min(range(self.technicians), key=self._free_at.__getitem__)
            if self._free_at[earliest] > now:
                break
            self._free_at[earliest] = now + VISIT_H
            visits.append(Visit(job, now + VISIT_H))
        return visits
