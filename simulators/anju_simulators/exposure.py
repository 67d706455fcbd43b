"""How fast each component of an asset ages: time weighted by use and temperature, accumulated since the start."""

from dataclasses import dataclass, field

import numpy as np

from anju_simulators.hours import BLOCK, block_of
from anju_simulators.physics.model import Component, Kind
from anju_simulators.randomness import Floats
from anju_simulators.residents import expected_use
from anju_simulators.weather import MEAN_C, temperature

_FARTHEST_BLOCKS = 30
"""Beyond that many blocks a moment is carried on at the average rate."""


@dataclass(slots=True)
class Exposure:
    """Accumulated exposure of the components of one asset at each full hour; zero at `start`, in hours."""

    kind: Kind
    seed: int
    start: float
    load: float
    _blocks: dict[int, Floats] = field(default_factory=dict)

    def block(self, index: int) -> Floats:
        """(components, BLOCK + 1): exposure at the hours of a block and at its end; 0 before the start."""
        found = self._blocks.get(index)
        if found is None:
            first = block_of(self.start)
            before = self.block(index - 1)[:, -1] if index > first else np.zeros(len(self.kind.components))
            found = self._blocks[index] = self._accumulated(index, before)
        return found

    def at(self, component: int, hours: float) -> float:
        index = block_of(hours)
        here = self.block(index)[component]
        within = hours - index * BLOCK
        left = int(within)
        return float(here[left] + (here[left + 1] - here[left]) * (within - left))

    def reached(self, component: int, target: float, index: int) -> float | None:
        """The hours at which exposure reaches `target` within a block; None when it doesn't."""
        here = self.block(index)[component]
        if not here[0] < target <= here[-1]:
            return None
        right = int(np.searchsorted(here, target))
        part = (target - here[right - 1]) / (here[right] - here[right - 1])
        return float(index * BLOCK + right - 1 + part)

    def moment(self, component: int, target: float) -> float:
        """The hours at which exposure reaches `target`; at the average rate before the start and in a far future."""
        if target <= 0.0:
            return self.start + target
        index = block_of(self.start)
        last = index + _FARTHEST_BLOCKS
        while index < last:
            found = self.reached(component, target, index)
            if found is not None:
                return found
            index += 1
        end = index * BLOCK
        reached = self.block(index)[component, 0]
        return float(end + (target - reached) * (end - self.start) / reached)

    def _accumulated(self, index: int, before: Floats) -> Floats:
        use = expected_use(self.kind, self.seed, index, load=self.load)
        warm = temperature(self.seed, index) - MEAN_C
        rates = np.stack([_rate(component, use, warm) for component in self.kind.components])
        hours = index * BLOCK + np.arange(BLOCK)
        rates[:, hours < self.start] = 0.0
        total = np.concatenate([np.zeros((len(rates), 1)), np.cumsum(rates, axis=1)], axis=1)
        return np.asarray(total + before[:, None])


def _rate(component: Component, use: Floats, warm: Floats) -> Floats:
    weight = component.use_weight
    return np.asarray((1.0 - weight + weight * use) * np.exp(component.per_degree * warm))
