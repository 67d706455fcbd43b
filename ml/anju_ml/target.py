"""What predicts one component: members and their weights, calibration, threshold."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

import numpy as np

from anju_ml.board import Board
from anju_ml.calibrate import Calibrator
from anju_ml.cores import each, one_core
from anju_ml.grid import Floats
from anju_ml.hazard import Doubles, Indices, cumulative, expit, logit
from anju_ml.hazards import Members, SharedMember, Sight, one_thread_each, see
from anju_ml.layout import Layout

ROWS_FOR_THREADS: Final = 1000
"""Fewer are done before threads have begun."""


@dataclass(frozen=True)
class Target:
    """`board` and `plain` (positions of PLAIN in the full matrix) are the kind's. `members` by their sort (`shared` by
    all components, the component's `own`, `direct`), `weights`: how much each sort's log-odds count, 1 in all; `usual`:
    the median of each column of the full matrix over calm rows; `threshold`: the probability from which tickets pay and
    enough of them prove right and needed."""

    kind: str
    component: str
    edges: tuple[float, ...]
    board: Board
    plain: Indices
    members: Mapping[str, Members]
    weights: Mapping[str, float]
    failures: int
    usual: Floats
    calibrator: Calibrator = field(default_factory=Calibrator)
    threshold: float = 0.0

    def see(self, values: Floats) -> Sight:
        return see(values, self.board, self.plain)

    def predict(self, values: Floats) -> tuple[Doubles, Doubles]:
        """Uncalibrated hazards [row, interval] from rows of the full matrix, and the spread of the members' log-odds
        of failure within the last edge [row]."""
        sight = self.see(values)
        total, spread = np.zeros((len(values), len(self.edges))), np.zeros(len(values))
        with one_thread_each(), one_core(len(values) < ROWS_FOR_THREADS):
            for sort, weight in self.weights.items():
                found = each(lambda member: member.hazards(self.kind, self.component, sight), self.members[sort])
                total += weight * np.array([logit(said) for said in found]).mean(axis=0)
                spread += weight * np.array([logit(cumulative(said)[:, -1]) for said in found]).std(axis=0)
        return expit(total), spread

    def said_unseen(self, values: Floats, folds: Indices) -> dict[str, Doubles]:
        """Log-odds [row, interval] by sort of members, each row by the members that never saw its fold."""
        sight = self.see(values)
        said = {sort: np.zeros((len(values), len(self.edges))) for sort in self.members}
        with one_thread_each():
            for sort, members in self.members.items():
                for fold, member in enumerate(members):
                    rows = folds == fold
                    if rows.any():
                        said[sort][rows] = logit(member.hazards(self.kind, self.component, sight.take(rows)))
        return said

    def relevant_columns(self) -> set[int]:
        """Columns of the full matrix that any member looks at."""
        found = set(self.board.columns.ravel().tolist()) | set(self.plain.tolist())
        for member in chain.from_iterable(self.members.values()):
            found |= set(() if isinstance(member, SharedMember) else member.columns.tolist())
        return found - {-1}


@dataclass(frozen=True)
class KindModel:
    layout: Layout
    targets: Mapping[str, Target]
