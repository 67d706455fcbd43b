"""The life of one component: from its installation to its repair, drawn whole when it begins.

All its numbers come from a stream of its own (seed, asset, component, life), so that what happens to any
other component, asset or resident changes nothing in it.
"""

from dataclasses import dataclass, field
from math import gamma, inf
from typing import Final

import numpy as np

from anju_simulators.hours import YEAR
from anju_simulators.physics.model import Component
from anju_simulators.randomness import Floats, lognormal, stream

WEAR: Final = "wear"
SUDDEN: Final = "sudden"
RUNNING: Final = "running"
FAILURE: Final = "failure"
PREVENTIVE: Final = "preventive"

QUALITY: Final = {"new": 1.0, "replace": 1.0, "repair": 0.85, "adjust": 0.65}
"""How much of a new part's healthy life each action leaves."""
_BOTCHED_SHARE: Final = 0.07
_OWN_LEVEL: Final = 0.06
"""Spread of a replaced unit's own level, as a share of a symptom's size."""
_DRAWS: Final = 24


@dataclass(slots=True)
class Life:
    """Exposure is time weighted by use and temperature, in hours since the scenario's start, 1 an hour on average.

    Wear begins at `wears_from` and reaches 1 at `fails_at_exposure`. `began`, `failed` and `ended` are hours of
    the simulation; `gains` is how strongly each symptom shows in this unit, `levels` how far the unit's own level
    is from its predecessor's.
    """

    component: Component
    number: int
    began: float
    wears_from: float
    degrading: float
    mode: str
    shape: float
    gains: Floats
    levels: Floats
    eagerness: float
    early_at: float | None
    chances: Floats
    """Uniform numbers for what happens around the failure: who complains, who is trapped, when crews come."""
    failed: float = inf
    ended: float = inf
    ended_by: str = RUNNING
    attempts: int = 0
    complaints: int = field(default=0)

    @property
    def fails_at_exposure(self) -> float:
        return self.wears_from + self.degrading

    def wear(self, exposure: Floats | float) -> Floats:
        """Wear, 0 to 1, at these exposures; a sudden failure has none before it comes."""
        if self.mode == SUDDEN:
            return np.zeros_like(np.asarray(exposure, dtype=np.float64))
        done = np.clip((np.asarray(exposure) - self.wears_from) / self.degrading, 0.0, 1.0)
        return np.asarray(done**self.shape)

    def exposure_at_wear(self, wear: float) -> float:
        """The exposure at which wear first is that much; that of the failure for sudden ones."""
        if self.mode == SUDDEN:
            return self.fails_at_exposure
        return self.wears_from + self.degrading * float(wear ** (1.0 / self.shape))

    def is_failed(self, hours: float) -> bool:
        return self.failed <= hours < self.ended


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a component's asset and the scenario do to its lives: multipliers of rate and of sudden failures."""

    seed: int
    asset_id: str
    frailty: float
    failures: float
    sudden: float


def first_life(component: Component, conditions: Conditions, began: float) -> Life:
    """A component met in mid-life: how long it has lived so far is drawn from the stationary age."""
    return _drawn(component, conditions, number=0, began=began, exposure=0.0, action="new", met=True)


def next_life(before: Life, conditions: Conditions, *, began: float, exposure: float, action: str) -> Life:
    """What follows a repair: how long it lasts depends on the action, and a few repairs don't hold."""
    return _drawn(before.component, conditions, number=before.number + 1, began=began, exposure=exposure, action=action)


def _drawn(
    component: Component,
    conditions: Conditions,
    *,
    number: int,
    began: float,
    exposure: float,
    action: str,
    met: bool = False,
) -> Life:
    random = stream(conditions.seed, conditions.asset_id, component.name, number, "life")
    sudden = random.random() < min(component.sudden_share * conditions.sudden, 1.0)
    degrading = max(24.0 * lognormal(random, component.warning_days, component.warning_sigma), 48.0)
    healthy, lived = _healthy_hours(component, conditions, random, degrading, met=met)
    botched = random.random() < _BOTCHED_SHARE
    short = 0.01 + 0.09 * random.random()
    if not met:
        healthy *= short if botched else QUALITY[action]
    shape = 1.0 + 0.9 * random.random()
    count = len(component.symptoms)
    gains = np.clip(np.exp(0.25 * random.standard_normal(count)), 0.65, 1.8)
    flips = np.where(random.random(count) < 0.5, -1.0, 1.0)
    either = np.array([symptom.either_sign for symptom in component.symptoms], dtype=bool)
    sizes = np.array([symptom.gain for symptom in component.symptoms])
    levels = _OWN_LEVEL * sizes * random.standard_normal(count)
    levels[[not symptom.settles for symptom in component.symptoms]] = 0.0
    eagerness = float(np.exp(0.3 * random.standard_normal()))
    early = random.beta(5.0, 1.6) if random.random() < component.early_share else None
    wears_from = exposure - lived + healthy
    return Life(
        component,
        number,
        began - lived,
        wears_from,
        degrading,
        SUDDEN if sudden else WEAR,
        shape,
        np.where(either, flips, 1.0) * gains,
        np.zeros(count) if met else levels,
        eagerness,
        None if early is None or sudden else wears_from + degrading * float(early),
        random.random(_DRAWS),
    )


def _healthy_hours(
    component: Component, conditions: Conditions, random: np.random.Generator, degrading: float, *, met: bool
) -> tuple[float, float]:
    """Exposure until wear begins, and how much of the whole life has passed when it is met."""
    rate = component.per_year * conditions.failures * conditions.frailty
    mean = YEAR / max(rate, 1e-6) - 24.0 * component.warning_days
    k = component.ageing
    scale = max(mean, 240.0) / gamma(1.0 + 1.0 / k)
    fresh, seen, part = random.standard_gamma(1.0), random.standard_gamma(1.0 + 1.0 / k), random.random()
    if not met:
        return scale * float(fresh) ** (1.0 / k), 0.0
    healthy = scale * float(seen) ** (1.0 / k)
    return healthy, part * (healthy + degrading)
