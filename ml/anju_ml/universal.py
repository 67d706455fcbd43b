"""The last resort: one hazard over all kinds and components from summaries that mean the same everywhere."""

from collections.abc import Mapping

import numpy as np

from anju_ml.hazard import Rows, fit_hazard
from anju_ml.training import Prepared, Target, Unseen, base_rate, predict_unseen, stack, training_rows, usual_of


def fit_universal(
    prepared: Mapping[str, Prepared],
    targets: dict[str, dict[str, Target]],
    unseen: dict[str, dict[str, Unseen]],
    *,
    edges: tuple[float, ...],
    seed: int,
) -> None:
    """Add a target for every component that nothing else predicts; components that never failed get one too,
    with a base rate near zero."""
    missing = [(kind, name) for kind, each in prepared.items() for name in each.failures if name not in targets[kind]]
    if not missing or not any(sum(each.failures.values()) for each in prepared.values()):
        return
    tables: list[Rows] = []
    folds: list[np.ndarray[tuple[int], np.dtype[np.int64]]] = []
    for each in prepared.values():
        for name in each.failures:
            rows, _, _ = training_rows(each, name, "universal")
            tables.append(rows)
            folds.append(each.folds[rows.groups])
    rows = stack(tables)
    every = range(rows.values.shape[1])
    hazard = fit_hazard(rows, np.concatenate(folds), edges=edges, always=list(every), seed=seed)
    usual = usual_of(rows)
    for kind, name in missing:
        each = prepared[kind]
        target = Target(name, "universal", hazard, each.failures[name], base_rate(each, name), usual)
        targets[kind][name] = target
        unseen[kind][name] = predict_unseen(each, target)
