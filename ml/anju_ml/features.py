"""Point-in-time features of every asset (and component) at chosen origins: one function for training and serving.

A feature at origin t uses the days before t alone. Names are `<series>:<statistic>`; `sources` says which point,
event code or record each comes from, so that reasons can name it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from anju_ml.columns import Columns
from anju_ml.cores import blocks, each
from anju_ml.counted import describe_channels, describe_counts
from anju_ml.counts import REPAIR_CHANNELS, Records, count_records
from anju_ml.grid import Floats, Grid
from anju_ml.history import History
from anju_ml.layout import Layout, Series, build_series
from anju_ml.levels import Levels
from anju_ml.peers import Peers, find_peers
from anju_ml.series_names import RATE
from anju_ml.statics import Column, static_columns
from anju_ml.windows import Origins, Sums, days_since

ASSETS_AT_ONCE: Final = 500


@dataclass(frozen=True)
class Features:
    """`common` [asset, origin, feature] is the same for every component; `own[component]` is its own."""

    kind: str
    assets: tuple[str, ...]
    origins: Origins
    names: tuple[str, ...]
    sources: tuple[str, ...]
    common: Floats
    own_names: tuple[str, ...]
    own_sources: tuple[str, ...]
    own: dict[str, Floats]


def compute_features(history: History, grid: Grid, layout: Layout, origins: Origins) -> Features:
    """The features of all assets of a kind. `origins` are numbers of days since the start of `grid`."""
    series = build_series(grid, layout)
    at_usual_load = layout.load.taken_off(series.values, series.names)
    given = _Inputs(
        grid,
        layout,
        series,
        at_usual_load=at_usual_load,
        peers=find_peers(at_usual_load, grid, series, layout.peered),
        records=count_records(history, grid, layout),
        statics=static_columns(history.assets, grid, layout, origins),
        origins=origins,
    )
    first, *others = blocks(len(grid.assets), ASSETS_AT_ONCE)
    found = _block(given, first)
    features = _empty(grid, origins, *found)
    _write(features, first, *found)
    each(lambda block: _write(features, block, *_block(given, block)), others)
    return features


def _empty(grid: Grid, origins: Origins, common: Columns, own: Mapping[str, Columns]) -> Features:
    """Features with these columns, not yet filled."""
    shape = (len(grid.assets), len(origins))
    any_own = next(iter(own.values()), Columns())
    return Features(
        kind=grid.kind,
        assets=grid.assets,
        origins=origins,
        names=tuple(common.names),
        sources=tuple(common.sources),
        common=np.empty((*shape, len(common.names)), np.float32),
        own_names=tuple(any_own.names),
        own_sources=tuple(any_own.sources),
        own={name: np.empty((*shape, len(columns.names)), np.float32) for name, columns in own.items()},
    )


def _write(features: Features, block: slice, common: Columns, own: Mapping[str, Columns]) -> None:
    common.write(features.common[block])
    for name, columns in own.items():
        columns.write(features.own[name][block])


@dataclass(frozen=True)
class _Inputs:
    """What features are made of."""

    grid: Grid
    layout: Layout
    series: Series
    at_usual_load: Floats
    peers: Peers
    records: Records
    statics: Sequence[Column]
    origins: Origins


def _block(given: _Inputs, block: slice) -> tuple[Columns, dict[str, Columns]]:
    """Common and own columns of the assets of `block`."""
    columns, records, origins = Columns(), given.records, given.origins
    scales = np.array([given.layout.scales[name] for name in given.series.names], np.float32)
    values = given.series.values[block]
    levels = Levels(
        given.series,
        values,
        given.peers.taken_off(given.at_usual_load[block], block),
        scales=scales,
        reach=_reach(records.visits[block], given.grid.rows[block], origins),
        origins=origins,
    )
    levels.describe(columns)
    describe_counts(columns, records, given.layout, origins, block)
    if given.layout.gauges or given.layout.counters:
        _describe_gaps(columns, given.grid.rows[block], origins)
    for name, source, static in given.statics:
        columns.add(name, source, static[block])
    use = _usage(given.series, given.layout, block)
    own: dict[str, Columns] = {}
    for component in given.layout.components:
        own[component] = Columns()
        _describe_component(own[component], records.repairs[component][block], levels, use, origins)
    return columns, own


def _reach(visits: npt.NDArray[np.int32], counts: npt.NDArray[np.int32], origins: Origins) -> Floats:
    """How many days back readings speak of an asset as it is [asset, origin]: to its last repair where most days since
    then were silent, else without limit. `visits` by REPAIR_CHANNELS and `counts` of readings a day."""
    reset = days_since(visits[:, :, [REPAIR_CHANNELS.index("reset")]], origins)[:, :, 0]
    heard = np.zeros((len(counts), counts.shape[1] + 1), np.int64)
    np.cumsum(counts > 0, axis=1, out=heard[:, 1:])
    after = (origins - np.nan_to_num(reset)).astype(np.int64)
    since = heard[:, origins] - np.take_along_axis(heard, after, axis=1)
    return np.where(2 * since < reset, reset, np.float32(np.inf))


def _describe_gaps(columns: Columns, counts: npt.NDArray[np.int32], origins: Origins) -> None:
    """`counts`: readings [asset, day]."""
    rows = counts[:, :, None]
    heard = Sums(np.where(rows > 0, 1.0, np.nan))
    columns.add("missing:7d", "missing", 1.0 - heard.share(origins, 7)[:, :, 0])
    columns.add("missing:since", "missing", days_since(rows, origins)[:, :, 0])
    counted = Sums(rows.astype(np.float64))
    usual = counted.mean(origins, 60, 7)[:, :, 0]
    share = np.where(usual > 0, counted.mean(origins, 7)[:, :, 0] / np.maximum(usual, 1e-9), np.nan)
    columns.add("missing:rows", "missing", share)


def _usage(series: Series, layout: Layout, block: slice) -> npt.NDArray[np.float64] | None:
    """Units of use up to each day [asset, day + 1]; days without a reading count as the asset's average so far."""
    name = f"{layout.usage}{RATE}"
    if layout.usage is None or name not in series.names:
        return None
    rate = series.values[block][:, :, series.names.index(name)].astype(np.float64)
    present = ~np.isnan(rate)
    total = np.cumsum(np.where(present, rate, 0.0), axis=1)
    count = np.cumsum(present, axis=1)
    average = np.where(count > 0, total / np.maximum(count, 1), 0.0)
    out = np.zeros((rate.shape[0], rate.shape[1] + 1))
    np.cumsum(np.where(present, rate, average), axis=1, out=out[:, 1:])
    return out


def _describe_component(
    columns: Columns,
    counts: npt.NDArray[np.int32],
    levels: Levels,
    use: npt.NDArray[np.float64] | None,
    origins: Origins,
) -> None:
    named = [(f"own {name}", "repairs") for name in REPAIR_CHANNELS]
    describe_channels(columns, counts, named, origins, (30, 90, 365), novelty=False)
    since = days_since(counts[:, :, -1:], origins)[:, :, 0]
    reset = np.where(np.isnan(since), -1, origins[None, :] - np.nan_to_num(since)).astype(np.int64)
    if use is not None:
        at_reset = np.take_along_axis(use, np.maximum(reset, 0), axis=1)
        columns.add("own use", "repairs", np.where(reset >= 0, use[:, origins] - at_reset, np.nan))
    fresh = levels.since_reset(reset)
    points = [levels.points[index] for index in levels.primary]
    columns.add_all([f"{levels.names[index]}:fresh" for index in levels.primary], points, fresh)
    first = np.where((reset >= 0)[:, :, None], fresh, levels.since_watched)
    columns.add_all([f"{levels.names[index]}:first" for index in levels.primary], points, first)
