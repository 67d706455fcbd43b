"""One arm of the twin run: a community's days, hour by hour, with crews that are sent from here."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from anju_simulators.history import write_history
from anju_simulators.hours import to_hours
from anju_simulators.scenario import Scenario
from anju_simulators.twin.crews import Crews, Visit
from anju_simulators.twin.desk import Desk
from anju_simulators.twin.foresight import Foresight, Prices
from anju_simulators.twin.tally import Outcome, Served, outcome_of
from anju_simulators.workshop import Workshop
from anju_simulators.world import World

STEP: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Plan:
    """`known_days` of ordinary life give each community a history; then come the `days` that are judged."""

    scenario: Scenario
    known_days: int = 180
    days: int = 180
    technicians: int = 2
    score_every: timedelta = timedelta(days=1)

    def of_seed(self, seed: int) -> "Plan":
        return replace(self, scenario=replace(self.scenario, seed=seed))

    @property
    def start(self) -> datetime:
        return self.scenario.start + timedelta(days=self.known_days)

    @property
    def end(self) -> datetime:
        return self.start + timedelta(days=self.days)


def begin(plan: Plan) -> World:
    """The community as its residents and their crews have kept it until the judged days."""
    world = World(plan.scenario)
    world.run(plan.start)
    world.run(plan.start, workshop=Workshop.EXTERNAL)
    return world


class Arm:
    """`foresee` is asked once a day at `STEP`s of the plan; without it complaints alone send crews."""

    def __init__(self, plan: Plan, world: World) -> None:
        self._plan = plan
        self._world = world
        self._crews = Crews(plan.technicians)
        self._desk = Desk(plan.scenario.seed, {spec.asset_id: spec.kind for spec in world.assets})
        self._served: list[Served] = []

    def live(self, foresee: Callable[[datetime, Desk], None] | None = None) -> None:
        now, ask_at = self._plan.start, self._plan.start
        while now < self._plan.end:
            before, now = now, now + STEP
            self._world.run(now)
            for visit in self._desk.arrive(to_hours(now)):
                self._serve(visit, now)
            for complaint in self._world.complaints(before, now):
                self._desk.report(complaint)
            if foresee is not None and now >= ask_at:
                foresee(now, self._desk)
                ask_at += self._plan.score_every
            self._desk.leave(self._crews.leave(self._desk.waiting.values(), to_hours(now)))

    def outcome(self, prices: Prices) -> Outcome:
        return outcome_of(self._world, self._served, self._plan.start, self._plan.end, prices)

    def _serve(self, visit: Visit, now: datetime) -> None:
        job = visit.job
        self._served.append(Served(visit, self._world.visit(job.asset_id, job.component, now)))
        if job.component is not None:
            self._desk.closed[(job.asset_id, job.component)] = now


class Reporter:
    """Tells the prediction what a community's platform would know, and hands its tickets to the desk."""

    def __init__(self, world: World, foresight: Foresight, folder: Path, told: datetime) -> None:
        self._world = world
        self._foresight = foresight
        self._folder = folder
        self._told = told
        self._number = 0

    def __call__(self, now: datetime, desk: Desk) -> None:
        self._number += 1
        records = self._folder / f"{self._number:05d}"
        write_history(self._world, records, since=self._told, file_format="parquet")
        self._told = now
        tickets = self._foresight.tickets(now, records, open_problems=desk.open_problems(), closed=desk.closed)
        for ticket in tickets:
            desk.foresee(ticket, to_hours(now))
