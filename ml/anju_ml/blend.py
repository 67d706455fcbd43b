"""How much each sort of members has to say about a component: the more, the better it told failures of unseen assets.

No sort is best everywhere: what all components share serves rare failures, a component's own look serves frequent ones,
and readings as they are show what a deviation from the asset's past hides. Each blend of them is held against the later
slice, and the weights are the mean of all blends, each as likely as what came out makes it.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Final

import numpy as np

from anju_ml.calibrate import fit_calibrator
from anju_ml.dataset import Outcomes
from anju_ml.hazard import P_FLOOR, Doubles, Flags, Indices, expit, logit

TRUST: Final = 0.5
"""Share of a failure's log-likelihood that counts: the days before one failure say much the same, and few failures
choose by luck."""


def weigh(said: Mapping[str, Doubles], found: Outcomes, days: Indices, horizon_days: float) -> dict[str, float]:
    """The weight of each sort of members, 1 in all, from their hazards [asset, origin, interval] of unseen assets at
    the moments `days` [origin]."""
    sorts = tuple(said)
    blends = list(_blends(sorts))
    settled = found.settled_for(horizon_days)
    failed = found.failed_within(horizon_days)[settled]
    if len(blends) == 1 or not failed.any():
        return dict.fromkeys(sorts, 1.0 / len(sorts))
    apart = float(np.diff(days).mean()) if len(days) > 1 else 1.0
    fits = np.array([_log_likelihood(blended(said, each, settled)[settled], failed) for each in blends])
    likely = np.exp((fits - fits.max()) * TRUST * min(apart / horizon_days, 1.0))
    likely /= likely.sum()
    return {sort: float(sum(p * each.get(sort, 0.0) for p, each in zip(likely, blends, strict=True))) for sort in sorts}


def blended(said: Mapping[str, Doubles], weights: Mapping[str, float], observed: Flags) -> Doubles:
    """Hazards [asset, origin, interval] as the weighted mean of the log-odds of several, 0 where not `observed`."""
    mean = sum(weight * logit(said[sort]) for sort, weight in weights.items())
    return np.where(observed[:, :, None], expit(np.asarray(mean)), 0.0)


def _blends(sorts: Sequence[str]) -> Iterator[dict[str, float]]:
    """Every set of them in equal shares."""
    for size in range(1, len(sorts) + 1):
        for chosen in combinations(sorts, size):
            yield dict.fromkeys(chosen, 1.0 / size)


def _log_likelihood(hazards: Doubles, failed: Flags) -> float:
    """Of the outcomes by calibrated probabilities from `hazards` [row, interval]."""
    whole = 1.0 - np.prod(1.0 - hazards, axis=1)
    fitted = fit_calibrator(whole, failed)
    p = np.clip(expit(fitted.slope * logit(whole) + fitted.shift), P_FLOOR, 1 - P_FLOOR)
    return float(np.where(failed, np.log(p), np.log(1.0 - p)).sum())
