"""What each entry of an asset's agenda does: blocks open, parts fail, residents complain, crews come."""

from collections.abc import Callable
from math import exp, log
from typing import Any, Final

from anju_simulators.complaints import complaint_text
from anju_simulators.hours import BLOCK, YEAR, block_of, local_hour, to_moment, waking
from anju_simulators.mains import power_cuts
from anju_simulators.nuisances import nuisances
from anju_simulators.physics.life import Life
from anju_simulators.randomness import stream
from anju_simulators.records import Behind, Cause, Complaint, Entrapment, Failure, Repair
from anju_simulators.timeline import Timeline
from anju_simulators.workshop import (
    MAINTENANCE_FINDS,
    MAINTENANCE_WEAR,
    MISSED_SHARE,
    Workshop,
    guessed_component,
    inspect,
    round_component,
    written_code,
)

_TRAPPED_BY_CUT: Final = 0.0053
_TRAPPED_BY_OTHERS_PER_YEAR: Final = (("external", 0.0042), ("human", 0.0085))
_OUTSIDE: Final = ("external", "human")
_RESCUE_H: Final = 0.4
_RESTART_CALLS: Final = 0.12
"""Share of power cuts after which a lift has to be started again by a crew."""
_SHORTEST_VISIT_H: Final = 0.25
_LATE_SHARE: Final = 0.85
_LATE: Final = 12.0
"""Of the failures that nobody reports at once, most are reported after so many times the usual delay."""
_MOST_COMPLAINTS: Final = 3


def advance(line: Timeline, until: float) -> None:
    """Let everything happen that is due until `until` (hours)."""
    for at, what, details in line.due(until):
        HAPPENINGS[what](line, at, *details)


def begin(line: Timeline) -> None:
    """Plan the first block and the first maintenance."""
    line.plan(line.start, "block", block_of(line.start))
    days = line.kind.maintenance_days
    line.plan(line.start + 24.0 * days * line.traits.maintained_at, "maintenance", 0)


def _block(line: Timeline, at: float, index: int) -> None:
    for row in range(len(line.lives)):
        line.plan_life(row, index)
    scenario, asset_id = line.scenario, line.spec.asset_id
    for nuisance in nuisances(line.kind, scenario, asset_id, index):
        if nuisance.complains and nuisance.complaint_at > at:
            line.plan(waking(nuisance.complaint_at, 0.5), "grumble", nuisance.episode.category)
    random = stream(scenario.seed, asset_id, "residents", index, "idle")
    count = random.poisson(line.kind.idle_complaints_per_year * scenario.complaints * BLOCK / YEAR)
    for part in random.random(int(count)):
        line.plan(waking(max(at, (index + float(part)) * BLOCK), 0.3), "grumble", "noise")
    for number, (start, end) in enumerate(power_cuts(scenario.seed, index)):
        if line.kind.mains_code and start > at:
            line.plan(start, "cut", end, index, number)
    if line.kind.name == "lift":
        _plan_trapped(line, at, index)
    line.plan((index + 1) * BLOCK, "block", index + 1)


def _plan_trapped(line: Timeline, at: float, index: int) -> None:
    random = stream(line.scenario.seed, line.spec.asset_id, "trapped", index)
    weights = [weight / sum(line.kind.weekday) for weight in line.kind.weekday]
    for cause, per_year in _TRAPPED_BY_OTHERS_PER_YEAR:
        count = int(random.poisson(per_year * line.scenario.entrapments * BLOCK / YEAR))
        for _ in range(count):
            day = (index + random.random()) * BLOCK
            clock = float(random.choice(24, p=weights)) + random.random()
            line.plan(max(at, day + (clock - local_hour(day))), "trapped", cause)


def _failure(line: Timeline, at: float, row: int, number: int) -> None:
    life = line.life(row)
    if life.number != number:
        return
    life.failed = at
    fault, scenario = life.component.fault, line.scenario
    line.book.failures.append(Failure(line.spec.asset_id, life.component.name, number, to_moment(at), life.mode))
    line.forget(at)
    if fault.alarm:
        line.mark(at, fault.code, "raise")
    if life.chances[2] < fault.entraps * scenario.entrapments:
        _trapped(line, at, life.component.name)
        _call(line, at, row, at + _RESCUE_H)
    _plan_complaint(line, at, row, life)


