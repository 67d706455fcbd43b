"""Reasons: which point, code or record raises a probability most, told in sentences.

A source's features are set to their usual values, and the fall of the probability is its share.
"""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Final

import numpy as np

from anju_ml.grid import Floats, Grid
from anju_ml.hazard import Doubles, cumulative, logit
from anju_ml.predicting import Block
from anju_ml.prepare import full_matrix, full_sources
from anju_ml.risk import Reason, Risk
from anju_ml.sentences import Subject, tell
from anju_ml.target import KindModel, Target
from anju_ml.weeks import Weeks

MOST: Final = 5
FALL_AT_LEAST: Final = 0.05
"""In log-odds."""
AT_ONCE: Final = 2000
"""Risks whose variants are held in memory together."""


def explain(
    model: KindModel, block: Block, grid: Grid, risks: Sequence[Risk], *, position: int
) -> list[tuple[Reason, ...]]:
    """Up to five reasons for each of `risks`, strongest first; `risks` are of the origin at `position`."""
    place = {name: index for index, name in enumerate(grid.assets)}
    out: list[tuple[Reason, ...]] = [()] * len(risks)
    origin = int(block.features.origins[position])
    weeks = Weeks(model.layout, grid, origin)
    for name, target in model.targets.items():
        own = [index for index, risk in enumerate(risks) if risk.component == name]
        rows = np.array([place[risks[index].asset_id] for index in own], np.int64)
        for first in range(0, len(own), AT_ONCE):
            part = rows[first : first + AT_ONCE]
            values = full_matrix(block.features, name, part, np.full(len(part), position, np.int64))
            best = _strongest(falls_by_source(target, values, full_sources(block.features)), len(part))
            for index, row, sources in zip(own[first:], part.tolist(), best, strict=False):
                subject = Subject(model.layout, block.features, grid, weeks, row, position, origin, name)
                out[index] = _reasons(subject, sources)
    return out


def _strongest(falls: Mapping[str, Doubles], rows: int) -> list[list[str]]:
    """By row the sources whose falls count, greatest first."""
    out = []
    for row in range(rows):
        shares = {source: float(fall[row]) for source, fall in falls.items() if fall[row] > FALL_AT_LEAST}
        out.append(sorted(shares, key=lambda source: (-shares[source], source)))
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
    """The strongest that have something to show."""
    found = (tell(subject, source) for source in sources)
    return tuple(islice((reason for reason in found if reason is not None), MOST))
