"""What a kind's history consists of, learned once before an origin: points, counters, codes, components, scales.

Training stores it with the model, so that serving builds the same features whatever arrives later.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import numpy as np
import polars as pl

from anju_ml.bursts import usual_events
from anju_ml.cores import blocks, each
from anju_ml.grid import Floats, Grid, counter_rates
from anju_ml.history import History
from anju_ml.load import Load, learn_load
from anju_ml.series_names import HIGH, LOW, PER_USE, RATE, SWING, split

PEERS_AT_LEAST: Final = 5
ASSETS_AT_ONCE: Final = 256
MAX_POINTS: Final = 60
MAX_CODES: Final = 40
MAX_CATEGORIES: Final = 12
MAX_ATTRIBUTES: Final = 12
MAX_MODELS: Final = 8
COUNTER_RISES: Final = 5
COUNTER_FALLS_SHARE: Final = 0.005
SEASON_DAYS: Final = 500
_NOT_ATTRIBUTES: Final = ("asset_id", "kind", "model", "installed_on")


@dataclass(frozen=True)
class Layout:
    """Names in fixed order. `scales`: the usual robust spread of each series among assets, by series name.
    `peered`: series of which enough assets usually have a value on the same day.
    `states_findings`: whether repairs say if a fault was found; where they never do, every repair found one."""

    kind: str
    gauges: tuple[str, ...]
    counters: tuple[str, ...]
    usage: str | None
    codes: tuple[str, ...]
    categories: tuple[str, ...]
    components: tuple[str, ...]
    models: tuple[str, ...]
    attributes: tuple[str, ...]
    season: bool
    states_findings: bool
    scales: Mapping[str, float]
    peered: tuple[str, ...] = ()
    most: Mapping[str, int] = field(default_factory=dict)
    """As many events of each code a day count as evidence: one cause raises some codes many times over."""
    rates: Mapping[str, float] = field(default_factory=dict)
    """Events of each code an asset and day, of a day `most` at most."""
    load: Load = field(default_factory=Load)


@dataclass(frozen=True)
class Series:
    """`values` [asset, day, series] with the names and the points they come from; `primary` series get every
    feature, the others (greatest and least of a day) a few."""

    values: Floats
    names: tuple[str, ...]
    points: tuple[str, ...]
    primary: tuple[bool, ...]


def learn_layout(history: History, grid: Grid, *, origin: int) -> Layout:
    """The layout of the kind of `grid` from the days before `origin`; `history` is what was known then."""
    members = pl.Series(grid.assets).implode()
    counters = find_counters(grid, origin)
    usage = find_usage(grid, counters, origin)
    codes = _commonest(history.events.filter(pl.col("state") != "clear"), "code", members, MAX_CODES)
    usual = usual_events(history.events.filter(pl.col("asset_id").is_in(members)), codes, since=grid.start)
    named = Layout(
        kind=grid.kind,
        gauges=tuple(name for name in _varying(grid, origin) if name not in counters),
        counters=counters,
        usage=usage,
        codes=codes,
        categories=_commonest(history.complaints, "category", members, MAX_CATEGORIES),
        components=_components(history.repairs, members),
        models=_models(grid),
        attributes=_attributes(history.assets.filter(pl.col("asset_id").is_in(members))),
        season=origin > SEASON_DAYS,
        states_findings=bool(history.repairs["fault_found"].is_not_null().any()),
        scales={},
        most=usual.most,
        rates=usual.rates(len(grid.assets) * origin),
    )
    return _with_scales(named, build_series(grid, named), origin)


def _with_scales(layout: Layout, series: Series, origin: int) -> Layout:
    load = learn_load(series.values, series.names, series.points, origin=origin)
    seen = load.taken_off(series.values[:, :origin], series.names)
    scales: dict[str, float] = {}
    for position, name in enumerate(series.names):
        values = seen[:, :, position].astype(np.float64)
        steps = np.abs(np.diff(values, axis=1))
        steps = steps[~np.isnan(steps)]
        present = values[~np.isnan(values)]
        noise = float(np.median(steps)) if len(steps) else 0.0
        size = float(np.median(np.abs(present))) if len(present) else 0.0
        reach = float(np.subtract(*np.percentile(present, [97.5, 2.5]))) if len(present) else 0.0
        scales[name] = max(noise, 0.02 * reach, 1e-4 * size, 1e-9)
    counts = (~np.isnan(seen)).sum(axis=0)
    usual = [int(np.median(each[each > 0])) if (each > 0).any() else 0 for each in counts.T]
    peered = tuple(name for name, count in zip(series.names, usual, strict=True) if count >= PEERS_AT_LEAST)
    return replace(layout, scales=scales, peered=peered, load=load)


def build_series(grid: Grid, layout: Layout) -> Series:
    """The daily series of a kind: gauges by median, greatest and least value, and how far these are apart; counters by
    their increase a day and by unit of use. Points that the grid doesn't have are all NaN. `values` lie in memory by
    day and series, so that assets are compared fast."""
    named = _named(layout)
    values = np.empty((grid.days, len(named), len(grid.assets)), np.float32).transpose(2, 0, 1)

    def fill(block: slice) -> None:
        for index, column in enumerate(_columns(grid.part(block), layout)):
            values[block, :, index] = column

    each(fill, blocks(len(grid.assets), ASSETS_AT_ONCE))
    split = tuple(zip(*named, strict=True)) if named else ((), (), ())
    return Series(values, split[0], split[1], split[2])


def _named(layout: Layout) -> list[tuple[str, str, bool]]:
    """Name, point, and whether primary, of each series."""
    named = []
    for name in layout.gauges:
        named += [(name, name, True), (name + HIGH, name, False), (name + LOW, name, False), (name + SWING, name, True)]
    for name in layout.counters:
        named.append((name + RATE, name, True))
        if layout.usage is not None and name != layout.usage:
            named.append((name + PER_USE, name, True))
    return named


def _columns(grid: Grid, layout: Layout) -> Iterator[Floats]:
    """[asset, day] of each series."""
    missing = np.full(grid.rows.shape, np.nan, np.float32)
    place = {name: index for index, name in enumerate(grid.points)}
    for name in layout.gauges:
        if name in place:
            mid, high, low = (array[:, :, place[name]] for array in (grid.mid, grid.high, grid.low))
            yield from (mid, high, low, high - low)
        else:
            yield from (missing,) * 4
    present = [name for name in layout.counters if name in place]
    rates = counter_rates(grid, present)
    use = rates[:, :, present.index(layout.usage)] if layout.usage in present else None
    for name in layout.counters:
        rate = rates[:, :, present.index(name)] if name in present else missing
        yield rate
        if layout.usage is not None and name != layout.usage:
            yield _per_use(rate, use) if use is not None else missing


def one_series(grid: Grid, layout: Layout, series: str) -> Floats:
    """[asset, day] of one of the names of `build_series`, all NaN where the grid doesn't have its point."""
    point, end = split(series)
    if point not in grid.points or (end == PER_USE and layout.usage not in grid.points):
        return np.full(grid.rows.shape, np.nan, np.float32)
    if end in (RATE, PER_USE):
        wanted = [point] if end == RATE or layout.usage is None else [point, layout.usage]
        rates = counter_rates(grid, wanted)
        return rates[:, :, 0] if end == RATE else _per_use(rates[:, :, 0], rates[:, :, 1])
    place = grid.points.index(point)
    if end == SWING:
        found: Floats = grid.high[:, :, place] - grid.low[:, :, place]
        return found
    return {"": grid.mid, HIGH: grid.high, LOW: grid.low}[end][:, :, place]


