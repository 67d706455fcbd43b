"""What a component's failures look like beforehand: which points and codes move, which way, how far at the end.

With few failures this is estimated feature by feature and shrunk: to nothing where chance would do as well, and
towards points and codes whose name shares a word with the component's. It turns every component of every kind into
the same few columns, so that one hazard can be learned from the failures of all of them together.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from anju_contracts.codes import CODES
from anju_ml.grid import Floats

POINT_STATISTICS: Final = ("z1", "z3", "z7", "z14", "peer7", "fresh", "change", "slope14", "slope30", "unrest")
CODE_STATISTICS: Final = ("3d", "7d", "14d", "30d", "ratio")
PLAIN: Final = (
    "events minor:7d",
    "events major:7d",
    "events major:30d",
    "visits corrective:90d",
    "visits no_finding:90d",
    "opened:7d",
    "own corrective:90d",
    "own corrective:365d",
    "own corrective:since",
    "own reset:since",
    "own preventive:since",
    "age:days",
)
BEFORE_DAYS: Final = 12.0
LATE_DAYS: Final = 5.0
CALM_DAYS: Final = 45.0
USUAL_END: Final = 4.0
"""How far (in usual spreads) a point stands off at a failure, before data say otherwise."""
PRIOR_FAILURES: Final = 3.0
PRIOR_WEIGHT: Final = 2.0
PRIOR_EFFECT: Final = 0.6
SURE_OF_SIGN: Final = 0.5

Indices = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Channel:
    """Points (or codes) that matter: `columns` [channel, statistic] into the full matrix (-1: none), `ends`: the
    usual value at a failure, signed, in the same shape; `weights` [channel] add up to 1. `both_ways` [channel]: too
    few failures to know the direction, so either counts."""

    columns: Indices
    ends: Doubles
    weights: Doubles
    both_ways: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Form:
    """How features of points (or codes) are named, which statistics there are, by which of them one is chosen, and how
    many at most."""

    pattern: str
    statistics: tuple[str, ...]
    judged: tuple[str, ...]
    most: int


POINTS: Final = Form("{}:{}", POINT_STATISTICS, ("z3", "z7", "z14", "peer7", "fresh"), 4)
EVENTS: Final = Form("event {}:{}", CODE_STATISTICS, ("7d", "14d", "30d"), 3)


@dataclass(frozen=True)
class Signature:
    points: Channel
    codes: Channel
    plain: Indices
    strength: float
    failures: int
    base_rate: float


@dataclass(frozen=True)
class Cases:
    """Rows of the full matrix: `before` a failure (with `failure`, its number, and `fails_in` days) and `calm`."""

    before: Floats
    failure: Indices
    fails_in: Doubles
    calm: Floats


def names_alike(component: str, name: str) -> bool:
    """Whether two names share a word, or the beginning of one (lock: unlock_ms, lock_current_ma; reader:
    read_errors)."""
    own = [word for word in _words(component) if len(word) >= 3]
    other = [word for word in _words(name) if len(word) >= 3]
    return any(a == b or (min(len(a), len(b)) >= 4 and (a in b or b in a)) for a in own for b in other)


def _words(name: str) -> list[str]:
    return re.findall(r"[a-z]+|[^\W\da-z_]+", name.lower())


def learn_signature(
    cases: Cases, names: Sequence[str], component: str, *, points: Sequence[str], codes: Sequence[str], base_rate: float
) -> Signature:
    """`names` are the columns of the full matrix; `points` the primary series, `codes` the codes to choose from."""
    place = {name: index for index, name in enumerate(names)}
    count = len(np.unique(cases.failure))
    about = {code: points_at(component, code) for code in codes}
    alike = {point: point_matches(component, point.split("|")[0]) for point in points}
    found = _channel(cases, place, alike, count, POINTS)
    events = _channel(cases, place, about, count, EVENTS)
    strength = max(found[1], events[1])
    plain = np.array([place.get(name, -1) for name in PLAIN], np.int64)
    return Signature(found[0], events[0], plain, strength, count, base_rate)


def point_matches(component: str, point: str) -> bool:
    """Whether a point's name is like the component's, or like that of a code known to point at the component."""
    codes = [code.name.split(".")[-1] for code in CODES.values() if code.component == component]
    return names_alike(component, point) or any(names_alike(code, point) for code in codes)


def points_at(component: str, code: str) -> bool:
    known = CODES.get(code)
    return (known is not None and known.component == component) or names_alike(component, code)


def _channel(
    cases: Cases, place: Mapping[str, int], matches: Mapping[str, bool], count: int, form: Form
) -> tuple[Channel, float]:
    """The channel of the best of `matches` (candidates: whether their name is like the component's), and how strong
    the best is. `place` gives the column of each feature."""
    candidates, statistics = list(matches), form.statistics
    columns = np.array(
        [[place.get(form.pattern.format(name, each), -1) for each in statistics] for name in candidates], np.int64
    ).reshape(len(candidates), len(statistics))
    looked_at = [statistics.index(name) for name in form.judged]
    effects = np.array([_effect(cases, row[looked_at]) for row in columns])
    alike = np.array([matches[name] for name in candidates], np.bool_)
    scores = _scores(effects, alike, count)
    order = np.argsort(-scores, kind="stable")[: form.most]
    order = order[scores[order] > 0]
    weights = scores[order] ** 2
    weights = weights / weights.sum() if len(order) else weights
    both_ways = np.abs(effects[order]) * np.sqrt(count) < SURE_OF_SIGN
    signs = np.where((effects[order] < 0) & ~both_ways, -1.0, 1.0)
    ends = [
        _ends(cases, columns[row], statistics, sign, both_ways=bool(both))
        for row, sign, both in zip(order, signs, both_ways, strict=True)
    ]
    channel = Channel(columns[order], np.array(ends).reshape(len(order), len(statistics)), weights, both_ways)
    return channel, float(scores[order[0]]) if len(order) else 0.0


def _scores(effects: Doubles, alike: npt.NDArray[np.bool_], count: int) -> Doubles:
    """Effects less what chance does, shrunk: to nothing, or for names alike to PRIOR_EFFECT."""
    prior = np.where(alike, PRIOR_EFFECT, 0.0)
    shrunk = (count * np.abs(effects) + PRIOR_WEIGHT * prior) / (count + PRIOR_WEIGHT)
    chance = np.where(alike, 0.2, 0.6) / np.sqrt(count + 1.0)
    found: Doubles = np.maximum(shrunk - chance, 0.0)
    return found


def _effect(cases: Cases, columns: Indices) -> float:
    """Mean over failures and columns of where the days before stand among calm days: -1 lowest, 1 highest."""
    found = [effect for column in columns if column >= 0 and (effect := _rank(cases, int(column))) is not None]
    return float(np.mean(found)) if found else 0.0


def _rank(cases: Cases, column: int) -> float | None:
    calm = cases.calm[:, column]
    calm = np.sort(calm[~np.isnan(calm)])
    values = cases.before[:, column]
    present = ~np.isnan(values)
    if not len(calm) or not present.any():
        return None
    low = np.searchsorted(calm, values[present], side="left")
    high = np.searchsorted(calm, values[present], side="right")
    ranks = (low + high) / len(calm) - 1.0
    return float(np.mean(_by_failure(ranks, cases.failure[present])))


def _by_failure(values: npt.NDArray[np.floating], failure: Indices) -> Doubles:
    """Mean of `values` for each failure."""
    _, group = np.unique(failure, return_inverse=True)
    means: Doubles = np.bincount(group, weights=values) / np.bincount(group)
    return means


def _ends(cases: Cases, columns: Indices, statistics: Sequence[str], sign: float, *, both_ways: bool) -> list[float]:
    """The usual end of each statistic; of the rates of change, that of the level they lead to."""
    ends = {
        name: _end(cases, column, sign, both_ways=both_ways) for name, column in zip(statistics, columns, strict=True)
    }
    for name in ("change", "slope14", "slope30"):
        if name in ends:
            ends[name] = ends["z7"]
    if "unrest" in ends:
        ends["unrest"] = 1.0
    return list(ends.values())


def _end(cases: Cases, column: int, sign: float, *, both_ways: bool) -> float:
    """The usual value of a column just before a failure, shrunk to USUAL_END, with `sign`."""
    size = USUAL_END
    if column >= 0:
        late = (cases.fails_in <= LATE_DAYS) & ~np.isnan(cases.before[:, column])
        if late.any():
            values = cases.before[late, column]
            own = _by_failure(np.abs(values) if both_ways else sign * values, cases.failure[late])
            size = (len(own) * float(np.median(own)) + PRIOR_FAILURES * USUAL_END) / (len(own) + PRIOR_FAILURES)
    return sign * max(size, 1.0)


def signature_columns() -> tuple[list[str], list[int]]:
    """Names of the columns of `apply`, and for each whether more of it can only mean more risk (1) or not (0)."""
    names = [f"{how} {statistic}" for how in ("all", "best") for statistic in POINT_STATISTICS]
    names += ["soon"]
    names += [f"codes {statistic}" for statistic in CODE_STATISTICS]
    up = [1] * len(names)
    for name in ("all unrest", "best unrest"):
        up[names.index(name)] = 0
    names += list(PLAIN)
    up += [0] * len(PLAIN)
    return [*names, "strength", "failures", "base rate"], [*up, 0, 0, 1]


def apply(signature: Signature, values: Floats) -> Floats:
    """The shared columns from rows of the full matrix. A share of 1 is what failures usually looked like."""
    points, codes = _shares(signature.points, values), _shares(signature.codes, values)
    whole = _weighted(points, signature.points.weights)
    best = points[:, 0] if points.shape[1] else np.full_like(whole, np.nan)
    out = [whole, best, _soon(whole)[:, None], _weighted(codes, signature.codes.weights)]
    plain = np.where(signature.plain >= 0, values[:, np.maximum(signature.plain, 0)], np.nan)
    constant = np.array([signature.strength, np.log1p(signature.failures), signature.base_rate])
    out += [plain, np.broadcast_to(constant, (len(values), 3))]
    return np.hstack(out).astype(np.float32)


def _shares(channel: Channel, values: Floats) -> Doubles:
    """[row, channel, statistic]: values as a share of their usual end."""
    taken = values[:, np.maximum(channel.columns, 0)].astype(np.float64)
    taken = np.where(channel.both_ways[None, :, None], np.abs(taken), taken)
    found: Doubles = np.where(channel.columns >= 0, taken, np.nan) / channel.ends
    return np.clip(found, -3.0, 5.0)


def _weighted(shares: Doubles, weights: Doubles) -> Doubles:
    """Mean over channels of what is there [row, statistic]; NaN where nothing is."""
    present = ~np.isnan(shares)
    weight = (present * weights[None, :, None]).sum(axis=1)
    total = (np.where(present, shares, 0.0) * weights[None, :, None]).sum(axis=1)
    out = np.full(total.shape, np.nan)
    np.divide(total, weight, out=out, where=weight > 0)
    return out


def _soon(whole: Doubles) -> Doubles:
    """How soon the share would reach 1 at its present slope: 1 for at once, towards 0 for never."""
    at, slope = whole[:, POINT_STATISTICS.index("z3")], whole[:, POINT_STATISTICS.index("slope14")]
    rise = np.maximum(slope, 0.0) / 14.0
    with np.errstate(divide="ignore", invalid="ignore"):
        days = np.where(at >= 1, 0.0, np.where(rise > 0, (1 - at) / np.maximum(rise, 1e-9), np.inf))
        soon: Doubles = np.where(np.isnan(at) | np.isnan(slope), np.nan, 1.0 / (1.0 + days / 10.0))
    return soon
