"""The two hazards a component may have: one shared by all components through their signatures, and its own."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from anju_ml.grid import Floats
from anju_ml.hazard import Doubles, Flags, Indices, Rows, fit_estimator, hazards, stack
from anju_ml.prepare import Prepared, full_names
from anju_ml.screening import screen
from anju_ml.signature import BEFORE_DAYS, CALM_DAYS, Cases, Signature, apply, learn_signature, signature_columns

COLUMNS_AT_MOST: Final = 48
WORKERS: Final = 2


@dataclass(frozen=True)
class SharedMember:
    """`signatures` by "kind/component"."""

    estimator: Any
    signatures: Mapping[str, Signature]

    def hazards(self, key: str, values: Floats, intervals: int) -> Doubles:
        return hazards(self.estimator, apply(self.signatures[key], values), intervals)


@dataclass(frozen=True)
class OwnMember:
    """One estimator over the chosen `columns` of the full matrix and the component's signature."""

    estimator: Any
    columns: Indices
    signature: Signature

    def hazards(self, _key: str, values: Floats, intervals: int) -> Doubles:
        return hazards(self.estimator, np.hstack([values[:, self.columns], apply(self.signature, values)]), intervals)


Members = Sequence[SharedMember | OwnMember]


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Boosting's own threads spin while they wait; on a busy machine that costs more than it gains."""
    with _controller().limit(limits=1, user_api="openmp"):
        yield


@cache
def _controller() -> Any:
    return ThreadpoolController()


def fit_shared(
    prepared: Mapping[str, Prepared], rows: Mapping[str, Mapping[str, Rows]], *, edges: tuple[float, ...], seed: int
) -> tuple[SharedMember, ...]:
    """One member for each fold, over all kinds and components; `rows` by kind and component."""
    folds = 1 + max(int(each.folds.max()) for each in prepared.values())
    with ThreadPoolExecutor(WORKERS) as pool:
        found = pool.map(lambda fold: _fit_shared_member(prepared, rows, fold, edges, seed=seed), range(folds))
        return tuple(found)


def _fit_shared_member(
    prepared: Mapping[str, Prepared],
    rows: Mapping[str, Mapping[str, Rows]],
    fold: int,
    edges: tuple[float, ...],
    *,
    seed: int,
) -> SharedMember:
    signatures: dict[str, Signature] = {}
    tables: list[Rows] = []
    for kind, each in prepared.items():
        for name, own in rows[kind].items():
            seen = own.take(each.folds[own.groups] != fold)
            signatures[f"{kind}/{name}"] = signature_of(each, name, seen)
            tables.append(honest_rows(each, name, seen))
    _, up = signature_columns()
    with one_thread_each():
        estimator = fit_estimator(stack(tables), edges=edges, up=up, leaves=8, rounds=120, seed=seed + fold)
    return SharedMember(estimator, signatures)


def honest_rows(prepared: Prepared, component: str, rows: Rows) -> Rows:
    """`rows` in the signature's columns, each by a signature learned without the fold of its asset, so that fitting
    meets signatures that are as wrong as they will be in use."""
    folds = prepared.folds[rows.groups]
    values = np.empty((len(rows.groups), len(signature_columns()[0])), np.float32)
    for fold in np.unique(folds):
        signature = signature_of(prepared, component, rows.take(folds != fold))
        values[folds == fold] = apply(signature, rows.values[folds == fold])
    return Rows(values, rows.groups, rows.fails_in, rows.known_for, rows.weights)


def signature_of(prepared: Prepared, component: str, rows: Rows) -> Signature:
    """The signature of a component from its training rows."""
    before = rows.failed_within(BEFORE_DAYS)
    calm = (np.minimum(rows.fails_in, rows.known_for) > CALM_DAYS) | (rows.fails_in == np.inf)
    cases = Cases(
        before=rows.values[before],
        failure=_numbered(rows, before),
        fails_in=rows.fails_in[before],
        calm=rows.values[calm & ~before],
    )
    layout = prepared.layout
    points = [name.removesuffix(":z7") for name in full_names(prepared.features) if name.endswith(":z7")]
    return learn_signature(
        cases,
        full_names(prepared.features),
        component,
        points=points,
        codes=layout.codes,
        base_rate=prepared.base_rates[component],
    )


def _numbered(rows: Rows, kept: Flags) -> Indices:
    """A number for each failure: rows of one asset, in order of time, belong together while the time left falls."""
    groups, left = rows.groups[kept], rows.fails_in[kept]
    fresh = np.ones(len(groups), np.bool_)
    fresh[1:] = (groups[1:] != groups[:-1]) | (left[1:] >= left[:-1])
    found: Indices = np.cumsum(fresh)
    return found


def fit_own(
    prepared: Prepared, component: str, rows: Rows, *, edges: tuple[float, ...], seed: int
) -> tuple[OwnMember, ...]:
    """One member for each fold, from the component's failures alone."""
    folds = 1 + int(prepared.folds.max())
    with ThreadPoolExecutor(WORKERS) as pool:
        found = pool.map(lambda fold: _fit_own_member(prepared, component, rows, fold, edges, seed=seed), range(folds))
        return tuple(found)


def _fit_own_member(
    prepared: Prepared, component: str, rows: Rows, fold: int, edges: tuple[float, ...], *, seed: int
) -> OwnMember:
    seen = rows.take(prepared.folds[rows.groups] != fold)
    signature = signature_of(prepared, component, seen)
    columns = screen(seen.values, seen.failed_within(edges[-1]), most=COLUMNS_AT_MOST, always=())
    values = np.hstack([seen.values[:, columns], honest_rows(prepared, component, seen).values])
    _, up = signature_columns()
    table = Rows(values, seen.groups, seen.fails_in, seen.known_for, seen.weights)
    with one_thread_each():
        estimator = fit_estimator(
            table, edges=edges, up=[*(0 for _ in columns), *up], leaves=12, rounds=120, seed=seed + fold
        )
    return OwnMember(estimator, columns, signature)
