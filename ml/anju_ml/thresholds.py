"""The probability from which tickets earn most, found by replaying the later slice on assets not seen."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from anju_ml.hazard import Doubles, expit, logit
from anju_ml.policy import Policy
from anju_ml.prepare import Prepared
from anju_ml.replay import open_over_time, worth
from anju_ml.target import Target
from anju_ml.training import Unseen

STEPS: Final = np.arange(0.0, 4.01, 0.25)
"""Candidates: the break-even's log-odds plus so much."""
DAY_S: Final = 86_400.0


def calibrated_p(target: Target, unseen: Unseen) -> Doubles:
    """P(failure by the last edge) [asset, origin]."""
    shape = unseen.hazards.shape
    p: Doubles = target.calibrator.apply(unseen.hazards.reshape(-1, shape[2]))[:, -1].reshape(shape[:2])
    return np.where(unseen.found.observed, p, 0.0)


def bar_of(policy: Policy, kind: str, component: str, step: float) -> float:
    return float(expit(logit(np.array(policy.break_even(kind, component))) + step))


def replayed(
    prepared: Prepared, target: Target, p: Doubles, unseen: Unseen, policy: Policy, *, bar: float
) -> tuple[Doubles, int]:
    """Saving of each asset [asset] and the number of tickets, with one bar."""
    days = prepared.features.origins[prepared.later].astype(np.float64)
    horizon, lead = policy.horizon.total_seconds() / DAY_S, policy.lead.total_seconds() / DAY_S
    opened = open_over_time(
        p,
        unseen.found,
        days,
        bar=bar,
        horizon=horizon,
        cool_down=policy.cool_down.total_seconds() / DAY_S,
        margin=policy.reopen_margin,
    )
    benefit = policy.benefit(prepared.layout.kind, target.component)
    value = worth(opened, unseen.found, lead=lead, horizon=horizon, benefit=benefit, false_visit=policy.false_visit)
    saving = np.bincount(opened.assets, weights=value.saving, minlength=len(p)).astype(np.float64)
    return saving, len(opened.assets)


def choose_thresholds(
    prepared: Prepared, targets: Mapping[str, Target], unseen: Mapping[str, Unseen], policy: Policy
) -> dict[str, Target]:
    """Targets with the threshold of the step that earned most over the kind's components together."""
    if not targets:
        return {}
    kind = prepared.layout.kind
    p = {name: calibrated_p(target, unseen[name]) for name, target in targets.items()}
    totals = [
        sum(
            float(
                replayed(prepared, target, p[name], unseen[name], policy, bar=bar_of(policy, kind, name, step))[0].sum()
            )
            for name, target in targets.items()
        )
        for step in STEPS
    ]
    best = float(STEPS[int(np.argmax(totals))])
    return {name: replace(target, threshold=bar_of(policy, kind, name, best)) for name, target in targets.items()}
