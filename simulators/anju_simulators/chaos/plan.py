"""Which fault comes when: a pure function of the seed, so that a run can be replayed."""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

KILLS_A_MINUTE: Final = 14
FEWEST_KILLS: Final = 10
WARM_UP_S: Final = 2.0
CALM_SHARE: Final = 0.12
"""At the end of a run nothing new breaks, so that the last faults overlap with data that still comes."""


class Unit(StrEnum):
    """What is killed, restarted and paused."""

    GATEWAY = "gateway"
    BROKER = "broker"
    INGEST_1 = "ingest-1"
    INGEST_2 = "ingest-2"
    DATABASE = "database"


class Kind(StrEnum):
    """What happens to a unit, to the network between gateway and broker (cut to deaf), or to the gateway's box."""

    KILL = "kill"
    PAUSE = "pause"
    CUT = "cut"
    DELAY = "delay"
    HOLE = "hole"
    HALF_OPEN = "half_open"
    DEAF = "deaf"
    FULL_DISK = "full_disk"
    CLOCK_JUMP = "clock_jump"


NETWORK: Final = (Kind.CUT, Kind.DELAY, Kind.HOLE, Kind.HALF_OPEN, Kind.DEAF)
SHARES: Final = {Unit.GATEWAY: 5, Unit.INGEST_1: 4, Unit.INGEST_2: 4, Unit.BROKER: 3, Unit.DATABASE: 2}
"""How often each is killed, in proportion; a database takes seconds to recover, an ingest does not."""
INGESTS: Final = (Unit.INGEST_1, Unit.INGEST_2)


@dataclass(frozen=True, slots=True)
class Fault:
    """`at_s` counts from the start of the run. A killed unit is down for `lasts_s` before it is started again.
    `size` is the delay of each packet or the jump of the clock, in seconds."""

    at_s: float
    kind: Kind
    lasts_s: float
    unit: Unit | None = None
    size: float = 0.0


def plan(seed: int, *, run_s: float, kills: int | None = None) -> tuple[Fault, ...]:
    """The faults of a run of `run_s` seconds, in order of time. `kills` None: as many as its length asks for."""
    chance = random.Random(seed)  # noqa: S311  faults are no secrets
    end_s = run_s * (1 - CALM_SHARE)
    count = kills if kills is not None else max(FEWEST_KILLS, math.ceil(run_s / 60 * KILLS_A_MINUTE))
    faults = [
        *_kills(chance, end_s, count),
        *_pauses(chance, end_s),
        *_network(chance, end_s),
        *_full_disks(chance, end_s),
        _clock_jump(chance, end_s),
    ]
    return tuple(sorted(faults, key=lambda fault: (fault.at_s, fault.kind)))


def _kills(chance: random.Random, end_s: float, count: int) -> Iterator[Fault]:
    """Each unit at least once, as far as there are enough; the moments are drawn without regard to each other."""
    units: list[Unit] = list(SHARES)
    chance.shuffle(units)
    units = [*units, *chance.choices(list(SHARES), list(SHARES.values()), k=count)][:count]
    for unit in units:
        at_s = chance.uniform(WARM_UP_S, end_s)
        yield Fault(round(at_s, 3), Kind.KILL, round(_down_s(chance), 3), unit)


def _down_s(chance: random.Random) -> float:
    """Most come back at once, as under systemd; some after the back-off of a container runtime."""
    return chance.uniform(0.1, 0.5) if chance.random() < 0.7 else chance.uniform(0.5, 4.0)


def _pauses(chance: random.Random, end_s: float) -> Iterator[Fault]:
    for at_s, most_s in _spans(chance, end_s, every_s=40.0):
        yield Fault(at_s, Kind.PAUSE, min(most_s, round(chance.uniform(2.0, 12.0), 3)), chance.choice(INGESTS))


def _network(chance: random.Random, end_s: float) -> Iterator[Fault]:
    """One trouble at a time on the line; every kind comes once before one comes again."""
    kinds: list[Kind] = []
    for at_s, most_s in _spans(chance, end_s, every_s=min(15.0, end_s / len(NETWORK))):
        if not kinds:
            kinds = chance.sample(NETWORK, k=len(NETWORK))
        kind = kinds.pop()
        size = round(chance.uniform(0.05, 0.8), 3) if kind is Kind.DELAY else 0.0
        yield Fault(at_s, kind, min(most_s, round(chance.uniform(1.0, 9.0), 3)), size=size)


def _full_disks(chance: random.Random, end_s: float) -> Iterator[Fault]:
    for at_s, most_s in _spans(chance, end_s, every_s=80.0):
        yield Fault(at_s, Kind.FULL_DISK, min(most_s, round(chance.uniform(8.0, 24.0), 3)))


def _clock_jump(chance: random.Random, end_s: float) -> Fault:
    """One hour, forth or back, for a good part of the run; then the clock is right again."""
    at_s = chance.uniform(0.2, 0.5) * end_s
    return Fault(round(at_s, 3), Kind.CLOCK_JUMP, round(0.3 * end_s, 3), size=chance.choice((-3600.0, 3600.0)))


def _spans(chance: random.Random, end_s: float, *, every_s: float) -> Iterator[tuple[float, float]]:
    """A beginning in each stretch of about `every_s`, and the seconds left of that stretch: at least its half."""
    count = max(1, int(end_s / every_s))
    length_s = end_s / count
    for number in range(count):
        at_s = number * length_s + chance.uniform(0.05, 0.5) * length_s
        yield round(at_s, 3), round((number + 1) * length_s - at_s, 3)


@dataclass(frozen=True, slots=True)
class Step:
    """One end of a fault: what to do `at_s`."""

    at_s: float
    fault: Fault
    begins: bool


def steps(faults: Sequence[Fault]) -> tuple[Step, ...]:
    """Beginnings and ends in order of time. A kill has no end of its own: whoever restarts the unit knows when."""
    found = [Step(fault.at_s, fault, begins=True) for fault in faults]
    found += [Step(fault.at_s + fault.lasts_s, fault, begins=False) for fault in faults if fault.kind is not Kind.KILL]
    return tuple(sorted(found, key=lambda step: (step.at_s, not step.begins, step.fault.kind)))
