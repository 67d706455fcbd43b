"""One problem, one visit: complaints and foreseen failures about an asset meet in one job."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from anju_simulators.happenings import around
from anju_simulators.hours import to_hours, waking
from anju_simulators.kinds import PHYSICS
from anju_simulators.randomness import stream
from anju_simulators.records import Complaint
from anju_simulators.twin.crews import Job, Trigger, Visit
from anju_simulators.twin.foresight import Foreseen
from anju_simulators.workshop import guessed_component

RESCUE_H: Final = 0.25
PLANNED_AFTER_H: Final = 12.0
"""A foreseen failure is agreed with the residents first."""


@dataclass
class Desk:
    """Jobs of a community by asset. Delays of complaints come from numbers of their own, the same in both arms."""

    seed: int
    kinds: dict[str, str]
    waiting: dict[str, Job] = field(default_factory=dict)
    under_way: dict[str, Visit] = field(default_factory=dict)
    closed: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def report(self, complaint: Complaint) -> None:
        """A complaint joins what waits for its asset, and hurries it; a crew that is on its way hears of it there."""
        asset = complaint.asset_id
        if asset in self.under_way:
            return
        job = self._job_of(complaint)
        known = self.waiting.get(asset)
        if known is None:
            self.waiting[asset] = job
        elif job.trigger < known.trigger:
            known.trigger, known.any_hour = job.trigger, job.any_hour
            known.component = known.component or job.component
            known.ready = min(known.ready, job.ready)

    def foresee(self, found: Foreseen, now: float) -> bool:
        """Whether a visit was planned; not when the asset has one already."""
        if found.asset_id in self.waiting or found.asset_id in self.under_way:
            return False
        self.waiting[found.asset_id] = Job(
            found.asset_id, found.component, Trigger.FORESEEN, now, waking(now + PLANNED_AFTER_H, 0.5)
        )
        return True

    def leave(self, visits: list[Visit]) -> None:
        for visit in visits:
            del self.waiting[visit.job.asset_id]
            self.under_way[visit.job.asset_id] = visit

    def arrive(self, now: float) -> list[Visit]:
        """The visits that are done by `now`, in order of time."""
        done = sorted(
            (visit for visit in self.under_way.values() if visit.done <= now),
            key=lambda visit: (visit.done, visit.job.asset_id),
        )
        for visit in done:
            del self.under_way[visit.job.asset_id]
        return done

    def open_problems(self) -> list[tuple[str, None]]:
        """Whatever waits for an asset, no other ticket is opened for it."""
        return [(asset, None) for asset in sorted({*self.waiting, *self.under_way})]

    def _job_of(self, complaint: Complaint) -> Job:
        asset, at = complaint.asset_id, to_hours(complaint.at)
        kind = self.kinds[asset]
        if complaint.category == "trapped":
            return Job(asset, None, Trigger.TRAPPED, at, at + RESCUE_H, any_hour=True)
        chances = stream(self.seed, asset, "desk", int(at * 60)).random(2)
        ready = at + around(PHYSICS[kind].crew_after_h, float(chances[0]))
        urgent = kind == "lift"
        ready = ready if urgent else waking(ready, float(chances[1]))
        component = guessed_component(kind, complaint.category)
        return Job(asset, component, Trigger.COMPLAINT, at, ready, any_hour=urgent)
