"""Tickets opened and closed over many days at once: what a threshold would have done, and what it was worth."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from anju_ml.dataset import Outcomes
from anju_ml.grid import DAY
from anju_ml.policy import NEEDED_WITHIN

Doubles = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
NEEDED_DAYS: Final = NEEDED_WITHIN / DAY


@dataclass(frozen=True)
class Opened:
    """Tickets of one component: position of their asset and of their origin in the arrays they came from."""

    assets: Indices
    origins: Indices


@dataclass(frozen=True)
class Worth:
    """By ticket: `kept` money; `hit`; `useful`: it came to a failure, in time or not; `settled`: the outcome is
    known."""

    kept: Doubles
    hit: Flags
    useful: Flags
    settled: Flags


def open_over_time(
    p: Doubles, found: Outcomes, days: Doubles, *, bar: float, horizon: float, cool_down: float, margin: float
) -> Opened:
    """When `p` [asset, origin] reaches `bar` at the moments `days` [origin] and no ticket is open. A ticket closes at
    the failure, at a preventive visit or after `horizon` days; within `cool_down` days of a failure or visit,
    `margin` more is asked for. A ticket that lapsed leaves the problem as it was."""
    ends_in = np.minimum(np.minimum(found.fails_in, found.known_for), horizon)
    busy_until, ended = np.full(len(p), -np.inf), np.full(len(p), -np.inf)
    assets: list[Indices] = []
    origins: list[Indices] = []
    raised = min(bar + margin, (1 + bar) / 2)
    for position, day in enumerate(days):
        free = found.observed[:, position] & (day >= busy_until)
        needed = np.where(day - ended < cool_down, raised, bar)
        opening = np.flatnonzero(free & (p[:, position] >= needed))
        lasts = ends_in[opening, position]
        busy_until[opening] = day + np.maximum(lasts, 1.0)
        ended[opening] = np.where(lasts < horizon, busy_until[opening], -np.inf)
        assets.append(opening)
        origins.append(np.full(len(opening), position, np.int64))
    return Opened(np.concatenate(assets), np.concatenate(origins))


def worth(opened: Opened, found: Outcomes, days: Doubles, *, lead: float, horizon: float, benefit: float) -> Worth:
    """What each ticket was worth: `benefit` where it was the first to come in time for a failure within NEEDED_DAYS.

    `days` are the moments of the origins, so that tickets for one failure are recognised.
    """
    fails_in = found.fails_in[opened.assets, opened.origins]
    known_for = found.known_for[opened.assets, opened.origins]
    failed = (fails_in <= known_for) & (fails_in < NEEDED_DAYS)
    in_time = failed & (fails_in >= lead)
    onset = np.where(in_time, days[opened.origins] + fails_in, -1.0).round(4)
    order = np.lexsort((opened.origins, onset, opened.assets))
    fresh = np.ones(len(order), np.bool_)
    same = (opened.assets[order][1:] == opened.assets[order][:-1]) & (onset[order][1:] == onset[order][:-1])
    fresh[1:] = ~same
    first = np.zeros(len(order), np.bool_)
    first[order] = fresh
    return Worth(
        kept=np.where(in_time & first, benefit, 0.0),
        hit=in_time & (fails_in < horizon),
        useful=failed,
        settled=failed | (known_for >= horizon),
    )
