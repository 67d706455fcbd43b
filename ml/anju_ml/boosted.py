"""Fitted boosting for many rows and all intervals at once: the numbers that scikit-learn gives, bit for bit, sooner.

A tree has few leaves. A split strikes out those to its left where a row goes right, and the first leaf that no split
has struck out is the row's (QuickScorer, Lucchese et al. 2015). The interval is the last column: what its splits
strike out is known beforehand, so that all others serve every interval. What is kept are a few arrays, whatever the
number of trees, so that a model is soon written and read.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from anju_ml.cores import blocks
from anju_ml.grid import Floats

ROWS_AT_ONCE: Final = 256
LEAVES_AT_MOST: Final = 32
GAP: Final = 255
"""The code of a value that is missing: above all others."""

Doubles = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
Codes = npt.NDArray[np.uint8]
Bits = npt.NDArray[np.unsignedinteger[Any]]


@dataclass(frozen=True)
class Boosted:
    """`thresholds` of each of `columns`, ascending, from `starts` on. All trees are gone through at once, split after
    split: a row goes right at the split of a tree where its code, of the split's line of codes (`lines` [split, tree]),
    is above `upto` [split, tree, 1], and loses the leaves `lost` (bits, [split, tree, 1]). `always` [way, 1]: the
    leaves that a tree (`trees` [way]) loses by what the interval is, in each way that intervals differ for it; `ways`
    [tree, interval]. `values` of the leaves, those of a way's tree from `first` [way, 1] on; `base`: what the sum over
    the trees begins with."""

    columns: Places
    thresholds: Doubles
    starts: Places
    lines: Places
    upto: Codes
    lost: Bits
    trees: Places
    always: Bits
    ways: Places
    values: Doubles
    first: Places
    base: float

    def probabilities(self, values: Floats) -> Doubles:
        """[row, interval] from `values` [row, column], the column of the interval left out."""
        sums = np.empty((self.ways.shape[1], len(values)))
        codes = self._codes(values)
        for block in blocks(len(values), ROWS_AT_ONCE):
            sums[:, block] = np.add.reduce(self._said(codes[:, block])[self.ways], axis=0, initial=self.base)
        found: Doubles = expit(sums)
        return found.T

    def _said(self, codes: Codes) -> Doubles:
        """What the tree of each way says of each row [way, row], by the row's `codes` [line, row]."""
        lost = np.zeros((self.lines.shape[1], codes.shape[1]), self.lost.dtype)
        for lines, upto, bits in zip(self.lines, self.upto, self.lost, strict=True):
            lost |= (codes[lines] > upto).view(np.uint8) * bits
        all_lost = lost[self.trees] | self.always
        leaf = np.bitwise_count((~all_lost & (all_lost + 1)) - 1)
        found: Doubles = self.values.take(leaf + self.first)
        return found

    def _codes(self, values: Floats) -> Codes:
        """How many thresholds each value exceeds: two lines a column, for gaps that go left and that go right."""
        codes = np.empty((2 * len(self.columns), len(values)), np.uint8)
        for number, column in enumerate(self.columns):
            thresholds, own = self.thresholds[self.starts[number] : self.starts[number + 1]], values[:, column]
            codes[2 * number] = codes[2 * number + 1] = np.searchsorted(thresholds, own)
            gap = np.isnan(own)
            codes[2 * number, gap], codes[2 * number + 1, gap] = 0, GAP
        return codes


def boosted(estimator: Any, intervals: int) -> Boosted:
    """A fitted HistGradientBoostingClassifier of two classes whose last column is the number of the interval.
    ValueError for a tree of more than LEAVES_AT_MOST leaves."""
    tables = [predictor.nodes for (predictor,) in estimator._predictors]
    last = estimator.n_features_in_ - 1
    splits = np.concatenate([nodes[nodes["is_leaf"] == 0] for nodes in tables])
    thresholds = {
        int(column): np.unique(splits["num_threshold"][splits["feature_idx"] == column])
        for column in np.unique(splits["feature_idx"])
        if column != last
    }
    trees = [_tree(nodes, thresholds, intervals) for nodes in tables]
    longest = max(len(tree.splits) for tree in trees)
    splits = np.array([tree.splits + [(0, GAP, 0)] * (longest - len(tree.splits)) for tree in trees], np.int64)
    lines, upto, lost = splits.reshape(len(trees), longest, 3).transpose(2, 1, 0)
    bits = np.min_scalar_type((1 << max(len(tree.values) for tree in trees)) - 1)
    ways = [(number, lost) for number, tree in enumerate(trees) for lost in sorted(set(tree.by_interval))]
    first = np.cumsum([0, *(len(tree.values) for tree in trees)])
    return Boosted(
        columns=np.array(list(thresholds), np.int64),
        thresholds=np.concatenate([np.empty(0), *thresholds.values()]),
        starts=np.cumsum([0, *(len(each) for each in thresholds.values())]),
        lines=lines,
        upto=upto[:, :, None].astype(np.uint8),
        lost=lost[:, :, None].astype(bits),
        trees=np.array([number for number, _ in ways]),
        always=np.array([[lost] for _, lost in ways], bits),
        ways=np.array([[ways.index((number, lost)) for lost in tree.by_interval] for number, tree in enumerate(trees)]),
        values=np.concatenate([tree.values for tree in trees]),
        first=first[[number for number, _ in ways]][:, None],
        base=float(estimator._baseline_prediction[0, 0]),
    )


@dataclass(frozen=True)
class _Tree:
    """`splits`: line of codes, the code above which a row goes right, the leaves (bits) that it loses then.
    `by_interval`: the leaves that are lost whatever the row is; `values` of the leaves."""

    splits: list[tuple[int, int, int]]
    by_interval: list[int]
    values: Doubles


def _tree(nodes: Any, thresholds: dict[int, Doubles], intervals: int) -> _Tree:
    """`nodes` lie in order: a split, all that is left of it, all that is right of it."""
    leaves = int(nodes["is_leaf"].sum())
    if leaves > LEAVES_AT_MOST:
        raise ValueError(f"a tree of {leaves} leaves; expected at most {LEAVES_AT_MOST}")
    before = np.cumsum(nodes["is_leaf"], dtype=np.int64) - nodes["is_leaf"]
    place = {column: 2 * number for number, column in enumerate(thresholds)}
    splits: list[tuple[int, int, int]] = []
    by_interval = np.zeros(intervals, np.int64)
    for node in nodes[nodes["is_leaf"] == 0]:
        lost = (1 << int(before[node["right"]])) - (1 << int(before[node["left"]]))
        column, threshold = int(node["feature_idx"]), node["num_threshold"]
        if column in place:
            line = place[column] + (not node["missing_go_to_left"])
            splits.append((line, int(np.searchsorted(thresholds[column], threshold)), lost))
        else:
            by_interval[np.arange(intervals) > threshold] |= lost
    return _Tree(splits, by_interval.tolist(), nodes["value"][nodes["is_leaf"] == 1])
