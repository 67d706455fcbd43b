"""Calibration on a later slice, on assets that the member had not seen: Platt's two numbers, shrunk to none."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from anju_ml.hazard import P_FLOOR, cumulative, expit, logit

Doubles = npt.NDArray[np.float64]
PRIOR_STRENGTH: Final = 5.0
"""As if so many failures had shown that nothing needs correcting."""
ROWS_A_FAILURE: Final = 10.0
"""Daily rows of one failure tell about as much as few independent ones."""


@dataclass(frozen=True)
class Calibrator:
    """p' = expit(slope * logit(p) + shift) at the last edge; the intervals before it follow in proportion to
    their cumulated hazard, so that horizons stay in order."""

    slope: float = 1.0
    shift: float = 0.0

    def apply(self, hazards: Doubles) -> Doubles:
        """Cumulative probabilities [row, interval] from hazards [row, interval]."""
        raw = cumulative(hazards)
        last = expit(self.slope * logit(raw[:, -1]) + self.shift)
        ratio = np.log1p(-np.clip(last, P_FLOOR, 1 - P_FLOOR)) / np.log1p(-raw[:, -1])
        found: Doubles = -np.expm1(np.log1p(-raw) * ratio[:, None])
        return np.clip(found, 0.0, 1.0)


def fit_calibrator(p: Doubles, failed: npt.NDArray[np.bool_], *, base: Calibrator | None = None) -> Calibrator:
    """The calibrator that suits predictions `p` and outcomes `failed` best, shrunk to `base` (or to none)."""
    prior = base or Calibrator()
    slope, shift = prior.slope, prior.shift
    if not failed.any() or failed.all():
        return prior
    x, y = logit(p), failed.astype(np.float64)
    for _ in range(30):
        q = expit(slope * x + shift)
        weight = np.maximum(q * (1 - q), 1e-9) / ROWS_A_FAILURE
        error = (y - q) / ROWS_A_FAILURE
        gradient = np.array([(error * x).sum(), error.sum()]) - PRIOR_STRENGTH * np.array(
            [4 * (slope - prior.slope), shift - prior.shift]
        )
        curve = np.array([[(weight * x * x).sum(), (weight * x).sum()], [(weight * x).sum(), weight.sum()]])
        step = np.linalg.solve(curve + PRIOR_STRENGTH * np.diag([4.0, 1.0]), gradient)
        step = np.clip(step, -0.5, 0.5)
        slope, shift = slope + step[0], shift + step[1]
        if np.abs(step).max() < 1e-6:
            break
    return Calibrator(float(np.clip(slope, 0.3, 3.0)), float(shift))
