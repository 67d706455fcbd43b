"""Readings and event codes of one asset for a block of hours.

Whatever an hour shows depends on what holds at its beginning: wear, failures, nuisances, weather, use. So a
visit changes nothing before the next full hour, and how a run is cut into pieces changes nothing at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from anju_simulators.alarms import Marks, draw_marks
from anju_simulators.effects import Effects, effects_of
from anju_simulators.exposure import Exposure
from anju_simulators.hours import BLOCK
from anju_simulators.physics.life import Life
from anju_simulators.physics.model import Counter, Kind
from anju_simulators.randomness import Floats, poisson, stream, wander
from anju_simulators.residents import drawn_use, expected_use
from anju_simulators.scenario import Scenario
from anju_simulators.traits import Traits
from anju_simulators.weather import MEAN_C, temperature

_POINT_GAPS_PER_HOUR: Final = 0.004
_ROW_GAPS_PER_HOUR: Final = 0.004
_WANDER_DAYS: Final = 5


@dataclass(frozen=True, slots=True)
class Carry:
    """What one block hands to the next: the counters, and until when each alarm stands."""

    counters: Floats
    standing: dict[str, float]


@dataclass(frozen=True, slots=True)
class Block:
    """Values by point at each full hour, NaN in gaps; `steps` are what counters add within the hour."""

    values: dict[str, Floats]
    steps: dict[str, Floats]
    marks: Marks
    after: Carry


@dataclass(frozen=True, slots=True)
class Signals:
    """The fixed part of an asset's readings."""

    asset_id: str
    kind: Kind
    scenario: Scenario
    traits: Traits
    exposure: Exposure

    def begin(self) -> Carry:
        return Carry(self.traits.counted, {})

    def block(self, index: int, lives: Sequence[Sequence[Life]], carry: Carry) -> Block:
        """The block of all lives known so far; what they become later changes only later hours."""
        kind, seed = self.kind, self.scenario.seed
        effects = effects_of(
            self.asset_id, kind, self.scenario, index, lives=lives, exposure=self.exposure.block(index)
        )
        expected = expected_use(kind, seed, index, load=self.traits.load)
        use = drawn_use(kind, seed, self.asset_id, index, expected) * effects.available
        use = np.rint(use * kind.use_per_day / 24.0) * 24.0 / kind.use_per_day if kind.whole_uses else use
        values = self._gauges(index, use, effects)
        steps = self._steps(index, use, effects, values)
        counters = carry.counters.copy()
        for number, counter in enumerate(kind.counters):
            total = counters[number] + np.cumsum(steps[counter.name])
            values[counter.name] = total - steps[counter.name]
            counters[number] = total[-1]
        marks, standing = draw_marks(
            self.asset_id,
            kind=kind,
            seed=seed,
            index=index,
            effects=effects,
            expected=expected,
            factors=self.traits.code_factors,
            standing=carry.standing,
        )
        self._cut_gaps(index, values, effects)
        decimals = {gauge.name: gauge.decimals for gauge in kind.gauges}
        decimals |= {counter.name: counter.decimals for counter in kind.counters}
        rounded = {name: np.asarray(np.round(values[name], places)) for name, places in decimals.items()}
        return Block(rounded, steps, marks, Carry(counters, standing))

    def _gauges(self, index: int, use: Floats, effects: Effects) -> dict[str, Floats]:
        kind, seed = self.kind, self.scenario.seed
        warm = temperature(seed, index) - MEAN_C
        count = len(kind.gauges)
        noise = stream(seed, self.asset_id, "noise", index).standard_normal((count, BLOCK))
        slow = wander(seed, (self.asset_id, "noise"), index, count, days=_WANDER_DAYS, hours=BLOCK)
        values: dict[str, Floats] = {}
        for row, gauge in enumerate(kind.gauges):
            value = self.traits.levels[row] + gauge.noise_sd * noise[row] + gauge.wander_sd * slow[row]
            value = value + gauge.per_use * (use - 1.0) + gauge.per_degree * warm
            if gauge.name in effects.shifts:
                value = value + effects.shifts[gauge.name]
            values[gauge.name] = np.maximum(value, gauge.floor)
        if kind.couple is not None:
            kind.couple(values)
        return values

    def _steps(self, index: int, use: Floats, effects: Effects, values: dict[str, Floats]) -> dict[str, Floats]:
        chances = stream(self.scenario.seed, self.asset_id, "counts", index).random((len(self.kind.counters), BLOCK))
        uses = use * self.kind.use_per_day / 24.0
        return {
            counter.name: self._step(
                counter,
                factor=float(self.traits.counter_factors[row]),
                uses=uses,
                added=effects.shifts.get(counter.name, np.zeros(BLOCK)),
                values=values,
                chance=chances[row],
            )
            for row, counter in enumerate(self.kind.counters)
        }

    @staticmethod
    def _step(
        counter: Counter, *, factor: float, uses: Floats, added: Floats, values: dict[str, Floats], chance: Floats
    ) -> Floats:
        """What a counter adds in each hour; `added` is what wear and nuisances add to its rate."""
        if counter.of is not None:
            return np.maximum(values[counter.of] * counter.scale * np.maximum(1.0 + added, 0.0), 0.0)
        if counter.per_use >= 1.0:
            return np.rint(uses * counter.per_use)
        mean = uses * (counter.per_use * factor + added) if counter.per_use else counter.per_hour * factor + added
        return np.minimum(poisson(chance, np.maximum(mean, 0.0)), counter.most)

    def _cut_gaps(self, index: int, values: dict[str, Floats], effects: Effects) -> None:
        """Where the device is silent or off only what its reader counts goes on; single values are lost at random."""
        random = stream(self.scenario.seed, self.asset_id, "gaps", index)
        names = [gauge.name for gauge in self.kind.gauges] + [counter.name for counter in self.kind.counters]
        by_agent = {counter.name for counter in self.kind.counters if counter.by_agent}
        for name in names:
            dead = effects.missing.get(name)
            if name not in by_agent:
                values[name][effects.silent if dead is None else effects.silent | dead] = np.nan
        gaps = self.scenario.gaps
        for hour in random.integers(BLOCK, size=random.poisson(_ROW_GAPS_PER_HOUR * gaps * BLOCK)):
            for name in names:
                values[name][hour] = np.nan
        for hour in random.integers(BLOCK, size=random.poisson(_POINT_GAPS_PER_HOUR * gaps * BLOCK)):
            values[names[int(random.integers(len(names)))]][hour] = np.nan
