"""From features and outcomes to a hazard for each component: shared by all, and its own where failures allow."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from anju_ml.blend import blended, weigh
from anju_ml.calibrate import fit_calibrator
from anju_ml.dataset import Outcomes
from anju_ml.grid import Floats
from anju_ml.hazard import Doubles, Indices, Rows
from anju_ml.hazards import Material, Members, fit_direct, fit_own, fit_shared, gather, plain_columns
from anju_ml.prepare import Prepared, full_matrix, full_names, training_rows
from anju_ml.target import Target

OWN_FAILURES: Final = 10
"""From so many on a component has an own hazard beside the shared one."""
DIRECT_FAILURES: Final = 5
"""From so many on it has direct members, too."""
NEGATIVES: Final = 2400
DIRECT_NEGATIVES: Final = 8_000


@dataclass(frozen=True)
class Unseen:
    """Uncalibrated cumulative hazards on the later slice from members that hadn't seen the asset: `hazards`
    [asset, origin, interval], zero where nothing was observed."""

    hazards: Doubles
    found: Outcomes


Targets = dict[str, dict[str, Target]]
UnseenBy = dict[str, dict[str, Unseen]]


def fit_targets(prepared: Mapping[str, Prepared], *, edges: tuple[float, ...], seed: int) -> tuple[Targets, UnseenBy]:
    """By kind and component: the uncalibrated targets, and what they say of assets they hadn't seen."""
    horizon = edges[-1]
    if not any(sum(each.failures.values()) for each in prepared.values()):
        return {}, {}
    materials = {kind: gather(each, _rows_of(each, horizon, seed=seed)) for kind, each in prepared.items()}
    shared = fit_shared(materials, edges=edges, seed=seed)
    targets: Targets = {kind: {} for kind in prepared}
    unseen: UnseenBy = {kind: {} for kind in prepared}
    for kind, each in prepared.items():
        for name in each.failures:
            members = {"shared": shared, **_members_of(materials[kind], name, edges=edges, seed=seed)}
            targets[kind][name], unseen[kind][name] = _weighed(materials[kind], name, members, edges)
    return targets, unseen


def _members_of(material: Material, name: str, *, edges: tuple[float, ...], seed: int) -> dict[str, Members]:
    """The members that a component has for itself, by their sort; none where each would have to do without the others'
    failures."""
    prepared, count = material.prepared, material.prepared.failures[name]
    found: dict[str, Members] = {}
    failing = material.rows[name].groups[material.rows[name].failed_within(edges[-1])]
    if len(np.unique(prepared.folds[failing])) < 2:
        return found
    if count >= OWN_FAILURES:
        found["own"] = fit_own(material, name, edges=edges, seed=seed)
    if count >= DIRECT_FAILURES:
        rows = training_rows(
            prepared, name, horizon_days=edges[-1], negatives=DIRECT_NEGATIVES, per_positive=3, seed=seed
        )
        found["direct"] = fit_direct(prepared, rows, edges=edges, seed=seed)
    return found


def _weighed(
    material: Material, name: str, members: Mapping[str, Members], edges: tuple[float, ...]
) -> tuple[Target, Unseen]:
    """The target of these members, by how well they tell what they haven't seen, and what it says of that."""
    prepared = material.prepared
    target = Target(
        kind=prepared.grid.kind,
        component=name,
        edges=edges,
        board=prepared.board,
        plain=plain_columns(full_names(prepared.features)),
        members=members,
        weights={"shared": 1.0},
        failures=prepared.failures[name],
        usual=usual_of(material.rows[name]),
    )
    found = prepared.outcomes[name].at(prepared.later)
    said = _said_unseen(prepared, target)
    weights = weigh(said, found, prepared.features.origins[prepared.later], edges[-1])
    return replace(target, weights=weights), Unseen(blended(said, weights, found.observed), found)


def _rows_of(prepared: Prepared, horizon: float, *, seed: int) -> dict[str, Rows]:
    return {
        name: training_rows(prepared, name, horizon_days=horizon, negatives=NEGATIVES, per_positive=3, seed=seed)
        for name in prepared.failures
    }


def usual_of(rows: Rows) -> Floats:
    """The median of each column over rows without a failure ahead; NaN for a column without values."""
    calm = rows.values[rows.fails_in == np.inf]
    sample = np.sort(calm if len(calm) else rows.values, axis=0)
    if not len(sample):
        return np.full(rows.values.shape[1], np.nan, np.float32)
    count = (~np.isnan(sample)).sum(axis=0)
    found: Floats = np.take_along_axis(sample, np.maximum((count - 1) // 2, 0)[None], 0)[0]
    return found


def _said_unseen(prepared: Prepared, target: Target) -> dict[str, Doubles]:
    """Log-odds [asset, origin, interval] on the later slice by sort, of each asset by the members that hadn't seen
    it; 0 where nothing was observed."""
    found = prepared.outcomes[target.component].at(prepared.later)
    shape = found.observed.shape
    out = {sort: np.zeros((*shape, len(target.edges))) for sort in target.members}
    for assets in _blocks(shape[0], shape[1]):
        row, column = np.nonzero(found.observed[assets])
        values = full_matrix(prepared.features, target.component, assets[row], prepared.later[column])
        if len(values):
            for sort, odds in target.said_unseen(values, prepared.folds[assets[row]]).items():
                out[sort][assets[row], column] = odds
    return out


def _blocks(assets: int, origins: int) -> Iterator[Indices]:
    size = max(1, 50_000 // max(origins, 1))
    for first in range(0, assets, size):
        yield np.arange(first, min(first + size, assets))


def calibrated(targets: Mapping[str, Target], unseen: Mapping[str, Unseen], horizon_days: float) -> dict[str, Target]:
    """Targets with calibrators: one for all components of the kind together, then each shrunk to that."""
    samples: dict[str, tuple[Doubles, npt.NDArray[np.bool_]]] = {}
    for name, each in unseen.items():
        settled = each.found.settled_for(horizon_days)
        whole = 1.0 - np.prod(1.0 - each.hazards, axis=2)
        samples[name] = whole[settled], each.found.failed_within(horizon_days)[settled]
    if not samples:
        return {}
    base = fit_calibrator(*(np.concatenate(part) for part in zip(*samples.values(), strict=True)))
    return {
        name: replace(target, calibrator=fit_calibrator(*samples[name], base=base)) for name, target in targets.items()
    }
