"""Reasons: which point, code or record raises a probability most, told in sentences.

A source's features are set to their usual values, and the fall of the probability is its share.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from anju_ml.grid import Floats, Grid
from anju_ml.hazard import Doubles, cumulative, logit
from anju_ml.predicting import Block
from anju_ml.prepare import full_matrix, full_sources
from anju_ml.risk import Reason, Risk
from anju_ml.sentences import Subject, tell
from anju_ml.target import KindModel, Target

MOST: Final = 5
FALL_AT_LEAST: Final = 0.05
"""In log-odds."""


def explain(
    model: KindModel, block: Block, grid: Grid, risks: Sequence[Risk], *, position: int
) -> list[tuple[Reason, ...]]:
    """Up to five reasons for each of `risks`, strongest first; `risks` are of the origin at `position`."""
    place = {name: index for index, name in enumerate(grid.assets)}
    out: list[tuple[Reason, ...]] = [()] * len(risks)
    origin = int(block.features.origins[position])
    for name, target in model.targets.items():
        own = [index for index, risk in enumerate(risks) if risk.component == name]
        rows = np.array([place[risks[index].asset_id] for index in own], np.int64)
        if not own:
            continue
        columns = np.full(len(rows), position, np.int64)
        values = full_matrix(block.features, name, rows, columns)
        falls = falls_by_source(target, values, full_sources(block.features))
        for order, index in enumerate(own):
            shares = {source: float(fall[order]) for source, fall in falls.items() if fall[order] > FALL_AT_LEAST}
            best = sorted(shares, key=lambda source: (-shares[source], source))[:MOST]
            row = int(rows[order])
            out[index] = _reasons(Subject(model.layout, block.features, grid, row, position, origin, name), best)
    return out


def falls_by_source(target: Target, values: Floats, sources: Sequence[str]) -> dict[str, Doubles]:
    """For each source, by how much the log-odds at the last edge fall when its columns become usual [row]."""
    by_source: dict[str, list[int]] = {}
    for column in sorted(target.relevant_columns()):
        if sources[column]:
            by_source.setdefault(sources[column], []).append(column)
    variants = [values]
    for columns in by_source.values():
        normal = values.copy()
        normal[:, columns] = target.usual[columns]
        variants.append(normal)
    odds = logit(cumulative(target.predict(np.concatenate(variants))[0])[:, -1]).reshape(len(variants), len(values))
    return {source: odds[0] - odds[number] for number, source in enumerate(by_source, 1)}


def _reasons(subject: Subject, sources: Sequence[str]) -> tuple[Reason, ...]:
    found = [tell(subject, source) for source in sources]
    return tuple(reason for reason in found if reason is not None)
