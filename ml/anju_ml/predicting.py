"""Probabilities of all components of a kind at some origins, as arrays, and as risks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

from anju_ml.features import Features, compute_features
from anju_ml.grid import Grid
from anju_ml.hazard import TOLD_DAYS, expit, logit, p_by, p_within
from anju_ml.history import History
from anju_ml.prepare import full_matrix
from anju_ml.risk import Risk
from anju_ml.service import judgeable
from anju_ml.target import KindModel, Target
from anju_ml.windows import Origins

Doubles = npt.NDArray[np.float64]
ROWS_AT_ONCE: Final = 50_000


@dataclass(frozen=True)
class Block:
    """`p[component]` [asset, origin, interval]: cumulative probabilities at `edges` (days); `spread` [asset, origin]:
    standard deviation of the log-odds at the last edge; `observed[component]` [asset, origin]: whether it could be
    judged."""

    features: Features
    edges: tuple[float, ...]
    p: dict[str, Doubles]
    spread: dict[str, Doubles]
    observed: dict[str, npt.NDArray[np.bool_]]

    def within(self, component: str, days: float) -> Doubles:
        """P(failure within `days`) [asset, origin], as decisions are told it."""
        p = self.p[component]
        return p_within(p.reshape(-1, p.shape[2]), self.edges, days).reshape(p.shape[:2])


def predict_block(model: KindModel, history: History, grid: Grid, origins: Origins) -> Block:
    """Calibrated probabilities at `origins` (ascending) of every asset of `grid`; none before its first day is over."""
    begun = origins >= 1
    origins = np.maximum(origins, 1)
    features = compute_features(history, grid, model.layout, origins)
    edges = next((target.edges for target in model.targets.values()), ())
    block = Block(features, edges, {}, {}, {})
    for name, target in model.targets.items():
        seen = judgeable(history, grid, name, origins) & begun
        hazards, doubt = _hazards(target, features, seen)
        p = target.calibrator.apply(hazards.reshape(-1, len(target.edges))).reshape(*seen.shape, -1)
        block.observed[name] = seen
        block.p[name] = np.where(seen[:, :, None], p, 0.0)
        block.spread[name] = np.where(seen, np.hypot(doubt, 1.0 / np.sqrt(1.0 + target.failures)), 0.0)
    return block


def _hazards(target: Target, features: Features, seen: npt.NDArray[np.bool_]) -> tuple[Doubles, Doubles]:
    """Hazards [asset, origin, interval] and their doubt [asset, origin] where `seen`."""
    rows, columns = np.nonzero(seen)
    found, doubt = np.zeros((*seen.shape, len(target.edges))), np.zeros(seen.shape)
    for start in range(0, len(rows), ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        values = full_matrix(features, target.component, rows[part], columns[part])
        found[rows[part], columns[part]], doubt[rows[part], columns[part]] = target.predict(values)
    return found, doubt


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
        horizons = p_by(p, edges, TOLD_DAYS)
        low, high = expit(logit(horizons[:, 3]) - 1.96 * spread), expit(logit(horizons[:, 3]) + 1.96 * spread)
        least = floor[name] if floor else 0.0
        rows = np.flatnonzero(block.observed[name][:, position] & (p[:, -1] >= least))
        for row, expected_at in zip(rows, _expected_at(p[rows], edges, as_of), strict=True):
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
                    expected_at=expected_at,
                    kind=grid.kind,
                    threshold=target.threshold,
                )
            )
    return risks


def _expected_at(p: Doubles, edges: Doubles, as_of: datetime) -> list[datetime | None]:
    """The median time of failure by row of `p` where it lies within twice the last edge."""
    days = np.arange(0.0, 2 * edges[-1] + 0.5, 0.5)
    reached = p_by(p, edges, days) >= 0.5
    first = np.where(reached.any(axis=1), reached.argmax(axis=1), -1)
    return [as_of + timedelta(days=float(days[each])) if each >= 0 else None for each in first]
