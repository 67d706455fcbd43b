"""What one arm cost: complaints, failures, hours out of service, entrapments, visits and money."""

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime

from anju_simulators.hours import to_hours
from anju_simulators.physics.life import FAILURE, RUNNING
from anju_simulators.records import LifeTruth, VisitResult
from anju_simulators.twin.crews import Trigger, Visit
from anju_simulators.twin.foresight import Prices
from anju_simulators.world import World


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one arm of one community over the judged days. Money in CNY; `complaints` are those that a failed or worn
    part of the equipment stood behind, `other_complaints` the rest."""

    complaints: int
    other_complaints: int
    failures: int
    downtime_h: float
    entrapments: int
    visits: int
    visits_foreseen: int
    visits_without_finding: int
    foreseen_needed: int
    cost: float

    def as_json(self) -> dict[str, float]:
        return {name: round(value, 1) for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Served:
    """A visit and what came of it."""

    visit: Visit
    result: VisitResult


def outcome_of(world: World, served: list[Served], start: datetime, end: datetime, prices: Prices) -> Outcome:
    """Count what happened from `start` until before `end`."""
    behind = Counter(complaint.behind for complaint in world.complaints(start, end))
    entrapments = len(world.entrapments(start, end))
    empty = [each for each in served if each.result.finding == "nothing_found"]
    foreseen = [each for each in served if each.visit.job.trigger == Trigger.FORESEEN]
    downtime = _downtime(world, start, end)
    return Outcome(
        complaints=behind["failure"] + behind["wear"],
        other_complaints=behind["outside"] + behind["nothing"],
        failures=len(world.failures(start, end)),
        downtime_h=sum(downtime.values()),
        entrapments=entrapments,
        visits=len(served),
        visits_foreseen=len(foreseen),
        visits_without_finding=len(empty),
        foreseen_needed=sum(_was_needed(each) for each in foreseen),
        cost=_money(world, empty, downtime, prices, (start, end)) + entrapments * prices.entrapment,
    )


def _was_needed(each: Served) -> bool:
    """Whether the visit found the part that it was sent for failed or worn."""
    return each.result.finding != "nothing_found" and each.result.component == each.visit.job.component


def _money(
    world: World,
    empty: list[Served],
    downtime: dict[tuple[str, str], float],
    prices: Prices,
    span: tuple[datetime, datetime],
) -> float:
    kinds = {spec.asset_id: spec.kind for spec in world.assets}
    total = 0.0
    for repair in world.repairs(*span):
        if repair.fault_found:
            row = prices.of(kinds[repair.asset_id], repair.component)
            total += row["reactive"] if repair.cause == "corrective" else row["planned"]
    for each in empty:
        total += prices.false_visit if each.visit.job.trigger == Trigger.FORESEEN else prices.visit
    for (asset, component), hours in downtime.items():
        total += hours * prices.of(kinds[asset], component)["downtime_per_h"]
    return total


def _downtime(world: World, start: datetime, end: datetime) -> dict[tuple[str, str], float]:
    """Hours within the span in which a failed part waited for its repair, by asset and component."""
    found: dict[tuple[str, str], float] = {}
    for life in world.truth():
        hours = _hours_failed(life, start, end)
        if hours > 0.0:
            key = (life.asset_id, life.component)
            found[key] = found.get(key, 0.0) + hours
    return found


def _hours_failed(life: LifeTruth, start: datetime, end: datetime) -> float:
    if life.ended_by not in (FAILURE, RUNNING):
        return 0.0
    until = min(life.ended_at or end, end)
    return max(to_hours(until) - to_hours(max(life.fails_at, start)), 0.0)
