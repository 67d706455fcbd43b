"""Tickets opened and closed over many days at once: what a threshold would have done, and what it was worth."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from anju_ml.dataset import Outcomes

Doubles = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
NEEDED_DAYS: Final = 60.0


@dataclass(frozen=True)
class Opened:
    """Tickets of one component: position of their asset and of their origin in the arrays they came from."""

    assets: Indices
    origins: Indices


@dataclass(frozen=True)
class Worth:
    """Money by ticket; `hit` and `settled` (the outcome is known) by ticket."""

    saving: Doubles
    hit: npt.NDArray[np.bool_]
    settled: npt.NDArray[np.bool_]


def open_over_time(
    p: Doubles, found: Outcomes, days: Doubles, *, bar: float, horizon: float, cool_down: float, margin: float
) -> Opened:
    """When `p` [asset, origin] reaches `bar` at the moments `days` [origin] and no ticket is open. A ticket closes at
    the failure, at a preventive visit or after `horizon` days; within `cool_down` days of that, `margin` more is
    asked for."""
    ends_in = np.minimum(np.minimum(found.fails_in, found.known_for), horizon)
    busy_until = np.full(len(p), -np.inf)
    assets: list[Indices] = []
    origins: list[Indices] = []
    raised = min(bar + margin, (1 + bar) / 2)
    for position, day in enumerate(days):
        free = found.observed[:, position] & (day >= busy_until)
        needed = np.where(day - busy_until < cool_down, raised, bar)
        opening = np.flatnonzero(free & (p[:, position] >= needed))
        busy_until[opening] = day + np.maximum(ends_in[opening, position], 1.0)
        assets.append(opening)
        origins.append(np.full(len(opening), position, np.int64))
    return Opened(np.concatenate(assets), np.concatenate(origins))


def worth(opened: Opened, found: Outcomes, *, lead: float, horizon: float, benefit: float, false_visit: float) -> Worth:
    """What each ticket was worth: `benefit` where it came in time for a failure within NEEDED_DAYS, minus
    `false_visit` where none came, nothing where it came too late or the outcome isn't known."""
    fails_in = found.fails_in[opened.assets, opened.origins]
    known_for = found.known_for[opened.assets, opened.origins]
    failed = fails_in <= known_for
    hit = failed & (fails_in >= lead) & (fails_in < horizon)
    needed = failed & (fails_in >= lead) & (fails_in < NEEDED_DAYS)
    settled = failed | (known_for >= horizon)
    late = failed & (fails_in < lead)
    saving = np.where(needed, benefit, np.where(settled & ~late, -false_visit, 0.0))
    return Worth(saving, hit, settled)
