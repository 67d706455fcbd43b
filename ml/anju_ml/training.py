"""From features and outcomes to one hazard for each component: its own where failures are many, else pooled."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from anju_ml.calibrate import Calibrator, fit_calibrator
from anju_ml.dataset import Outcomes, outcomes
from anju_ml.design import SUMMARY_SOURCES, full_matrix, pooled_matrix, summary_matrix
from anju_ml.features import Features, compute_features
from anju_ml.grid import Floats, Grid
from anju_ml.hazard import Doubles, Hazard, Indices, Rows, assign_folds, fit_hazard
from anju_ml.history import History
from anju_ml.layout import Layout, learn_layout, origin_of

OWN_FAILURES: Final = 25
KIND_FAILURES: Final = 15
ROWS_AIMED_AT: Final = 120_000
FIRST_ORIGIN: Final = 10
LATER_SHARE: Final = 0.5
"""Share of the time before the origin that calibration and the choice of thresholds may use."""


@dataclass(frozen=True)
class Target:
    """What predicts one component. `tier`: own, kind or universal; `usual`: the median of each column."""

    component: str
    tier: str
    hazard: Hazard
    failures: int
    base_rate: float
    usual: Floats
    calibrator: Calibrator = field(default_factory=Calibrator)
    threshold: float = 0.0


@dataclass(frozen=True)
class KindModel:
    layout: Layout
    targets: Mapping[str, Target]


@dataclass(frozen=True)
class Prepared:
    """One kind ready for training: `later` marks the origins of the later slice, `folds` each asset's fold."""

    grid: Grid
    layout: Layout
    features: Features
    outcomes: Mapping[str, Outcomes]
    failures: Mapping[str, int]
    folds: Indices
    later: Indices


@dataclass(frozen=True)
class Unseen:
    """Probabilities on the later slice from members that hadn't seen the asset: `p` [asset, origin, interval]."""

    p: Doubles
    found: Outcomes


def prepare(
    history: History, failures: pl.DataFrame, grid: Grid, *, as_of: datetime, horizon_days: float, seed: int
) -> Prepared:
    """Layout, features and outcomes of a kind before `as_of`; `history` is what was known then."""
    origin = origin_of(grid, as_of)
    layout = learn_layout(history, grid, origin=origin)
    stride = max(1, round(len(grid.assets) * origin / ROWS_AIMED_AT))
    origins = np.arange(min(FIRST_ORIGIN, origin), origin + 1, stride)
    features = compute_features(history, grid, layout, origins)
    found = {name: outcomes(history, failures, grid, name, origins, end=as_of) for name in layout.components}
    counts = _failures_learned_from(failures, grid, layout.components, grid.time_of(int(origins[0])))
    total = sum((each.failed_within(horizon_days).sum(axis=1) for each in found.values()), np.zeros(len(grid.assets)))
    folds = assign_folds(total.astype(np.int64), seed=seed)
    later = np.flatnonzero(origins >= origins[0] + LATER_SHARE * (origin - origins[0]))
    return Prepared(grid, layout, features, found, counts, folds, later)


def _failures_learned_from(
    failures: pl.DataFrame, grid: Grid, components: tuple[str, ...], since: datetime
) -> dict[str, int]:
    """How many failures of each component have an origin before them."""
    own = failures.filter(pl.col("asset_id").is_in(list(grid.assets)) & (pl.col("onset") > since))
    counts = dict(own["component"].value_counts().iter_rows())
    return {name: int(counts.get(name, 0)) for name in components}


def fit_kind(prepared: Prepared, *, edges: tuple[float, ...], seed: int) -> tuple[dict[str, Target], dict[str, Unseen]]:
    """Targets of the components that have failures enough, by themselves or together, and what they say of assets
    they hadn't seen."""
    own = [name for name, count in prepared.failures.items() if count >= OWN_FAILURES]
    rest = [name for name, count in prepared.failures.items() if 0 < count < OWN_FAILURES]
    targets: dict[str, Target] = {}
    for name in own:
        rows, _, _ = training_rows(prepared, name, "own")
        targets[name] = _fit(prepared, [rows], name, "own", edges, seed)
    if rest and sum(prepared.failures.values()) >= KIND_FAILURES:
        tables = [training_rows(prepared, name, "kind")[0] for name in prepared.failures]
        first = _fit(prepared, tables, rest[0], "kind", edges, seed)
        for name in rest:
            targets[name] = replace(
                first, component=name, failures=prepared.failures[name], base_rate=base_rate(prepared, name)
            )
    return targets, {name: predict_unseen(prepared, target) for name, target in targets.items()}


def _fit(
    prepared: Prepared, tables: list[Rows], component: str, tier: str, edges: tuple[float, ...], seed: int
) -> Target:
    rows = stack(tables)
    names = (*prepared.features.names, *prepared.features.own_names)
    always = [index for index, name in enumerate(names) if name in ("own reset:since", "own use")]
    if tier == "kind":
        always += range(len(names), rows.values.shape[1])
    return Target(
        component=component,
        tier=tier,
        hazard=fit_hazard(rows, prepared.folds[rows.groups], edges=edges, always=always, seed=seed),
        failures=prepared.failures[component],
        base_rate=base_rate(prepared, component),
        usual=usual_of(rows),
    )


