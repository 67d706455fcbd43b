"""One kind made ready for training: layout, features, outcomes, folds of assets, and the rows to learn from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import polars as pl

from anju_ml.board import WEEK, Board, learn_board
from anju_ml.dataset import Outcomes, outcomes
from anju_ml.features import Features, compute_features
from anju_ml.grid import Floats, Grid
from anju_ml.hazard import Flags, Indices, Rows, assign_folds
from anju_ml.history import History
from anju_ml.layout import Layout, learn_layout, origin_of

ROWS_AIMED_AT: Final = 120_000
FIRST_ORIGIN: Final = 10
PRIOR_FAILURES: Final = 2.0
LATER_ROWS: Final = 25_000
CALM_DAYS: Final = 45.0
CALM_ROWS: Final = 20_000
ODD_NATS: Final = 3.0
"""From here on a row without a failure ahead is worth learning from: it looks like one."""
ODD_ROWS: Final = 1200
LATER_SHARE: Final = 0.5
"""Share of the time before the origin that calibration and the choice of thresholds may use."""


@dataclass(frozen=True)
class Prepared:
    """`outcomes`, `failures` (how many can be learned from) and `base_rates` (log of failures an asset and day) are by
    component; `odd` [asset, origin]: some point or code stands out; `folds` gives each asset's fold, `later` the
    origins of the later slice."""

    grid: Grid
    layout: Layout
    features: Features
    outcomes: Mapping[str, Outcomes]
    board: Board
    odd: Flags
    failures: Mapping[str, int]
    base_rates: Mapping[str, float]
    folds: Indices
    later: Indices


def prepare(
    history: History, failures: pl.DataFrame, grid: Grid, *, as_of: datetime, horizon_days: float, seed: int
) -> Prepared:
    """A kind before `as_of`; `history` is what was known then."""
    origin = origin_of(grid, as_of)
    layout = learn_layout(history, grid, origin=origin)
    stride = max(1, round(len(grid.assets) * origin / ROWS_AIMED_AT))
    origins = np.arange(min(FIRST_ORIGIN, origin), origin + 1, stride)
    found = {name: outcomes(history, failures, grid, name, origins, end=as_of) for name in layout.components}
    counts = _failures_learned_from(failures, grid, layout.components, grid.time_of(int(origins[0])))
    total = sum((each.failed_within(horizon_days).sum(axis=1) for each in found.values()), np.zeros(len(grid.assets)))
    days = {name: float(each.observed.sum()) * stride for name, each in found.items()}
    features = compute_features(history, grid, layout, origins)
    board = _board(features, layout, found, seed=seed)
    return Prepared(
        grid=grid,
        layout=layout,
        features=features,
        outcomes=found,
        board=board,
        odd=_odd(board, features),
        failures=counts,
        base_rates=_base_rates(counts, days),
        folds=assign_folds(total.astype(np.int64), seed=seed),
        later=_later(origins, origin, len(grid.assets)),
    )


def _board(features: Features, layout: Layout, found: Mapping[str, Outcomes], *, seed: int) -> Board:
    """The kind's board from days on which no component of an asset was about to fail."""
    shape = features.common.shape[:2]
    calm = np.ones(shape, np.bool_)
    for each in found.values():
        calm &= np.where(each.fails_in <= each.known_for, each.fails_in, np.inf) > CALM_DAYS
    if found:
        calm &= np.any([each.observed for each in found.values()], axis=0)
    places = np.argwhere(calm)
    chosen = np.random.default_rng(seed).permutation(len(places))[:CALM_ROWS]
    rows = _of_any_component(features, places[chosen])
    points = [name.removesuffix(":held7") for name in features.names if name.endswith(":held7")]
    return learn_board(full_names(features), points, layout.codes, rows)


def _of_any_component(features: Features, places: Indices) -> Floats:
    """Rows of the full matrix at `places` [row, (asset, origin)], each with the own columns of a component in turn."""
    components = list(features.own)
    parts = []
    for turn, name in enumerate(components):
        own = places[turn :: len(components)]
        parts.append(full_matrix(features, name, own[:, 0], own[:, 1]))
    width = len(full_names(features))
    return np.concatenate([np.empty((0, width), np.float32), *parts])


