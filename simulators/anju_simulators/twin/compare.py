"""Both arms over many communities: differences with intervals, by bootstrap over the communities."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from anju_simulators.randomness import Floats
from anju_simulators.twin.tally import Outcome

_DRAWS: Final = 4_000
_LOW, _HIGH = 2.5, 97.5


@dataclass(frozen=True, slots=True)
class Pair:
    """One community, lived twice."""

    seed: int
    reactive: Outcome
    proactive: Outcome

    def as_json(self) -> dict[str, Any]:
        return {"seed": self.seed, "reactive": self.reactive.as_json(), "proactive": self.proactive.as_json()}


def compare(pairs: Sequence[Pair]) -> dict[str, dict[str, Any]]:
    """By measure: the mean of each arm, the mean difference (proactive less reactive) and the ratio of the sums
    (None where the reactive arm has none), each with its 95 % interval over communities."""
    found: dict[str, dict[str, Any]] = {}
    draws = np.random.default_rng(0).integers(0, len(pairs), (_DRAWS, len(pairs)))
    for name in pairs[0].reactive.as_json():
        reactive, proactive = (
            np.array([getattr(getattr(pair, arm), name) for pair in pairs], np.float64)
            for arm in ("reactive", "proactive")
        )
        difference = proactive - reactive
        found[name] = {
            "reactive": round(float(reactive.mean()), 2),
            "proactive": round(float(proactive.mean()), 2),
            "difference": round(float(difference.mean()), 2),
            "difference_95": _interval(difference[draws].mean(axis=1)),
            **_ratio(reactive, proactive, draws),
        }
    return found


def _ratio(reactive: Floats, proactive: Floats, draws: "np.ndarray[Any, Any]") -> dict[str, Any]:
    base = reactive[draws].sum(axis=1)
    if not base.all():
        return {"ratio": None, "ratio_95": None}
    ratio = float(proactive.sum() / reactive.sum())
    return {"ratio": round(ratio, 4), "ratio_95": _interval(proactive[draws].sum(axis=1) / base, digits=4)}


def _interval(values: Floats, digits: int = 2) -> list[float]:
    return [round(float(bound), digits) for bound in np.percentile(values, [_LOW, _HIGH])]
