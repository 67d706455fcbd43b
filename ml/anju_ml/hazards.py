"""The hazards a component may have: one shared by all components through their signatures, one of its own beside it,
and one that looks at readings as they are."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

import numpy as np
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from anju_ml.board import Board
from anju_ml.boosted import Boosted
from anju_ml.cores import each
from anju_ml.experience import experience
from anju_ml.grid import Floats
from anju_ml.hazard import Doubles, Flags, Indices, Rows, fit_boosted, hazards, stack
from anju_ml.prepare import Prepared, full_names
from anju_ml.screening import screen
from anju_ml.signature import BEFORE_DAYS, PLAIN, Signature, apply, learn_signature, shared_names

COLUMNS_AT_MOST: Final = 48
DIRECT_COLUMNS_AT_MOST: Final = 120
DIRECT: Final = frozenset(
    (
        *("level3", "level14"),
        *(f"apart{days}" for days in (1, 3, 7, 14, 30)),
        *("apart change", "apart long change", "z14", "fresh", "since", "own use"),
        *(f"{days}d" for days in (3, 7, 30, 90)),
    )
)
"""Statistics that direct members look at."""
OF_ASSETS: Final = ("model ", "attribute ", "age:")
QUIET_DAYS: Final = 30.0
"""A day without a failure for so long is a quiet one."""


@dataclass(frozen=True)
class Sight:
    """Rows of the full matrix as members look at them: `values`, the `surprise` of their channels, and the columns of
    PLAIN in order (NaN where there is none)."""

    values: Floats
    board: Board
    surprise: Floats
    plain: Floats

    def take(self, rows: Indices | Flags) -> "Sight":
        return Sight(self.values[rows], self.board, self.surprise[rows], self.plain[rows])


def see(values: Floats, board: Board, plain: Indices) -> Sight:
    """`plain`: positions of PLAIN in the full matrix, -1 for those that are missing."""
    taken = np.where(plain >= 0, values[:, np.maximum(plain, 0)], np.float32(np.nan)).astype(np.float32)
    return Sight(values, board, board.surprise(values), taken)


def plain_columns(names: Sequence[str]) -> Indices:
    place = {name: index for index, name in enumerate(names)}
    return np.array([place.get(name, -1) for name in PLAIN], np.int64)


Signatures = Mapping[str, Signature]
"""By component of one kind."""


@dataclass(frozen=True)
class SharedMember:
    """`signatures` by kind and component."""

    trees: Boosted
    signatures: Mapping[str, Signatures]

    def hazards(self, kind: str, component: str, sight: Sight) -> Doubles:
        values = apply(self.signatures[kind], component, sight.board, sight.surprise, sight.plain)
        return hazards(self.trees, values)


@dataclass(frozen=True)
class OwnMember:
    """Trees over the chosen `columns` of the full matrix and the signatures of the kind."""

    trees: Boosted
    columns: Indices
    signatures: Signatures

    def hazards(self, _kind: str, component: str, sight: Sight) -> Doubles:
        shared = apply(self.signatures, component, sight.board, sight.surprise, sight.plain)
        return hazards(self.trees, np.hstack([sight.values[:, self.columns], shared]))


@dataclass(frozen=True)
class DirectMember:
    """Trees over `columns` of the full matrix alone: readings, counts and repairs as they are."""

    trees: Boosted
    columns: Indices

    def hazards(self, _kind: str, _component: str, sight: Sight) -> Doubles:
        return hazards(self.trees, sight.values[:, self.columns])


Members = Sequence[SharedMember | OwnMember | DirectMember]


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Boosting's own threads spin while they wait; on a busy machine that costs more than it gains."""
    with _controller().limit(limits=1, user_api="openmp"):
        yield


@cache
def _controller() -> Any:
    return ThreadpoolController()


@dataclass(frozen=True)
class Material:
    """One kind's training rows by component, and what members see of them."""

    prepared: Prepared
    rows: Mapping[str, Rows]
    sights: Mapping[str, Sight]


def gather(prepared: Prepared, rows: Mapping[str, Rows]) -> Material:
    plain = plain_columns(full_names(prepared.features))
    return Material(prepared, rows, {name: see(each.values, prepared.board, plain) for name, each in rows.items()})


def fit_shared(materials: Mapping[str, Material], *, edges: tuple[float, ...], seed: int) -> tuple[SharedMember, ...]:
    """One member for each fold, over all kinds and components; `materials` by kind."""
    folds = 1 + max(int(each.prepared.folds.max()) for each in materials.values())
    pairs = {kind: Pairs(each) for kind, each in materials.items()}
    return tuple(each(lambda fold: _fit_shared_member(pairs, fold, edges, seed=seed), range(folds)))


class Pairs:
    """Signatures of one kind learned without some folds, each set once."""

    def __init__(self, material: Material) -> None:
        self.material = material
        self._known: dict[frozenset[int], Signatures] = {}

    def without(self, *folds: int) -> Signatures:
        left_out = frozenset(folds)
        if left_out not in self._known:
            material = self.material
            self._known[left_out] = {
                name: _signature_of(material, name, ~np.isin(material.prepared.folds[rows.groups], list(left_out)))
                for name, rows in material.rows.items()
            }
        return self._known[left_out]


