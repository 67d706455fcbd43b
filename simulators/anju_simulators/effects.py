"""What wear, failures, nuisances and power cuts add to an asset's readings and event rates in a block of hours."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anju_simulators.hours import BLOCK
from anju_simulators.mains import power_cuts
from anju_simulators.nuisances import LONGEST_BLOCKS, Nuisance, nuisances
from anju_simulators.physics.life import Life
from anju_simulators.physics.model import Kind
from anju_simulators.randomness import Floats
from anju_simulators.scenario import Scenario

Mask = NDArray[np.bool_]

ALL: Final = "*"
_BEDDING: Final = 0.15
_BEDDING_HOURS: Final = 60.0
_CUT_SHIFTS: Final = (("supply_v", -23.9), ("battery_v", -0.7))
_SILENT_SHIFTS: Final = (("comm_errors", 4.0),)
_WHOLE: Final = slice(None)


@dataclass(slots=True)
class Effects:
    """By hour: additions to points and to event rates a day, how usable the asset is, where nothing is heard."""

    hours: Floats
    shifts: dict[str, Floats] = field(default_factory=dict)
    rates: dict[str, Floats] = field(default_factory=dict)
    available: Floats = field(default_factory=lambda: np.ones(BLOCK))
    silent: Mask = field(default_factory=lambda: np.zeros(BLOCK, dtype=bool))
    missing: dict[str, Mask] = field(default_factory=dict)
    muted: dict[str, Mask] = field(default_factory=dict)
    """Codes that stand already, because of a failure."""

    def shift(self, point: str, amount: Floats | float, where: slice = _WHOLE) -> None:
        if point not in self.shifts:
            self.shifts[point] = np.zeros(BLOCK)
        self.shifts[point][where] += amount

    def rate(self, code: str, per_day: Floats, where: slice = _WHOLE) -> None:
        if code not in self.rates:
            self.rates[code] = np.zeros(BLOCK)
        self.rates[code][where] += per_day

    def mark(self, masks: dict[str, Mask], name: str, where: Mask | slice) -> None:
        if name not in masks:
            masks[name] = np.zeros(BLOCK, dtype=bool)
        masks[name][where] = True


def effects_of(
    asset_id: str, kind: Kind, scenario: Scenario, index: int, *, lives: Sequence[Sequence[Life]], exposure: Floats
) -> Effects:
    effects = Effects(index * BLOCK + np.arange(BLOCK, dtype=np.float64))
    for row, of_component in enumerate(lives):
        for life in of_component:
            _add_life(effects, life, exposure[row])
    for block in range(index - LONGEST_BLOCKS, index + 1):
        for nuisance in nuisances(kind, scenario, asset_id, block):
            _add_nuisance(effects, nuisance)
    for start, end in (cut for block in (index - 1, index) for cut in power_cuts(scenario.seed, block)):
        _add_cut(effects, kind, start, end)
    return effects


def _within(effects: Effects, start: float, end: float) -> slice:
    """The full hours of the block from `start` until before `end`."""
    first = effects.hours[0]
    left, right = (min(max(ceil(min(at, first + 2 * BLOCK) - first), 0), BLOCK) for at in (start, end))
    return slice(left, max(left, right))


def _add_life(effects: Effects, life: Life, exposure: Floats) -> None:
    where = _within(effects, life.began, life.ended)
    if where.start == where.stop:
        return
    wear = life.wear(exposure[:BLOCK][where])
    worn = bool(wear[-1] > 0.0)
    bedding = _BEDDING * np.exp(-(effects.hours[where] - life.began) / _BEDDING_HOURS) if life.number else None
    for symptom, gain, level in zip(life.component.symptoms, life.gains, life.levels, strict=True):
        if worn:
            effects.shift(symptom.point, symptom.gain * gain * wear**symptom.power, where)
        if symptom.settles and bedding is not None and bedding[0] > 0.001:
            effects.shift(symptom.point, symptom.gain * gain * bedding, where)
        if level:
            effects.shift(symptom.point, level, where)
    if worn:
        for precursor in life.component.precursors:
            effects.rate(precursor.code, precursor.per_day * life.eagerness * wear**precursor.power, where)
    _add_fault(effects, life)


def _add_fault(effects: Effects, life: Life) -> None:
    where = _within(effects, life.failed, life.ended)
    if where.start == where.stop:
        return
    fault = life.component.fault
    effects.available[where] *= fault.use_factor
    for point, size in fault.shifts:
        effects.shift(point, size, where)
    if fault.silent:
        effects.silent[where] = True
    if fault.alarm:
        effects.mark(effects.muted, fault.code, where)


def _add_nuisance(effects: Effects, nuisance: Nuisance) -> None:
    where = _within(effects, nuisance.start, nuisance.end)
    if where.start == where.stop:
        return
    episode = nuisance.episode
    share = nuisance.share(effects.hours[where])
    for point, size in nuisance.shifts:
        effects.shift(point, size * share, where)
    for code, per_day in episode.rates:
        effects.rate(code, per_day * nuisance.strength * share, where)
    effects.available[where] *= episode.use_factor
    if ALL in episode.missing:
        _silence(effects, where)
        return
    for point in episode.missing:
        effects.mark(effects.missing, point, where)


def _add_cut(effects: Effects, kind: Kind, start: float, end: float) -> None:
    where = _within(effects, start, end)
    if where.start == where.stop:
        return
    if kind.name != "door":
        effects.available[where] = 0.0
        _silence(effects, where)
        return
    for point, size in _CUT_SHIFTS:
        effects.shift(point, size, where)


def _silence(effects: Effects, where: slice) -> None:
    effects.silent[where] = True
    for point, size in _SILENT_SHIFTS:
        effects.shift(point, size, where)