def _odd(board: Board, features: Features) -> Flags:
    out = np.zeros(features.common.shape[:2], np.bool_)
    no_own = np.full((features.common.shape[1], len(features.own_names)), np.nan, np.float32)
    for asset in range(len(out)):
        surprise = board.surprise(np.hstack([features.common[asset], no_own]))
        out[asset] = np.abs(surprise[:, :, WEEK]).max(axis=1, initial=0.0) >= ODD_NATS
    return out


def _later(origins: Indices, origin: int, assets: int) -> Indices:
    """Positions of the origins of the later slice, every few days where assets are many."""
    positions = np.flatnonzero(origins >= origins[0] + LATER_SHARE * (origin - origins[0]))
    return positions[:: max(1, round(assets * len(positions) / LATER_ROWS))]


def _base_rates(failures: Mapping[str, int], days: Mapping[str, float]) -> dict[str, float]:
    """Log of failures an asset and day of each component, shrunk to the kind's usual component."""
    observed = max(sum(days.values()), 1.0)
    usual = (sum(failures.values()) + 0.5) / (observed + 0.5 * 3650)
    return {
        name: float(np.log((count + PRIOR_FAILURES) / (days[name] + PRIOR_FAILURES / usual)))
        for name, count in failures.items()
    }


def _failures_learned_from(
    failures: pl.DataFrame, grid: Grid, components: tuple[str, ...], since: datetime
) -> dict[str, int]:
    """How many failures of each component have an origin before them."""
    own = failures.filter(pl.col("asset_id").is_in(list(grid.assets)) & (pl.col("onset") > since))
    counts = dict(own["component"].value_counts().iter_rows())
    return {name: int(counts.get(name, 0)) for name in components}


def full_matrix(features: Features, component: str, assets: Indices, origins: Indices) -> Floats:
    """[row, feature] for the rows (assets[i], origins[i]), both positions in `features`: common features, then the
    component's own."""
    return np.hstack([features.common[assets, origins], features.own[component][assets, origins]])


def full_names(features: Features) -> tuple[str, ...]:
    return (*features.names, *features.own_names)


def full_sources(features: Features) -> tuple[str, ...]:
    return (*features.sources, *features.own_sources)


def training_rows(
    prepared: Prepared, component: str, *, horizon_days: float, negatives: int, per_positive: int, seed: int
) -> Rows:
    """All rows before a failure within the horizon and a sample of the others, with weights that make up for it. Of
    these, rows that look odd are rare and tell most, so they are sampled apart."""
    found = prepared.outcomes[component]
    failed = found.failed_within(horizon_days)
    quiet = found.observed & ~failed & (np.minimum(found.fails_in, found.known_for) >= 1.0)
    rng = np.random.default_rng(seed)
    positive, odd, calm = np.argwhere(failed), np.argwhere(quiet & prepared.odd), np.argwhere(quiet & ~prepared.odd)
    wanted = min(max(per_positive * len(positive), negatives // 4), negatives)
    parts = [positive, _some(odd, ODD_ROWS, rng), _some(calm, wanted, rng)]
    weights = np.repeat(
        [1.0, len(odd) / max(len(parts[1]), 1), len(calm) / max(len(parts[2]), 1)], [len(part) for part in parts]
    )
    places = np.concatenate(parts)
    assets, origins = places[:, 0], places[:, 1]
    values = full_matrix(prepared.features, component, assets, origins)
    return Rows(values, assets, found.fails_in[assets, origins], found.known_for[assets, origins], weights)


def _some(places: Indices, most: int, rng: np.random.Generator) -> Indices:
    """At most so many of `places`, in their order."""
    if len(places) <= most:
        return places
    found: Indices = places[np.sort(rng.choice(len(places), most, replace=False))]
    return found
