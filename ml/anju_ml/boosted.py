"""Fitted boosting for many rows and all intervals at once: the numbers that scikit-learn gives, bit for bit, sooner.

A tree has few leaves. A split strikes out those to its left where a row goes right, and the first leaf that no split
has struck out is the row's (QuickScorer, Lucchese et al. 2015). The interval is the last column: what its splits
strike out is known beforehand, so that all others serve every interval.
"""

from dataclasses import dataclass
from typing import Any, Final
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from anju_ml.grid import Floats

ROWS_AT_ONCE: Final = 8192
LEAVES_AT_MOST: Final = 32
GAP: Final = 255
"""The code of a value that is missing: above all others."""

Doubles = npt.NDArray[np.float64]
Codes = npt.NDArray[np.uint8]
Bits = npt.NDArray[np.unsignedinteger[Any]]


@dataclass(frozen=True)
class Tree:
    """A row goes right at a split where its code, of the split's line of codes, is above `upto`, and loses the leaves
    `lost` (bits); both [split, 1]. `values` of the leaves; `intervals`: which of them lose the same leaves by being
    what they are."""

    lines: npt.NDArray[np.intp]
    upto: Codes
    lost: Bits
    values: Doubles
    intervals: tuple[tuple[np.unsignedinteger[Any], tuple[int, ...]], ...]

    def add_to(self, sums: Doubles, codes: Codes) -> None:
        """`sums` [interval, row], `codes` [line, row]."""
        lost = np.bitwise_or.reduce((codes[self.lines] > self.upto).view(np.uint8) * self.lost, axis=0)
        for always, intervals in self.intervals:
            all_lost = lost | always
            said = self.values.take(np.bitwise_count((~all_lost & (all_lost + 1)) - 1))
            for interval in intervals:
                sums[interval] += said


@dataclass(frozen=True)
class Boosted:
    """`thresholds` by column, ascending; `base`: what the sum over the trees begins with; `link` makes it a
    probability."""

    thresholds: dict[int, Doubles]
    trees: tuple[Tree, ...]
    intervals: int
    base: float
    link: Any

    def probabilities(self, values: Floats) -> Doubles:
        """[row, interval] from `values` [row, column], the column of the interval left out."""
        sums = np.full((self.intervals, len(values)), self.base)
        for first in range(0, len(values), ROWS_AT_ONCE):
            part = slice(first, first + ROWS_AT_ONCE)
            codes = self._codes(values[part])
            for tree in self.trees:
                tree.add_to(sums[:, part], codes)
        found: Doubles = self.link.inverse(sums)
        return found.T

    def _codes(self, values: Floats) -> Codes:
        """How many thresholds each value exceeds: two lines a column, for gaps that go left and that go right."""
        codes = np.empty((2 * len(self.thresholds), len(values)), np.uint8)
        for number, (column, thresholds) in enumerate(self.thresholds.items()):
            own = values[:, column]
            codes[2 * number] = codes[2 * number + 1] = np.searchsorted(thresholds, own)
            gap = np.isnan(own)
            codes[2 * number, gap], codes[2 * number + 1, gap] = 0, GAP
        return codes


_known: WeakKeyDictionary[Any, dict[int, Boosted]] = WeakKeyDictionary()


def boosted(estimator: Any, intervals: int) -> Boosted:
    """A fitted HistGradientBoostingClassifier of two classes whose last column is the number of the interval."""
    known = _known.setdefault(estimator, {})
    if intervals not in known:
        known[intervals] = _read(estimator, intervals)
    return known[intervals]


def _read(estimator: Any, intervals: int) -> Boosted:
    tables = [predictor.nodes for (predictor,) in estimator._predictors]
    last = estimator.n_features_in_ - 1
    splits = np.concatenate([nodes[nodes["is_leaf"] == 0] for nodes in tables])
    thresholds = {
        int(column): np.unique(splits["num_threshold"][splits["feature_idx"] == column])
        for column in np.unique(splits["feature_idx"])
        if column != last
    }
    trees = tuple(_tree(nodes, thresholds, intervals) for nodes in tables)
    return Boosted(thresholds, trees, intervals, float(estimator._baseline_prediction[0, 0]), estimator._loss.link)


def _tree(nodes: Any, thresholds: dict[int, Doubles], intervals: int) -> Tree:
    """`nodes` lie in order: a split, all that is left of it, all that is right of it."""
    leaves = int(nodes["is_leaf"].sum())
    if leaves > LEAVES_AT_MOST:
        raise ValueError(f"a tree of {leaves} leaves; expected at most {LEAVES_AT_MOST}")
    bits = np.min_scalar_type((1 << leaves) - 1)
    before = np.cumsum(nodes["is_leaf"], dtype=np.int64) - nodes["is_leaf"]
    place = {column: 2 * number for number, column in enumerate(thresholds)}
    splits: list[tuple[int, int, int]] = []
    by_interval = np.zeros(intervals, bits)
    for node in nodes[nodes["is_leaf"] == 0]:
        lost = (1 << int(before[node["right"]])) - (1 << int(before[node["left"]]))
        column, threshold = int(node["feature_idx"]), node["num_threshold"]
        if column in place:
            line = place[column] + (not node["missing_go_to_left"])
            splits.append((line, int(np.searchsorted(thresholds[column], threshold)), lost))
        else:
            by_interval[np.arange(intervals) > threshold] |= lost
    lines, upto, by_split = np.array(splits, np.int64).reshape(-1, 3).T[:, :, None]
    alike = tuple((lost, tuple(np.flatnonzero(by_interval == lost).tolist())) for lost in np.unique(by_interval))
    values = nodes["value"][nodes["is_leaf"] == 1]
    return Tree(lines[:, 0], upto.astype(np.uint8), by_split.astype(bits), values, alike)
