"""How rare evidence is on days without a failure ahead, in nats: what many such days show says little.

Nats and the log of the failures a day add up to the odds of a failure, whatever the component; so the hazard that all
components share need not know which one it looks at.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]
SHARES: Final = np.concatenate([1.0 - np.linspace(0.0, 0.9, 19), np.exp(-np.linspace(2.4, 8.0, 15))])
"""Shares of the quiet days at or above a level."""
TOP_ROWS: Final = 5
"""The rarest level has so many rows at or above it."""
BEYOND_SHARE: Final = 0.03
LEAST_BEYOND: Final = 0.1
BEYOND_NATS: Final = 6.0


@dataclass(frozen=True)
class Rarity:
    """`levels` and `nats` [look, level]: minus the log of the share of quiet days at or above each level; `beyond`
    [look]: how much more than the last level is another nat."""

    levels: Doubles
    nats: Doubles
    beyond: Doubles

    def nats_of(self, looks: Doubles) -> Doubles:
        """[row, look] from values [row, look]."""
        out = np.zeros_like(looks)
        for look, (levels, nats, beyond) in enumerate(zip(self.levels, self.nats, self.beyond, strict=True)):
            own = looks[:, look]
            out[:, look] = np.interp(own, levels, nats) + np.clip((own - levels[-1]) / beyond, 0.0, BEYOND_NATS)
        return out


def learn_rarity(looks: Doubles, weights: Doubles) -> Rarity:
    """From quiet days [row, look] and the weight of each; with none nothing is rare."""
    if not len(looks):
        shape = looks.shape[1], len(SHARES)
        return Rarity(np.zeros(shape), np.zeros(shape), np.full(looks.shape[1], np.inf))
    levels, nats, beyond = zip(*(_tail(own, weights) for own in looks.T), strict=True)
    return Rarity(np.array(levels), np.array(nats), np.array(beyond))


def _tail(values: Doubles, weights: Doubles) -> tuple[Doubles, Doubles, float]:
    order = np.argsort(values, kind="stable")
    ordered, own = values[order], weights[order]
    above = np.cumsum(own[::-1])[::-1] / own.sum()
    places = np.searchsorted(-above, -SHARES).clip(0, max(len(ordered) - TOP_ROWS, 0))
    levels = ordered[places]
    nats = -np.log(np.maximum(above[np.searchsorted(ordered, levels)], 1e-9))
    high = ordered[min(int(np.searchsorted(-above, -BEYOND_SHARE)), len(ordered) - 1)]
    tail = ordered > high
    excess = float(np.average(ordered[tail] - high, weights=own[tail])) if tail.any() else 0.0
    return levels, nats, max(excess, LEAST_BEYOND)
