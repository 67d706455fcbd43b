"""Rows for comparing hazard learners: what a member is fitted on, and the later days of the assets it never saw."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt

from anju_ml.failures import find_failures
from anju_ml.grid import DAY, Floats, daily_grids
from anju_ml.hazard import EDGES, Indices, Rows, stack
from anju_ml.hazards import Material, Pairs, gather, honest_rows, plain_columns, see
from anju_ml.history import History
from anju_ml.prepare import full_matrix, full_names, prepare, training_rows
from anju_ml.signature import apply, shared_names
from anju_ml.training import NEGATIVES

HORIZON_DAYS: Final = EDGES[-1]
EVERY: Final = 3
"""Of the later days, this one in so many is judged."""


@dataclass(frozen=True)
class Held:
    """Days of assets that the fold left out: `values` [row, column] in the shared columns, whether the component
    `failed` within the horizon, which `kind` and which asset (number over all kinds) each row is of."""

    values: Floats
    failed: npt.NDArray[np.bool_]
    kind: npt.NDArray[np.str_]
    asset: Indices


@dataclass(frozen=True)
class Fold:
    """The same rows for every learner; `up`: which columns can only mean more risk."""

    rows: Rows
    held: Held
    up: list[int]


def folds_of(history: History, *, as_of: datetime, seed: int) -> Iterator[Fold]:
    """Each fold of assets in turn, from what was known at `as_of`, over all kinds and components."""
    materials = _materials(history, as_of=as_of, seed=seed)
    pairs = {kind: Pairs(each) for kind, each in materials.items()}
    first = _first_numbers(materials)
    for fold in range(1 + max(int(each.prepared.folds.max()) for each in materials.values())):
        tables = [honest_rows(own, name, fold) for own in pairs.values() for name in own.material.rows]
        held = [_held(pairs[kind], fold, first[kind]) for kind in pairs]
        yield Fold(stack(tables), _joined(held), shared_names()[1])


def _materials(history: History, *, as_of: datetime, seed: int) -> dict[str, Material]:
    known = history.known_at(as_of).tidy()
    failures = find_failures(known)
    found = {}
    for kind, grid in daily_grids(known, anchor=as_of).items():
        each = prepare(known, failures, grid, as_of=as_of, horizon_days=HORIZON_DAYS, seed=seed)
        rows = {
            name: training_rows(each, name, horizon_days=HORIZON_DAYS, negatives=NEGATIVES, per_positive=3, seed=seed)
            for name in each.failures
        }
        found[kind] = gather(each, rows)
    return found


def _first_numbers(materials: Mapping[str, Material]) -> dict[str, int]:
    counts = [len(each.prepared.grid.assets) for each in materials.values()]
    return dict(zip(materials, np.cumsum([0, *counts[:-1]]).tolist(), strict=True))


def _held(pairs: Pairs, fold: int, first: int) -> Held:
    """The later days of one kind's assets in `fold`, all components."""
    prepared, signatures = pairs.material.prepared, pairs.without(fold)
    plain = plain_columns(full_names(prepared.features))
    days = prepared.later[::EVERY]
    parts = []
    for name in signatures:
        found = prepared.outcomes[name].at(days)
        settled = found.settled_for(HORIZON_DAYS) & (prepared.folds == fold)[:, None]
        asset, day = np.nonzero(settled)
        if not len(asset):
            continue
        sight = see(full_matrix(prepared.features, name, asset, days[day]), prepared.board, plain)
        values = apply(signatures, name, sight.board, sight.surprise, sight.plain)
        failed = found.failed_within(HORIZON_DAYS)[settled]
        parts.append(Held(values, failed, np.full(len(asset), prepared.grid.kind), asset + first))
    return _joined(parts)


def _joined(parts: list[Held]) -> Held:
    if not parts:
        width = len(shared_names()[0])
        return Held(np.empty((0, width), np.float32), np.empty(0, bool), np.empty(0, str), np.empty(0, np.int64))
    return Held(
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.failed for part in parts]),
        np.concatenate([part.kind for part in parts]),
        np.concatenate([part.asset for part in parts]),
    )


def last_day(history: History) -> datetime:
    """The end of the record, as a whole number of days from its first moment."""
    span = history.span()
    if span is None:
        raise ValueError("the history has no record with a time")
    return span[0] + (span[1] - span[0]) // DAY * DAY
