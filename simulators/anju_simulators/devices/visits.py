"""The visits to a live world, kept so that a later run can go on: the same visits give the same world."""

import csv
from datetime import datetime
from pathlib import Path

from anju_contracts.clock import rfc3339
from anju_simulators.records import VisitResult
from anju_simulators.scenario import Scenario
from anju_simulators.workshop import Workshop
from anju_simulators.world import World


class Visits:
    """Sends crews to `world`, and writes each visit as a line (asset, component, time) to `path`, if there is one."""

    def __init__(self, world: World, path: Path | None = None) -> None:
        self._world = world
        self._assets = frozenset(spec.asset_id for spec in world.assets)
        self._path = path

    def visit(self, asset_id: str, component: str | None, at: datetime) -> VisitResult:
        """What the crew found; nothing at a device that has no physics, such as a card reader."""
        if asset_id not in self._assets:
            return VisitResult("nothing_found", None, None, "正常")
        result = self._world.visit(asset_id, component, at)
        if self._path is not None:
            with self._path.open("a", encoding="utf-8", newline="") as file:
                csv.writer(file).writerow((asset_id, component or "", rfc3339(at)))
        return result


def world_until(scenario: Scenario, live_from: datetime, now: datetime, visits: Path | None) -> World:
    """The world as its own crews have kept it until `live_from`, and the visits of `visits` from then until `now`.

    Its readings are worked out up to `now`, so that the first question is answered as fast as any other.
    """
    world = World(scenario)
    world.run(live_from)
    world.run(live_from, workshop=Workshop.EXTERNAL)
    if visits is not None and visits.exists():
        with visits.open(encoding="utf-8", newline="") as file:
            for asset_id, component, at in csv.reader(file):
                world.run(datetime.fromisoformat(at))
                world.visit(asset_id, component or None, datetime.fromisoformat(at))
    world.run(max(now, live_from))
    for spec in world.assets:
        world.readings(spec.asset_id, world.now)
        world.release(spec.asset_id)
    return world