def _fit_shared_member(pairs: Mapping[str, Pairs], fold: int, edges: tuple[float, ...], *, seed: int) -> SharedMember:
    signatures = {kind: each.without(fold) for kind, each in pairs.items()}
    tables = [honest_rows(each, name, fold) for each in pairs.values() for name in each.material.rows]
    tables.append(experience(sum(sum(each.material.prepared.failures.values()) for each in pairs.values())))
    _, up = shared_names()
    with one_thread_each():
        trees = fit_boosted(stack(tables), edges=edges, up=up, leaves=8, rounds=120, seed=seed + fold)
    return SharedMember(trees, signatures)


def honest_rows(pairs: Pairs, component: str, fold: int) -> Rows:
    """Rows without `fold` in the shared columns, each by signatures learned without the fold of its asset too, so
    that fitting meets signatures that are as wrong as they will be in use."""
    material = pairs.material
    rows, sight = material.rows[component], material.sights[component]
    folds = material.prepared.folds[rows.groups]
    values = np.empty((len(folds), len(shared_names()[0])), np.float32)
    for own in np.unique(folds[folds != fold]):
        signatures = pairs.without(fold, int(own))
        part = sight.take(folds == own)
        values[folds == own] = apply(signatures, component, part.board, part.surprise, part.plain)
    return replace(rows, values=values).take(folds != fold)


def _signature_of(material: Material, component: str, seen: Flags) -> Signature:
    """The signature of a component from those of its training rows that are `seen`."""
    rows, sight = material.rows[component], material.sights[component]
    before, quiet = seen & rows.failed_within(BEFORE_DAYS), seen & ~rows.failed_within(QUIET_DAYS)
    found = learn_signature(
        sight.board,
        sight.surprise[before],
        numbered(rows, before),
        component,
        base_rate=material.prepared.base_rates[component],
    )
    return found.with_rarity(sight.surprise[quiet], rows.weights[quiet])


def numbered(rows: Rows, kept: Flags) -> Indices:
    """A number for each failure: rows of one asset, in order of time, belong together while the time left falls."""
    groups, left = rows.groups[kept], rows.fails_in[kept]
    fresh = np.ones(len(groups), np.bool_)
    fresh[1:] = (groups[1:] != groups[:-1]) | (left[1:] >= left[:-1])
    found: Indices = np.cumsum(fresh)
    return found


def fit_own(material: Material, component: str, *, edges: tuple[float, ...], seed: int) -> tuple[OwnMember, ...]:
    """One member for each fold, from the component's failures alone."""
    folds = 1 + int(material.prepared.folds.max())
    pairs = Pairs(material)
    return tuple(each(lambda fold: _fit_own_member(pairs, component, fold, edges, seed=seed), range(folds)))


def _fit_own_member(pairs: Pairs, component: str, fold: int, edges: tuple[float, ...], *, seed: int) -> OwnMember:
    rows = pairs.material.rows[component]
    seen = rows.take(pairs.material.prepared.folds[rows.groups] != fold)
    columns = screen(seen.values, seen.failed_within(edges[-1]), most=COLUMNS_AT_MOST, always=())
    honest = honest_rows(pairs, component, fold)
    _, up = shared_names()
    table = replace(honest, values=np.hstack([seen.values[:, columns], honest.values]))
    with one_thread_each():
        trees = fit_boosted(
            table, edges=edges, up=[*(0 for _ in columns), *up], leaves=12, rounds=120, seed=seed + fold
        )
    return OwnMember(trees, columns, pairs.without(fold))


def fit_direct(prepared: Prepared, rows: Rows, *, edges: tuple[float, ...], seed: int) -> tuple[DirectMember, ...]:
    """One member for each fold, from the component's own rows."""
    folds = 1 + int(prepared.folds.max())
    columns = direct_columns(full_names(prepared.features))
    columns = columns[~np.isnan(rows.values[:, columns]).all(axis=0)]
    direct = replace(rows, values=rows.values[:, columns])
    return tuple(each(lambda fold: _fit_direct_member(prepared, direct, columns, fold, edges, seed=seed), range(folds)))


def _fit_direct_member(
    prepared: Prepared, rows: Rows, columns: Indices, fold: int, edges: tuple[float, ...], *, seed: int
) -> DirectMember:
    seen = rows.take(prepared.folds[rows.groups] != fold)
    chosen = screen(seen.values, seen.failed_within(edges[-1]), most=DIRECT_COLUMNS_AT_MOST, always=())
    seen = replace(seen, values=seen.values[:, chosen])
    with one_thread_each():
        trees = fit_boosted(seen, edges=edges, up=[0] * len(chosen), leaves=12, rounds=120, seed=seed + fold)
    return DirectMember(trees, columns[chosen])


def direct_columns(names: Sequence[str]) -> Indices:
    """Columns that hold readings, counts and repairs as they are, not as deviations from an asset's own past; and what
    sort of asset it is, as models differ in what wear does to them."""
    taken = [name.rpartition(":")[2] in DIRECT or name.startswith(OF_ASSETS) for name in names]
    return np.flatnonzero(taken)
