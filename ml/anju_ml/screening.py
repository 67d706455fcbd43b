"""Which features have anything to do with a component's failures: rank association, one feature at a time."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from anju_ml.grid import Floats

ROWS_AT_MOST: Final = 4000


def screen(values: Floats, failed: npt.NDArray[np.bool_], *, most: int, always: Sequence[int]) -> npt.NDArray[np.int64]:
    """Ascending columns of `values` [row, feature]: `always`, then those that order failed before other rows (or
    after) best, up to `most`."""
    strength = association(values, failed)
    order = np.argsort(-strength, kind="stable")
    chosen = list(dict.fromkeys([*always, *(int(column) for column in order if strength[column] > 0.02)]))
    return np.array(sorted(chosen[:most]), np.int64)


def association(values: Floats, failed: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """|AUC - 0.5| of each column, rows without a value left out; columns with few values count less."""
    positive, negative = _evenly(np.flatnonzero(failed)), _evenly(np.flatnonzero(~failed))
    out = np.zeros(values.shape[1])
    for column in range(values.shape[1]):
        own, rest = values[positive, column], values[negative, column]
        share = float((~np.isnan(own)).mean()) if len(own) else 0.0
        out[column] = abs(auc(own, rest) - 0.5) * np.sqrt(share)
    return out


def auc(cases: npt.NDArray[np.floating], others: npt.NDArray[np.floating]) -> float:
    """The chance that a case stands above another, ties halved; 0.5 where either has no value."""
    own, rest = cases[~np.isnan(cases)], np.sort(others[~np.isnan(others)])
    if not len(own) or not len(rest):
        return 0.5
    below = np.searchsorted(rest, own, side="left") + np.searchsorted(rest, own, side="right")
    return float(below.mean()) / (2 * len(rest))


def _evenly(rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """At most ROWS_AT_MOST of `rows`, evenly spaced."""
    step = max(1, -(-len(rows) // ROWS_AT_MOST))
    return rows[::step]