def usual_of(rows: Rows) -> Floats:
    """The median of each column over rows that failed in no known time; NaN for a column without values."""
    calm = rows.values[rows.fails_in == np.inf]
    sample = np.sort((calm if len(calm) else rows.values)[:: max(1, len(calm) // 5000)], axis=0)
    count = (~np.isnan(sample)).sum(axis=0)
    found: Floats = np.take_along_axis(sample, np.maximum((count - 1) // 2, 0)[None], 0)[0]
    return found


def stack(tables: list[Rows]) -> Rows:
    return Rows(
        np.concatenate([table.values for table in tables]),
        np.concatenate([table.groups for table in tables]),
        np.concatenate([table.fails_in for table in tables]),
        np.concatenate([table.known_for for table in tables]),
    )


def base_rate(prepared: Prepared, component: str) -> float:
    """Log of failures an asset and day, shrunk towards one in ten years."""
    days = max(float(prepared.outcomes[component].observed.sum()), 1.0)
    span = len(prepared.features.origins)
    stride = float(prepared.features.origins[1] - prepared.features.origins[0]) if span > 1 else 1.0
    return float(np.log((prepared.failures[component] + 0.5) / (days * stride + 0.5 * 3650)))


def training_rows(prepared: Prepared, component: str, tier: str) -> tuple[Rows, Indices, Indices]:
    """All usable rows of a component, thinned where there are very many, with their positions."""
    found = prepared.outcomes[component]
    usable = found.observed & (np.minimum(found.fails_in, found.known_for) >= 1.0)
    usable |= found.failed_within(1.0)
    assets, origins = np.nonzero(usable)
    step = max(1, len(assets) // ROWS_AIMED_AT)
    near = found.failed_within(45.0)[assets, origins]
    kept = near | (np.arange(len(assets)) % step == 0)
    assets, origins = assets[kept], origins[kept]
    values = matrix(prepared, component, tier, assets, origins)
    return Rows(values, assets, found.fails_in[assets, origins], found.known_for[assets, origins]), assets, origins


def matrix(prepared: Prepared, component: str, tier: str, assets: Indices, origins: Indices) -> Floats:
    return matrix_of(prepared.features, component, tier, assets, origins, base_rate(prepared, component))


def matrix_of(features: Features, component: str, tier: str, assets: Indices, origins: Indices, rate: float) -> Floats:
    if tier == "own":
        return full_matrix(features, component, assets, origins)
    if tier == "kind":
        return pooled_matrix(features, component, assets, origins)
    return summary_matrix(features, component, assets, origins, base_rate=rate)


def predict_unseen(prepared: Prepared, target: Target) -> Unseen:
    """Uncalibrated probabilities of the later slice, each asset by the member that hadn't seen it."""
    found = slice_of(prepared.outcomes[target.component], prepared.later)
    shape = found.observed.shape
    p = np.zeros((*shape, len(target.hazard.edges)))
    for assets in _blocks(shape[0], shape[1]):
        row, column = np.nonzero(found.observed[assets])
        values = matrix(prepared, target.component, target.tier, assets[row], prepared.later[column])
        if len(values):
            p[assets[row], column] = target.hazard.predict_unseen(values, prepared.folds[assets[row]])
    return Unseen(p, found)


def _blocks(assets: int, origins: int) -> Iterator[Indices]:
    size = max(1, 50_000 // max(origins, 1))
    for first in range(0, assets, size):
        yield np.arange(first, min(first + size, assets))


def slice_of(found: Outcomes, origins: Indices) -> Outcomes:
    return Outcomes(found.fails_in[:, origins], found.known_for[:, origins], found.observed[:, origins])


def calibrated(targets: Mapping[str, Target], unseen: Mapping[str, Unseen], horizon_days: float) -> dict[str, Target]:
    """Targets with calibrators: one for all components of the kind together, then each shrunk to that."""
    samples: dict[str, tuple[Doubles, npt.NDArray[np.bool_]]] = {}
    for name, each in unseen.items():
        settled = each.found.settled_for(horizon_days)
        whole = 1.0 - np.prod(1.0 - each.p, axis=2)
        samples[name] = whole[settled], each.found.failed_within(horizon_days)[settled]
    if not samples:
        return {}
    base = fit_calibrator(*(np.concatenate(part) for part in zip(*samples.values(), strict=True)))
    return {
        name: replace(target, calibrator=fit_calibrator(*samples[name], base=base)) for name, target in targets.items()
    }


def column_sources(features: Features, tier: str) -> tuple[str, ...]:
    """Which source each column of a tier's matrix comes from; empty where it is no reason by itself."""
    if tier == "universal":
        return SUMMARY_SOURCES
    sources = (*features.sources, *features.own_sources)
    return (*sources, *("" for _ in features.own)) if tier == "kind" else sources
