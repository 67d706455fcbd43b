"""Event codes of an asset in a block of hours: a chance in each hour that grows with wear and with nuisances."""

from typing import Final

import numpy as np

from anju_simulators.effects import Effects
from anju_simulators.hours import BLOCK
from anju_simulators.physics.model import Code, Kind
from anju_simulators.randomness import Floats, stream

RAISE: Final = "raise"
CLEAR: Final = "clear"
MOMENTARY: Final = "momentary"
_IDLE: Final = 0.25
"""Share of a code's base rate that doesn't follow use."""

Marks = list[tuple[float, str, str]]
"""Events as (hours, code, state)."""


def draw_marks(
    asset_id: str,
    *,
    kind: Kind,
    seed: int,
    index: int,
    effects: Effects,
    expected: Floats,
    factors: Floats,
    standing: dict[str, float],
) -> tuple[Marks, dict[str, float]]:
    """The events of a block, and until when each alarm stands; one that stands isn't raised again."""
    if not kind.codes:
        return [], standing
    chances = stream(seed, asset_id, "codes", index).random((2, len(kind.codes), BLOCK))
    use = _IDLE + (1.0 - _IDLE) * expected
    until = dict(standing)
    marks: Marks = []
    for row, code in enumerate(kind.codes):
        rate = code.per_day * factors[row] + effects.rates.get(code.name, 0.0)
        rate = np.where(effects.silent, 0.0, rate * use * effects.available / 24.0)
        if code.name in effects.muted:
            rate[effects.muted[code.name]] = 0.0
        hit = np.flatnonzero(chances[0, row] < -np.expm1(-rate))
        for hour in hit:
            share = float(chances[0, row, hour] / -np.expm1(-rate[hour]))
            at = float(effects.hours[hour]) + 0.999 * share
            marks.extend(_occurrence(code, at, float(chances[1, row, hour]), until))
    return sorted(marks), until


def _occurrence(code: Code, at: float, chance: float, until: dict[str, float]) -> Marks:
    if code.minutes is None:
        return [(at, code.name, MOMENTARY)]
    if at < until.get(code.name, 0.0):
        return []
    chance = min(max(chance, 0.02), 0.98)
    cleared = at + code.minutes / 60.0 * float(np.sqrt(chance / (1.0 - chance)))
    until[code.name] = cleared + 1.0 / 60.0
    return [(at, code.name, RAISE), (cleared, code.name, CLEAR)]
