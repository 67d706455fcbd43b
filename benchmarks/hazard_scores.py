"""How good probabilities are, with 95 % intervals by bootstrap over assets, the same draws for every learner."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from anju_ml.hazard import Doubles, Indices
from anju_ml.metrics import BINS

DRAWS: Final = 300
SCORES: Final = ("log-loss", "Brier", "AUC", "average precision", "ECE")
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Interval:
    value: float
    low: float
    high: float

    @property
    def is_not_zero(self) -> bool:
        return self.low > 0 or self.high < 0


class Judge:
    """Scores of probabilities of the same rows: whether they `failed`, and which asset each is of."""

    def __init__(self, failed: Flags, asset: Indices, *, seed: int) -> None:
        self._failed = failed.astype(np.float64)
        names, self._asset = np.unique(asset, return_inverse=True)
        rng = np.random.default_rng(seed)
        drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=DRAWS)
        self._weights = np.vstack([np.ones(len(names)), drawn])

    def draws(self, p: Doubles) -> Doubles:
        """SCORES of `p` [draw, score]; the first draw is the sample itself."""
        weights = self._weights
        size = weights @ self._by_asset(np.ones(len(p)))
        q = np.clip(p, 1e-7, 1 - 1e-7)
        losses = -(self._failed * np.log(q) + (1 - self._failed) * np.log1p(-q))
        plain = [weights @ self._by_asset(each) / size for each in (losses, (p - self._failed) ** 2)]
        return np.stack([*plain, *self._ranked(p), self._misfit(p) / size], axis=1)

    def _by_asset(self, values: Doubles) -> Doubles:
        found: Doubles = np.bincount(self._asset, values, minlength=self._weights.shape[1]).astype(np.float64)
        return found

    def _misfit(self, p: Doubles) -> Doubles:
        """Sum over bins of how far what was said lies from what was, by draw."""
        index = np.clip(np.searchsorted(BINS, p, side="right") - 1, 0, len(BINS) - 2)
        total = np.zeros(len(self._weights))
        for number in range(len(BINS) - 1):
            own = np.where(index == number, p - self._failed, 0.0)
            total += np.abs(self._weights @ self._by_asset(own))
        return total

    def _ranked(self, p: Doubles) -> tuple[Doubles, Doubles]:
        """AUC and average precision by draw, equal probabilities taken together."""
        levels, group = np.unique(p, return_inverse=True)
        areas, precisions = np.full(len(self._weights), np.nan), np.full(len(self._weights), np.nan)
        for draw, weights in enumerate(self._weights):
            each = weights[self._asset]
            bad = np.bincount(group, each * self._failed, minlength=len(levels))[::-1]
            good = np.bincount(group, each * (1 - self._failed), minlength=len(levels))[::-1]
            if not bad.any() or not good.any():
                continue
            found = np.cumsum(bad)
            below = good.sum() - np.cumsum(good) + good / 2
            areas[draw] = (bad * below).sum() / (bad.sum() * good.sum())
            seen = np.maximum(found + np.cumsum(good), 1e-12)
            precisions[draw] = (bad * found / seen).sum() / bad.sum()
        return areas, precisions


def interval(draws: Doubles) -> Interval:
    """The first draw with the middle 95 % of the others."""
    low, high = np.nanpercentile(draws[1:], [2.5, 97.5])
    return Interval(float(draws[0]), float(low), float(high))


def compared(
    judge: Judge, said: Mapping[str, Doubles], against: str
) -> dict[str, dict[str, tuple[Interval, Interval]]]:
    """By learner and score: the score, and how much more it is than that of the learner `against`, paired."""
    draws = {name: judge.draws(p) for name, p in said.items()}
    return {
        name: {
            score: (interval(found[:, place]), interval(found[:, place] - draws[against][:, place]))
            for place, score in enumerate(SCORES)
        }
        for name, found in draws.items()
    }
