"""How long a component lasts from one repair to the next failure, as far as repair books tell: a Weibull renewal
process by maximum a posteriori likelihood, and from it how much life is left."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import gamma, gammaincc

Doubles = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

SHAPE_PRIOR: Final = (np.log(1.3), 0.4)
"""Mean and spread of the log of the shape: parts wear rather than fail at random, most of them mildly."""
LONGEST: Final = 100 * 365.25
_LOW, _MIDDLE, _HIGH = 0.9, 0.5, 0.1


@dataclass(frozen=True)
class Lives:
    """`days` watched, whether each `failed` at their end, and whether its beginning is `known` (a repair on record);
    others were met in mid-life."""

    days: Doubles
    failed: Flags
    known: Flags

    def __add__(self, other: "Lives") -> "Lives":
        return Lives(
            np.concatenate([self.days, other.days]),
            np.concatenate([self.failed, other.failed]),
            np.concatenate([self.known, other.known]),
        )


@dataclass(frozen=True, slots=True)
class Remaining:
    """Days that are left: in one case of two less than `median`; 80 % lie between `low` and `high`."""

    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Weibull:
    """Of a component's life in days; `failures` is how many it was learnt from."""

    shape: float
    scale: float
    failures: int

    @property
    def mean(self) -> float:
        return float(self.scale * gamma(1.0 + 1.0 / self.shape))

    def remaining(self, watched: float, *, known: bool, frailty: float = 1.0) -> Remaining:
        """What is left of a life that has been watched for so many days, from its beginning (`known`) or from
        somewhere in its middle. `frailty` multiplies the hazard of this asset."""
        scale = self.scale * frailty ** (-1.0 / self.shape)

        def left(days: float) -> float:
            if known:
                return float(np.exp((watched / scale) ** self.shape - ((watched + days) / scale) ** self.shape))
            met = gammaincc(1.0 / self.shape, (watched / scale) ** self.shape)
            return float(gammaincc(1.0 / self.shape, ((watched + days) / scale) ** self.shape) / max(met, 1e-300))

        return Remaining(*(_when(left, share) for share in (_MIDDLE, _LOW, _HIGH)))


def fit_weibull(lives: Lives) -> Weibull:
    """The likeliest process. Of a life that was met in its middle, the time watched is a forward recurrence time, so
    that assets that never failed count with all their days."""
    exposed = float(lives.days.sum())
    failures = int(lives.failed.sum())
    start = np.array([SHAPE_PRIOR[0], np.log(max(exposed, 1.0) / (failures + 0.5))])
    found = minimize(lambda log: -_log_posterior(log, lives), start, method="Nelder-Mead", options={"maxiter": 400})
    shape, scale = np.exp(np.clip(found.x, -3.0, 12.0))
    return Weibull(float(shape), float(scale), failures)


def _log_posterior(log: Doubles, lives: Lives) -> float:
    shape, scale = np.exp(np.clip(log, -3.0, 12.0))
    at = np.maximum(lives.days, 0.5) / scale
    survival = -(at**shape)
    hazard = np.log(shape / scale) + (shape - 1.0) * np.log(at)
    met_failed = survival - np.log(scale * gamma(1.0 + 1.0 / shape))
    met_running = np.log(np.maximum(gammaincc(1.0 / shape, at**shape), 1e-300))
    whole = survival + np.where(lives.failed, hazard, 0.0)
    met = np.where(lives.failed, met_failed, met_running)
    mean, spread = SHAPE_PRIOR
    prior = -0.5 * ((log[0] - mean) / spread) ** 2
    return float(np.where(lives.known, whole, met).sum() + prior)


def _when(left: Callable[[float], float], share: float) -> float:
    """The days after which only `share` is left, by bisection; LONGEST where that takes longer."""
    low, high = 0.0, LONGEST
    if left(high) > share:
        return high
    for _ in range(60):
        middle = (low + high) / 2.0
        low, high = (middle, high) if left(middle) > share else (low, middle)
    return high
