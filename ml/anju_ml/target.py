"""What predicts one component: hazards, blend, calibration, threshold."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from anju_ml.board import Board
from anju_ml.calibrate import Calibrator
from anju_ml.cores import each, one_core
from anju_ml.grid import Floats
from anju_ml.hazard import Doubles, Indices, cumulative, expit, logit
from anju_ml.hazards import Members, OwnMember, SharedMember, Sight, one_thread_each, see
from anju_ml.layout import Layout

ROWS_FOR_THREADS: Final = 1000
"""Fewer are done before threads have begun."""


@dataclass(frozen=True)
class Target:
    """`board` and `plain` (positions of PLAIN in the full matrix) are the kind's. `own_share`: weight of the own
    hazard, the shared one has the rest; `usual`: the median of each column of the full matrix over calm rows;
    `threshold`: the probability from which tickets pay, and enough of them prove right and needed."""

    kind: str
    component: str
    edges: tuple[float, ...]
    board: Board
    plain: Indices
    shared: tuple[SharedMember, ...]
    own: tuple[OwnMember, ...]
    failures: int
    usual: Floats
    own_share: float = 0.0
    calibrator: Calibrator = field(default_factory=Calibrator)
    threshold: float = 0.0

    @property
    def tier(self) -> str:
        """own, blended or shared."""
        return "shared" if self.own_share == 0 else "own" if self.own_share == 1 else "blended"

    def _used(self) -> list[tuple[Members, float]]:
        both: list[tuple[Members, float]] = [(self.shared, 1 - self.own_share), (self.own, self.own_share)]
        return [(members, share) for members, share in both if share > 0]

    def see(self, values: Floats) -> Sight:
        return see(values, self.board, self.plain)

    def predict(self, values: Floats) -> tuple[Doubles, Doubles]:
        """Uncalibrated hazards [row, interval] from rows of the full matrix, and the spread of the members' log-odds
        of failure within the last edge [row]."""
        sight, intervals = self.see(values), len(self.edges)
        total, spread = np.zeros((len(values), intervals)), np.zeros(len(values))
        with one_thread_each(), one_core(len(values) < ROWS_FOR_THREADS):
            for members, share in self._used():
                found = each(lambda member: member.hazards(self.kind, self.component, sight, intervals), members)
                total += share * np.array([logit(said) for said in found]).mean(axis=0)
                spread += share * np.array([logit(cumulative(said)[:, -1]) for said in found]).std(axis=0)
        return expit(total), spread

    def predict_unseen(self, values: Floats, folds: Indices) -> Doubles:
        """Uncalibrated hazards [row, interval], each row by the members that never saw its fold."""
        sight, intervals = self.see(values), len(self.edges)
        total = np.zeros((len(values), intervals))
        with one_thread_each():
            for members, share in self._used():
                for fold, member in enumerate(members):
                    rows = folds == fold
                    if rows.any():
                        part = member.hazards(self.kind, self.component, sight.take(rows), intervals)
                        total[rows] += share * logit(part)
        return expit(total)

    def relevant_columns(self) -> set[int]:
        """Columns of the full matrix that any member looks at."""
        found = set(self.board.columns.ravel().tolist()) | set(self.plain.tolist())
        for member in self.own if self.own_share > 0 else ():
            found |= set(member.columns.tolist())
        return found - {-1}


@dataclass(frozen=True)
class KindModel:
    layout: Layout
    targets: Mapping[str, Target]
