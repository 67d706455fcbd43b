"""How much each sort of members has to say about a component: the more, the better it told failures of unseen assets.

What all components share has learned from the most failures, so at least half the say is always the shared members'. A
component's own look and readings as they are show what these miss, where there are failures enough to learn it from.
Each blend is held against the later slice, and the weights are the mean of all blends, each as likely as what came out
makes it.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Final

import numpy as np

from anju_ml.calibrate import fit_calibrator
from anju_ml.dataset import Outcomes
from anju_ml.hazard import P_FLOOR, Doubles, Flags, Indices, expit, logit

SHARED: Final = "shared"
TRUST: Final = 0.5
"""Share of a failure's log-likelihood that counts: the days before one failure say much the same, and few failures
choose by luck."""


def weigh(said: Mapping[str, Doubles], found: Outcomes, days: Indices, horizon_days: float) -> dict[str, float]:
    """The weight of each sort of members, 1 in all, from the log-odds of their hazards [asset, origin, interval] of
    unseen assets at the moments `days` [origin]; one sort is `shared`."""
    blends = list(_blends([sort for sort in said if sort != SHARED]))
    settled = found.settled_for(horizon_days)
    failed = found.failed_within(horizon_days)[settled]
    apart = float(np.diff(days).mean()) if len(days) > 1 else 1.0
    if failed.any():
        fits = np.array([_log_likelihood(blended(said, each, settled)[settled], failed) for each in blends])
    else:
        fits = np.zeros(len(blends))
    likely = np.exp((fits - fits.max()) * TRUST * min(apart / horizon_days, 1.0))
    likely /= likely.sum()
    return {sort: float(sum(p * each.get(sort, 0.0) for p, each in zip(likely, blends, strict=True))) for sort in said}


def blended(said: Mapping[str, Doubles], weights: Mapping[str, float], observed: Flags) -> Doubles:
    """Hazards [asset, origin, interval] of the weighted mean of several log-odds, 0 where not `observed`."""
    mean = sum(weight * said[sort] for sort, weight in weights.items())
    return np.where(observed[:, :, None], expit(np.asarray(mean)), 0.0)


def _blends(others: Sequence[str]) -> Iterator[dict[str, float]]:
    """The shared members alone, and half of them beside every set of the others in equal shares."""
    yield {SHARED: 1.0}
    for size in range(1, len(others) + 1):
        for chosen in combinations(others, size):
            yield {SHARED: 0.5, **dict.fromkeys(chosen, 0.5 / size)}


def _log_likelihood(hazards: Doubles, failed: Flags) -> float:
    """Of the outcomes by calibrated probabilities from `hazards` [row, interval]."""
    whole = 1.0 - np.prod(1.0 - hazards, axis=1)
    fitted = fit_calibrator(whole, failed)
    p = np.clip(expit(fitted.slope * logit(whole) + fitted.shift), P_FLOOR, 1 - P_FLOOR)
    return float(np.where(failed, np.log(p), np.log(1.0 - p)).sum())