def _plan_complaint(line: Timeline, at: float, row: int, life: Life) -> None:
    fault = life.component.fault
    share = fault.complaint_share * line.scenario.complaints
    late = share + _LATE_SHARE * max(line.scenario.complaints - share, 0.0)
    if life.chances[3] < late:
        after = fault.complaint_after_h * (1.0 if life.chances[3] < share else _LATE)
        line.plan(waking(at + around(after, life.chances[4]), life.chances[5]), "complaint", row, life.number)


def _early(line: Timeline, at: float, row: int, number: int) -> None:
    life = line.life(row)
    if life.number == number and not life.is_failed(at):
        _complain(line, at, life.component.early_category, float(life.chances[6]), "wear")
        _call(line, at, row, at + _crew_delay(line, at, life, 7))


def _complaint(line: Timeline, at: float, row: int, number: int) -> None:
    life = line.life(row)
    if life.number != number:
        return
    _complain(line, at, life.component.fault.category, float(life.chances[8 + life.complaints]), "failure")
    life.complaints += 1
    _call(line, at, row, at + _crew_delay(line, at, life, 11))
    if life.complaints < _MOST_COMPLAINTS:
        line.plan(waking(at + 20.0 + 40.0 * life.chances[14], life.chances[15]), "complaint", row, number)


def _grumble(line: Timeline, at: float, category: str) -> None:
    random = stream(line.scenario.seed, line.spec.asset_id, "grumble", int(at * 60))
    _complain(line, at, category, random.random(), "nothing")
    if line.workshop == Workshop.REACTIVE:
        delay = around(2.0 * line.kind.crew_after_h, random.random())
        line.plan(waking(at + delay, random.random()), "look", at, category)


def _complain(line: Timeline, at: float, category: str, chance: float, behind: Behind) -> None:
    text = complaint_text(category, chance)
    line.book.complaints.append(Complaint(line.spec.asset_id, to_moment(at), category, text, behind))


def _call(line: Timeline, at: float, row: int, crew_at: float) -> None:
    if line.workshop == Workshop.REACTIVE and row not in line.called:
        line.called.add(row)
        line.plan(crew_at, "crew", row, line.life(row).number, at)


def _crew(line: Timeline, at: float, row: int, number: int, opened: float) -> None:
    """A crew called for one component comes; now and then the first one leaves without having found it."""
    life = line.life(row)
    if life.number != number:
        return
    line.called.discard(row)
    failed = life.is_failed(at)
    missed = life.attempts == 0 and life.chances[16] < (MISSED_SHARE if failed else 2 * MISSED_SHARE)
    life.attempts += 1
    if missed or not (failed or line.wear(row, at) >= life.component.detectable):
        book_visit(line, opened, at, life.component.name)
        return
    mend(line, row, opened, at, "corrective")


def _look(line: Timeline, at: float, opened: float, category: str) -> None:
    """A crew comes for a complaint that no part stands behind; it may still notice one that is nearly worn out."""
    hint = guessed_component(line.kind.name, category)
    found = inspect(
        [lives[-1] for lives in line.lives],
        [line.wear(row, at) for row in range(len(line.lives))],
        hours=at,
        hint=None,
    )
    if found:
        mend(line, found.component, opened, at, "corrective")
    else:
        book_visit(line, opened, at, hint)


def _maintenance(line: Timeline, at: float, number: int) -> None:
    random = stream(line.scenario.seed, line.spec.asset_id, "maintenance", number)
    chances, length, jitter, adjusts = random.random(len(line.lives)), random.random(), random.random(), random.random()
    hours = 0.6 + length
    if line.kind.name == "lift":
        line.mark(at, "lift.out_of_service", "raise")
        line.mark(at + hours, "lift.out_of_service", "clear")
    _write_line(
        line,
        at,
        at + hours,
        component=round_component(line.kind.name, number),
        action="adjust" if adjusts < 0.12 else "inspect",
        cause="preventive",
        fault_code=None,
        fault_found=False,
    )
    for row, chance in enumerate(chances):
        wear = line.wear(row, at)
        if line.life(row).is_failed(at):
            mend(line, row, at, at, "corrective")
        elif wear >= MAINTENANCE_WEAR and chance < MAINTENANCE_FINDS * wear:
            mend(line, row, at, at, "preventive")
    days = line.kind.maintenance_days
    planned = line.start + 24.0 * days * (line.traits.maintained_at + number + 1)
    day = planned + 24.0 * (jitter - 0.5) * min(days / 7.0, 5.0)
    line.plan(max(day + 9.0 - local_hour(day) + 7.0 * length, at + 24.0), "maintenance", number + 1)


