"""From features and outcomes to a hazard for each component: shared by all, and its own where failures are many."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from anju_ml.calibrate import fit_calibrator
from anju_ml.dataset import Outcomes
from anju_ml.grid import Floats
from anju_ml.hazard import Doubles, Indices, Rows, expit, logit, steadied
from anju_ml.hazards import Material, fit_own, fit_shared, gather, plain_columns
from anju_ml.prepare import Prepared, full_matrix, full_names, training_rows
from anju_ml.target import Target

OWN_FAILURES: Final = 25
NEGATIVES: Final = 2400
SHARES: Final = (0.0, 0.5, 1.0)


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
        plain = plain_columns(full_names(each.features))
        for name, count in each.failures.items():
            usual = usual_of(materials[kind].rows[name])
            target = Target(kind, name, edges, each.board, plain, shared, (), count, usual)
            if count >= OWN_FAILURES:
                target, found = _with_own(materials[kind], target, seed=seed)
            else:
                found = predict_unseen(each, target)
            targets[kind][name], unseen[kind][name] = target, found
    return targets, unseen


def _rows_of(prepared: Prepared, horizon: float, *, seed: int) -> dict[str, Rows]:
    return {
        name: training_rows(prepared, name, horizon_days=horizon, negatives=NEGATIVES, per_positive=3, seed=seed)
        for name in prepared.failures
    }


def _with_own(material: Material, target: Target, *, seed: int) -> tuple[Target, Unseen]:
    """The blend of shared and own hazard that fits assets not seen best."""
    prepared = material.prepared
    own = fit_own(material, target.component, edges=target.edges, seed=seed)
    alone = replace(target, own=own, own_share=1.0)
    shared_says, own_says = predict_unseen(prepared, target), predict_unseen(prepared, alone)
    tried = [(share, _blend(shared_says, own_says, share)) for share in SHARES]
    share, says = min(tried, key=lambda pair: misfit(pair[1], target.edges[-1]))
    return (replace(alone, own_share=share) if share > 0 else target), says


def _blend(first: Unseen, second: Unseen, share: float) -> Unseen:
    """The mean of log-odds with weight `share` on the second, as `Target.predict` has it."""
    odds = (1 - share) * logit(first.hazards) + share * logit(second.hazards)
    return Unseen(np.where(first.hazards > 0, expit(odds), 0.0), first.found)


def misfit(unseen: Unseen, horizon_days: float) -> float:
    """Mean negative log-likelihood of failing within the horizon."""
    settled = unseen.found.settled_for(horizon_days)
    p = np.clip(1.0 - np.prod(1.0 - unseen.hazards[settled], axis=1), 1e-7, 1 - 1e-7)
    failed = unseen.found.failed_within(horizon_days)[settled]
    return -float(np.mean(np.where(failed, np.log(p), np.log1p(-p)))) if len(p) else 0.0


def usual_of(rows: Rows) -> Floats:
    """The median of each column over rows without a failure ahead; NaN for a column without values."""
    calm = rows.values[rows.fails_in == np.inf]
    sample = np.sort(calm if len(calm) else rows.values, axis=0)
    if not len(sample):
        return np.full(rows.values.shape[1], np.nan, np.float32)
    count = (~np.isnan(sample)).sum(axis=0)
    found: Floats = np.take_along_axis(sample, np.maximum((count - 1) // 2, 0)[None], 0)[0]
    return found


def predict_unseen(prepared: Prepared, target: Target) -> Unseen:
    """The later slice, each asset by the members that hadn't seen it."""
    found = prepared.outcomes[target.component].at(prepared.later)
    shape = found.observed.shape
    out = np.zeros((*shape, len(target.edges)))
    for assets in _blocks(shape[0], shape[1]):
        row, column = np.nonzero(found.observed[assets])
        values = full_matrix(prepared.features, target.component, assets[row], prepared.later[column])
        if len(values):
            out[assets[row], column] = target.predict_unseen(values, prepared.folds[assets[row]])
    days = prepared.features.origins[prepared.later]
    return Unseen(steadied(out, found.observed, days), found)


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
