"""Probabilities of all components of a kind at some origins, as arrays, and as risks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from anju_ml.features import Features, compute_features
from anju_ml.grid import Grid
from anju_ml.hazard import expit, logit
from anju_ml.history import History
from anju_ml.prepare import full_matrix
from anju_ml.risk import Risk
from anju_ml.service import judgeable
from anju_ml.target import KindModel
from anju_ml.windows import Origins

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Block:
    """`p[component]` [asset, origin, interval]: cumulative probabilities; `spread` [asset, origin]: standard
    deviation of the log-odds at the last edge [asset, origin]; `observed[component]` [asset, origin]: whether it could
    be judged."""

    features: Features
    p: dict[str, Doubles]
    spread: dict[str, Doubles]
    observed: dict[str, npt.NDArray[np.bool_]]


def predict_block(model: KindModel, history: History, grid: Grid, origins: Origins) -> Block:
    """Calibrated probabilities at `origins` of every asset of `grid`."""
    features = compute_features(history, grid, model.layout, origins)
    shape = (len(grid.assets), len(origins))
    block = Block(features, {}, {}, {})
    for name, target in model.targets.items():
        block.observed[name] = judgeable(history, grid, name, origins)
        rows, columns = np.nonzero(block.observed[name])
        block.p[name] = np.zeros((*shape, len(target.edges)))
        block.spread[name] = np.zeros(shape)
        for start in range(0, len(rows), 50_000):
            part = slice(start, start + 50_000)
            values = full_matrix(features, name, rows[part], columns[part])
            hazards, doubt = target.predict(values)
            block.p[name][rows[part], columns[part]] = target.calibrator.apply(hazards)
            block.spread[name][rows[part], columns[part]] = np.hypot(doubt, 1.0 / np.sqrt(1.0 + target.failures))
    return block


def risks_of(
    model: KindModel, block: Block, grid: Grid, *, position: int, floor: Mapping[str, float] | None = None
) -> list[Risk]:
    """The risks at one origin of `block`, without reasons, for assets that were observed then; `floor` leaves out
    those of a component below a probability."""
    as_of = grid.time_of(int(block.features.origins[position]))
    risks = []
    for name, target in model.targets.items():
        p, spread = block.p[name][:, position], block.spread[name][:, position]
        edges = np.array(target.edges)
        horizons = p_by(p, edges, np.array([1.0, 3.0, 7.0, 30.0]))
        low, high = expit(logit(horizons[:, 3]) - 1.96 * spread), expit(logit(horizons[:, 3]) + 1.96 * spread)
        least = floor[name] if floor else 0.0
        for row in np.flatnonzero(block.observed[name][:, position] & (p[:, -1] >= least)):
            risks.append(
                Risk(
                    asset_id=grid.assets[row],
                    component=name,
                    as_of=as_of,
                    p_24h=float(horizons[row, 0]),
                    p_72h=float(horizons[row, 1]),
                    p_7d=float(horizons[row, 2]),
                    p_30d=float(horizons[row, 3]),
                    low=float(low[row]),
                    high=float(high[row]),
                    expected_at=_expected_at(p[row], edges, as_of),
                    kind=grid.kind,
                    threshold=target.threshold,
                )
            )
    return risks


def p_by(p: Doubles, edges: Doubles, days: Doubles) -> Doubles:
    """Cumulative probabilities [row, day] at `days`, by constant hazard between `edges` and beyond the last."""
    hazard = np.concatenate([np.zeros((len(p), 1)), -np.log1p(-np.clip(p, 0.0, 1 - 1e-9))], axis=1)
    knots = np.concatenate([[0.0], edges])
    out = np.empty((len(p), len(days)))
    for index, day in enumerate(days):
        right = min(int(np.searchsorted(knots, day, side="left")), len(knots) - 1)
        right = max(right, 1)
        share = (day - knots[right - 1]) / (knots[right] - knots[right - 1])
        total = hazard[:, right - 1] + (hazard[:, right] - hazard[:, right - 1]) * share
        out[:, index] = -np.expm1(-total)
    return out


def _expected_at(p: Doubles, edges: Doubles, as_of: datetime) -> datetime | None:
    """The median time of failure where it lies within twice the last edge."""
    days = np.arange(0.0, 2 * edges[-1] + 0.5, 0.5)
    reached = np.flatnonzero(p_by(p[None, :], edges, days)[0] >= 0.5)
    return as_of + timedelta(days=float(days[reached[0]])) if len(reached) else None