def _cut(line: Timeline, at: float, end: float, index: int, number: int) -> None:
    code = line.kind.mains_code
    if code is None:
        return
    line.mark(at, code, "raise")
    line.mark(end, code, "clear")
    if line.kind.name != "lift":
        return
    random = stream(line.scenario.seed, line.spec.asset_id, "cut", index, number)
    trapped, stuck, delay = random.random(3)
    busy = line.kind.weekday[int(local_hour(at))] * 24.0 / sum(line.kind.weekday)
    if trapped < _TRAPPED_BY_CUT * busy * line.scenario.entrapments:
        line.plan(at + 0.02, "trapped", "external")
    elif stuck < _RESTART_CALLS:
        _complain(line, at, "out_of_service", delay, "outside")
        if line.workshop == Workshop.REACTIVE:
            line.plan(end + around(1.0, delay), "idle_visit", at, "mains")


def _trapped_by_others(line: Timeline, at: float, cause: str) -> None:
    _trapped(line, at, cause)
    if line.workshop == Workshop.REACTIVE:
        line.plan(at + _RESCUE_H, "idle_visit", at, "mains" if cause == "external" else "misuse")


def _trapped(line: Timeline, at: float, cause: str) -> None:
    code = "lift.trapped_level" if int(at * 3600) % 5 < 2 else "lift.trapped_off_level"
    line.book.entrapments.append(Entrapment(line.spec.asset_id, to_moment(at), cause))
    for name, after in (("lift.user_alarm", 0.03), (code, 0.02)):
        line.mark(at + after, name, "raise")
        line.mark(at + _RESCUE_H, name, "clear")
    _complain(line, at + 0.05, "trapped", 0.0, "outside" if cause in _OUTSIDE else "failure")


def _idle_visit(line: Timeline, at: float, opened: float, component: str) -> None:
    book_visit(line, opened, at, component)


def mend(line: Timeline, row: int, opened: float, closed: float, cause: Cause) -> str:
    """Repair a component and write the line in the book; the action is the answer."""
    life = line.life(row)
    code = written_code(life)
    action = line.renew(row, closed)
    name = life.component.name
    _write_line(line, opened, closed, component=name, action=action, cause=cause, fault_code=code, fault_found=True)
    return action


def book_visit(line: Timeline, opened: float, closed: float, component: str) -> None:
    """Write the line of a visit that found nothing."""
    _write_line(
        line,
        opened,
        closed,
        component=component,
        action="inspect",
        cause="corrective",
        fault_code=None,
        fault_found=False,
    )


def _write_line(line: Timeline, opened: float, closed: float, **entry: Any) -> None:
    """Put a line into the repair book; `entry` are the other fields of `Repair`."""
    closed = max(closed, opened + _SHORTEST_VISIT_H)
    line.book.repairs.append(Repair(line.spec.asset_id, to_moment(opened), to_moment(closed), **entry))


def _crew_delay(line: Timeline, at: float, life: Life, draw: int) -> float:
    arrives = at + around(line.kind.crew_after_h, float(life.chances[draw])) + 0.5
    return (arrives if line.kind.name == "lift" else waking(arrives, float(life.chances[draw + 1]))) - at


def around(median: float, chance: float) -> float:
    """A positive time around `median`: log-logistic, 80 % between about a third and three times of it."""
    chance = min(max(float(chance), 0.01), 0.99)
    return median * exp(0.5 * log(chance / (1.0 - chance)))


HAPPENINGS: Final[dict[str, Callable[..., None]]] = {
    "block": _block,
    "failure": _failure,
    "early": _early,
    "complaint": _complaint,
    "grumble": _grumble,
    "crew": _crew,
    "look": _look,
    "maintenance": _maintenance,
    "cut": _cut,
    "trapped": _trapped_by_others,
    "idle_visit": _idle_visit,
}
