"""How long components will last: the survival that follows from a hazard over intervals as long as lives on record.

Features and hazard are those of tickets, with three differences. Intervals go on beyond a month; peers are not taken
off, since a fleet that was put in together grows old together; and where machines run under a few conditions in turn,
each point is told by how far it stands off from what is usual in its condition.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from anju_ml.boosted import Boosted
from anju_ml.conditions import Conditions, learn_conditions, take_off
from anju_ml.dataset import Outcomes, outcomes
from anju_ml.failures import find_failures
from anju_ml.features import Features, compute_features
from anju_ml.grid import Grid
from anju_ml.hazard import Doubles, Indices, Rows, assign_folds, expit, fit_boosted, hazards, logit
from anju_ml.hazards import one_thread_each
from anju_ml.history import History
from anju_ml.layout import Layout, learn_layout, origin_of
from anju_ml.prepare import full_matrix
from anju_ml.screening import association
from anju_ml.service import judgeable

ENDS: Final = (
    1,
    3,
    7,
    14,
    21,
    30,
    40,
    50,
    60,
    75,
    90,
    105,
    125,
    150,
    175,
    200,
    250,
    300,
    365,
    450,
    550,
    700,
    900,
    1200,
)
"""Ends of the intervals in days, as far as failures on record reach."""
FAILURES_AT_LEAST: Final = 8
ROWS: Final = 6000
ORIGINS_AIMED_AT: Final = 120_000
FIRST_ORIGIN: Final = 10
NEAR_DAYS: Final = 30.0
LEAST_ASSOCIATION: Final = 0.02
LEAVES: Final = 16
ROUNDS: Final = 200
LONGEST: Final = 3650.0
"""Days; no life is said to last longer."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Days that are left of a component at `as_of`: their mean, the mean of those within `limit` days, the median
    and the middle 80 %."""

    asset_id: str
    kind: str
    component: str
    as_of: datetime
    days: float
    within_limit: float
    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Lasting:
    """What tells the life that is left of one component: members over `columns` of the full matrix."""

    edges: tuple[float, ...]
    columns: Indices
    members: tuple[Boosted, ...]
    failures: int

    def hazards(self, values: npt.NDArray[np.float32]) -> Doubles:
        """[row, interval] from rows of the full matrix: the mean log-odds of all members."""
        with one_thread_each():
            found = [logit(hazards(member, values[:, self.columns])) for member in self.members]
        return expit(np.mean(found, axis=0))


@dataclass(frozen=True)
class KindLasting:
    """One kind; `components` that failed too rarely are missing."""

    conditions: Conditions | None
    layout: Layout
    components: Mapping[str, Lasting]


def learn_remaining(history: History, grid: Grid, *, as_of: datetime, seed: int) -> KindLasting:
    """From what was known at `as_of`; `grid` may reach beyond it."""
    known = history.known_at(as_of).tidy()
    failures = find_failures(known)
    origin = origin_of(grid, as_of)
    conditions = learn_conditions(grid, origin=origin)
    plain = take_off(grid, conditions)
    layout = replace(learn_layout(known, plain, origin=origin), peered=())
    stride = max(1, round(len(grid.assets) * origin / ORIGINS_AIMED_AT))
    origins = np.arange(min(FIRST_ORIGIN, origin), origin + 1, stride)
    features = compute_features(known, plain, layout, origins)
    found: dict[str, Lasting] = {}
    for name in layout.components:
        rows = _rows(features, outcomes(known, failures, plain, name, origins, end=as_of), name, seed=seed)
        count = failures.filter((pl.col("component") == name) & pl.col("asset_id").is_in(list(grid.assets))).height
        if count >= FAILURES_AT_LEAST and rows.failed_within(LONGEST).any():
            found[name] = _fit(rows, count, seed=seed)
    return KindLasting(conditions, layout, found)


def _rows(features: Features, found: Outcomes, component: str, *, seed: int) -> Rows:
    """A sample of all asset-days whose outcome is known for an interval at least."""
    places = np.argwhere(found.observed & (np.minimum(found.fails_in, found.known_for) >= 0.0))
    chosen = np.random.default_rng(seed).permutation(len(places))[:ROWS]
    assets, origins = places[np.sort(chosen)].T
    values = full_matrix(features, component, assets, origins)
    fails_in, known_for = found.fails_in[assets, origins], found.known_for[assets, origins]
    return Rows(values, assets, fails_in, known_for, np.ones(len(assets)))


def _fit(rows: Rows, failures: int, *, seed: int) -> Lasting:
    """One member for each fold of assets."""
    edges = _edges(rows)
    columns = _columns(rows)
    count = np.bincount(rows.groups[rows.failed_within(edges[-1])], minlength=int(rows.groups.max()) + 1)
    folds = assign_folds(count.astype(np.int64), seed=seed)[rows.groups]
    chosen = replace(rows, values=rows.values[:, columns])
    up = [0] * len(columns)
    with one_thread_each():
        members = tuple(
            fit_boosted(chosen.take(folds != fold), edges=edges, up=up, leaves=LEAVES, rounds=ROUNDS, seed=seed + fold)
            for fold in range(int(folds.max()) + 1)
        )
    return Lasting(edges, columns, members, failures)


def _edges(rows: Rows) -> tuple[float, ...]:
    """As far as the longest life that was watched to its failure."""
    lived = rows.fails_in[rows.failed_within(LONGEST)].max()
    count = int(np.searchsorted(ENDS, lived)) + 1
    return tuple(float(end) for end in ENDS[:count])


def _columns(rows: Rows) -> Indices:
    """Those that tell short lives from long ones, or the last month from what is before it."""
    failed = rows.failed_within(LONGEST)
    middle = float(np.median(rows.fails_in[failed]))
    near = association(rows.values, rows.failed_within(NEAR_DAYS))
    strength = np.maximum(near, association(rows.values, rows.failed_within(middle)))
    chosen: Indices = np.flatnonzero(strength > LEAST_ASSOCIATION)
    return chosen if len(chosen) else np.arange(1)


def expect(model: KindLasting, history: History, grid: Grid, *, as_of: datetime, limit_days: float) -> list[Expected]:
    """What is left at `as_of` of every component that can be judged then, by component and asset."""
    known = history.known_at(as_of).tidy()
    plain = take_off(grid, model.conditions)
    origins = np.array([origin_of(grid, as_of)])
    features = compute_features(known, plain, model.layout, origins)
    out: list[Expected] = []
    for name, lasting in model.components.items():
        assets = np.flatnonzero(judgeable(known, plain, name, origins)[:, 0])
        values = full_matrix(features, name, assets, np.zeros(len(assets), np.int64))
        found = left(lasting.hazards(values), lasting.edges, limit_days=limit_days)
        out += [
            Expected(grid.assets[asset], grid.kind, name, as_of, *(round(float(each), 1) for each in row))
            for asset, row in zip(assets, found, strict=True)
        ]
    return out


def left(found: Doubles, edges: tuple[float, ...], *, limit_days: float) -> Doubles:
    """[row, 5]: mean, mean within the limit, median, 10th and 90th percentile of the days left, from hazards
    [row, interval]. Within an interval, and beyond the last one, the hazard a day stays as it is."""
    knots = np.array([0.0, *edges, LONGEST])
    widths = np.diff(knots)
    a_day = -np.log1p(-found) / widths[:-1]
    a_day = np.concatenate([a_day, a_day[:, -1:]], axis=1)
    total = np.concatenate([np.zeros((len(found), 1)), np.cumsum(a_day * widths, axis=1)], axis=1)
    mean = _area(a_day, total, knots, LONGEST)
    columns = [mean, _area(a_day, total, knots, limit_days)]
    columns += [_when(a_day, total, knots, share) for share in (0.5, 0.9, 0.1)]
    return np.stack(columns, axis=1)


def _area(a_day: Doubles, total: Doubles, knots: Doubles, limit: float) -> Doubles:
    """The integral of survival from 0 to `limit`."""
    widths = np.clip(limit - knots[:-1], 0.0, np.diff(knots))
    rate = np.maximum(a_day, 1e-12)
    found: Doubles = (np.exp(-total[:, :-1]) * -np.expm1(-rate * widths) / rate).sum(axis=1)
    return found


def _when(a_day: Doubles, total: Doubles, knots: Doubles, share: float) -> Doubles:
    """The days after which only `share` survives."""
    wanted = -np.log(share)
    place = np.minimum((total[:, 1:] < wanted).sum(axis=1), a_day.shape[1] - 1)
    row = np.arange(len(total))
    rest = (wanted - total[row, place]) / np.maximum(a_day[row, place], 1e-12)
    found: Doubles = np.minimum(knots[place] + rest, LONGEST)
    return found
