"""How often an asset needs repair, and whether that grows: a Poisson process whose log rate is a line in time, each
asset's slope and level drawn towards those of its kind."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]

SLOPE_SPREAD: Final = 0.2
"""How much, a year, the slopes of assets of one kind differ."""
KIND_SLOPE_SPREAD: Final = 0.3
LEVEL_WEIGHT: Final = 2.0
"""Failures that the kind's level counts as, beside an asset's own."""
_STEPS: Final = 30


@dataclass(frozen=True, slots=True)
class Rate:
    """`now`: failures a year at the end of the record; `growth`: of its logarithm a year, with its standard error."""

    now: float
    growth: float
    growth_error: float

    @property
    def growth_95(self) -> tuple[float, float]:
        return self.growth - 1.96 * self.growth_error, self.growth + 1.96 * self.growth_error

    def expected(self, start: float, end: float) -> float:
        """Failures from `start` to `end`, years after the end of the record."""
        slope = self.growth
        if abs(slope) < 1e-9:
            return self.now * (end - start)
        return float(self.now * (np.exp(slope * end) - np.exp(slope * start)) / slope)


def fit_rates(moments: list[Doubles], years: float) -> list[Rate]:
    """The rate of each asset of a kind from the `moments` (years since the record began) of its failures."""
    every = np.concatenate(moments) if moments else np.zeros(0)
    slope = _slope(every, years, prior=0.0, spread=KIND_SLOPE_SPREAD)[0]
    usual = len(every) / (len(moments) * years) if moments else 0.0
    return [_rate(own, years, slope, usual) for own in moments]


def _rate(moments: Doubles, years: float, kind_slope: float, usual: float) -> Rate:
    growth, error = _slope(moments, years, prior=kind_slope, spread=SLOPE_SPREAD)
    weight = LEVEL_WEIGHT / max(usual, 1e-9)
    level = (len(moments) + LEVEL_WEIGHT) / (years + weight) if usual else 0.0
    return Rate(float(level * np.exp(growth * years) / _mean_growth(growth * years)), growth, error)


def _slope(moments: Doubles, years: float, *, prior: float, spread: float) -> tuple[float, float]:
    """The likeliest slope a year and its standard error, by Newton's method."""
    slope, precision = prior, 1.0 / spread**2
    at = moments / years
    information = precision
    for _ in range(_STEPS):
        mean, variance = _position(slope * years)
        score = years * float((at - mean).sum()) - (slope - prior) * precision
        information = len(at) * years**2 * variance + precision
        slope += float(np.clip(score / information, -1.0, 1.0))
    return slope, float(information**-0.5)


def _position(tilt: float) -> tuple[float, float]:
    """Mean and variance of where in the record (0 to 1) a failure lies, when the log rate rises by `tilt` over it."""
    if abs(tilt) < 1e-4:
        return 0.5 + tilt / 12.0, 1.0 / 12.0
    grown = np.exp(tilt)
    mean = grown / (grown - 1.0) - 1.0 / tilt
    return float(mean), float(max(1.0 / tilt**2 - grown / (grown - 1.0) ** 2, 1e-6))


def _mean_growth(tilt: float) -> float:
    return 1.0 + tilt / 2.0 if abs(tilt) < 1e-4 else float((np.exp(tilt) - 1.0) / tilt)
