"""What makes one asset differ from the next of its model: how busy, how frail, where its readings lie."""

from dataclasses import dataclass

import numpy as np

from anju_simulators.fleet import AssetSpec
from anju_simulators.hours import YEAR
from anju_simulators.physics.life import Conditions
from anju_simulators.physics.model import Kind
from anju_simulators.randomness import Floats, lognormal, stream
from anju_simulators.scenario import MODELS, Scenario

_FRAILTY_SIGMA = 0.25
_AGEING_PER_YEAR = 0.02


@dataclass(frozen=True, slots=True)
class Traits:
    """`levels` (gauges) are the unit's own bases; `counted` (counters) what was on them at the start.

    `code_factors` tell how prone to each look-alike code the unit is; `maintained_at` is the phase of its
    maintenance, 0 to 1.
    """

    load: float
    conditions: Conditions
    levels: Floats
    counter_factors: Floats
    counted: Floats
    code_factors: Floats
    maintained_at: float


def draw_traits(spec: AssetSpec, kind: Kind, scenario: Scenario) -> Traits:
    random = stream(scenario.seed, spec.asset_id, "traits")
    load = float(np.clip(lognormal(random, 1.0, 0.22), 0.55, 1.7))
    years = (scenario.start.date() - spec.installed_on).days / 365.25
    frailty = lognormal(random, 0.9, _FRAILTY_SIGMA) * (1.0 + _AGEING_PER_YEAR * years)
    second = spec.model == MODELS[spec.kind][-1] and len(MODELS[spec.kind]) > 1
    spread = random.standard_normal(len(kind.gauges))
    levels = [
        gauge.base + gauge.unit_sd * z + second * gauge.model_shift
        for gauge, z in zip(kind.gauges, spread, strict=True)
    ]
    factors = np.exp(0.2 * random.standard_normal(len(kind.counters)))
    counted = years * YEAR * np.array([_typical_step(kind, number) for number in range(len(kind.counters))]) * load
    return Traits(
        load,
        Conditions(scenario.seed, spec.asset_id, frailty, scenario.failures, scenario.sudden),
        np.array(levels),
        factors,
        np.floor(counted),
        np.exp(0.45 * random.standard_normal(len(kind.codes))),
        float(random.random()),
    )


def _typical_step(kind: Kind, number: int) -> float:
    """What the counter adds in an average hour."""
    counter = kind.counters[number]
    if counter.of is not None:
        return counter.scale * next(gauge.base for gauge in kind.gauges if gauge.name == counter.of)
    return counter.per_hour + counter.per_use * kind.use_per_day / 24.0