def _per_use(rate: Floats, use: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = np.where(use > 0, rate / use, np.nan).astype(np.float32)
    return found


def find_counters(grid: Grid, origin: int) -> tuple[str, ...]:
    """Points that only rise: never below zero, hardly ever falling from one day to the next (a reset), and rising
    often enough that it can't be chance."""
    found = []
    for index, name in enumerate(grid.points):
        last = grid.last[:, :origin, index]
        steps = np.diff(last, axis=1)
        steps = steps[~np.isnan(steps)]
        rises, falls = int((steps > 0).sum()), int((steps < 0).sum())
        low = grid.low[:, :origin, index]
        steady = falls <= COUNTER_FALLS_SHARE * (rises + falls) + 0.02 * len(grid.assets)
        enough = rises >= max(COUNTER_RISES, 3 * falls)
        if steady and enough and not bool(np.nanmin(low) < 0):
            found.append(name)
    return tuple(found)


def find_usage(grid: Grid, counters: tuple[str, ...], origin: int) -> str | None:
    """The counter that tells best how much an asset is used: it moves nearly every day and evenly."""
    best, best_score = None, 0.5
    rates = counter_rates(grid, counters)[:, :origin]
    for index, name in enumerate(counters):
        rate = rates[:, :, index]
        rate = rate[~np.isnan(rate)]
        if not len(rate) or not rate.mean() > 0:
            continue
        score = float((rate > 0).mean()) + 0.2 / (1.0 + float(rate.std() / rate.mean()))
        if score > best_score:
            best, best_score = name, score
    return best


def _varying(grid: Grid, origin: int) -> list[str]:
    """Points that don't always show the same, those with most readings first where there are too many."""
    kept = []
    for index, name in enumerate(grid.points):
        values = grid.mid[:, :origin, index]
        values = values[~np.isnan(values)]
        if len(values) and values.max() > values.min():
            kept.append((-len(values), name))
    return sorted(name for _, name in sorted(kept)[:MAX_POINTS])


def _commonest(frame: pl.DataFrame, column: str, members: pl.Series, most: int) -> tuple[str, ...]:
    counts = (
        frame.filter(pl.col("asset_id").is_in(members))
        .group_by(column)
        .agg(pl.len().alias("n"))
        .sort(["n", column], descending=[True, False])
    )
    return tuple(sorted(counts[column].drop_nulls().head(most).to_list()))


def _components(repairs: pl.DataFrame, members: pl.Series) -> tuple[str, ...]:
    own = repairs.filter(pl.col("asset_id").is_in(members))
    return tuple(sorted(own["component"].drop_nulls().unique().to_list()))


def _models(grid: Grid) -> tuple[str, ...]:
    counts = pl.Series(grid.models).value_counts(name="n").filter(pl.col("n") >= 3)
    names = sorted(counts.sort("n", descending=True)[counts.columns[0]].head(MAX_MODELS).to_list())
    return tuple(names) if len(names) > 1 else ()


def _attributes(assets: pl.DataFrame) -> tuple[str, ...]:
    numeric = [name for name in assets.columns if name not in _NOT_ATTRIBUTES and assets[name].dtype.is_numeric()]
    return tuple(sorted(name for name in numeric if assets[name].n_unique() > 1)[:MAX_ATTRIBUTES])


def origin_of(grid: Grid, moment: datetime) -> int:
    """How many whole days of `grid` are over at `moment`."""
    return int((moment - grid.start).total_seconds() // 86_400)
