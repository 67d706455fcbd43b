"""Point-in-time features of every asset (and component) at chosen origins: one function for training and serving.

A feature at origin t uses the days before t alone. Names are `<series>:<statistic>`; `sources` says which point,
event code or record each comes from, so that reasons can name it.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from anju_ml.columns import Columns
from anju_ml.counted import describe_channels, describe_counts
from anju_ml.counts import REPAIR_CHANNELS, Records, count_records
from anju_ml.grid import Floats, Grid
from anju_ml.history import History
from anju_ml.layout import Layout, Series, build_series
from anju_ml.levels import Levels
from anju_ml.peers import remove_peers
from anju_ml.statics import static_columns
from anju_ml.windows import Origins, Sums, days_since

ASSETS_AT_ONCE: Final = 200


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

    def at(self, positions: Origins) -> "Features":
        """The same at some of the origins."""
        return replace(
            self,
            origins=self.origins[positions],
            common=self.common[:, positions],
            own={name: values[:, positions] for name, values in self.own.items()},
        )


def compute_features(history: History, grid: Grid, layout: Layout, origins: Origins) -> Features:
    """The features of all assets of a kind. `origins` are numbers of days since the start of `grid`."""
    series = build_series(grid, layout)
    given = _Inputs(
        grid,
        layout,
        series,
        residual=remove_peers(series.values, grid, series, layout.peered),
        records=count_records(history, grid, layout),
        origins=origins,
    )
    statics = static_columns(history.assets, grid, layout, origins)
    parts: list[Columns] = []
    own_parts: dict[str, list[Columns]] = {component: [] for component in layout.components}
    for first in range(0, len(grid.assets), ASSETS_AT_ONCE):
        block = slice(first, first + ASSETS_AT_ONCE)
        part, own = _block(given, block)
        for name, source, values in statics:
            part.add(name, source, values[block])
        parts.append(part)
        for component, columns in own.items():
            own_parts[component].append(columns)
    common = _joined(parts, len(origins))
    own_joined = {component: _joined(columns, len(origins)) for component, columns in own_parts.items()}
    names = next(iter(own_parts.values()))[0] if own_parts else Columns()
    return Features(
        kind=grid.kind,
        assets=grid.assets,
        origins=origins,
        names=tuple(parts[0].names),
        sources=tuple(parts[0].sources),
        common=common,
        own_names=tuple(names.names),
        own_sources=tuple(names.sources),
        own=own_joined,
    )


def _joined(parts: list[Columns], origins: int) -> Floats:
    blocks = [np.stack(part.values, axis=2) if part.values else np.empty((0, origins, 0), np.float32) for part in parts]
    return np.concatenate(blocks, axis=0)


@dataclass(frozen=True)
class _Inputs:
    """What features are made of: `residual` are the series less their peers."""

    grid: Grid
    layout: Layout
    series: Series
    residual: Floats
    records: Records
    origins: Origins


def _block(given: _Inputs, block: slice) -> tuple[Columns, dict[str, Columns]]:
    """Common and own columns of the assets of `block`."""
    columns, records, origins = Columns(), given.records, given.origins
    scales = np.array([given.layout.scales[name] for name in given.series.names], np.float32)
    levels = Levels(given.series, given.series.values[block], given.residual[block], scales=scales, origins=origins)
    levels.describe(columns)
    describe_counts(columns, records, given.layout, origins, block)
    _describe_gaps(columns, given.grid, origins, block)
    use = _usage(given.series, given.layout, block)
    own: dict[str, Columns] = {}
    for component in given.layout.components:
        own[component] = Columns()
        _describe_component(own[component], records.repairs[component][block], levels, use, origins)
    return columns, own


def _describe_gaps(columns: Columns, grid: Grid, origins: Origins, block: slice) -> None:
    rows = grid.rows[block][:, :, None]
    if not rows.any():
        return
    heard = Sums(np.where(rows > 0, 1.0, np.nan))
    columns.add("missing:7d", "missing", 1.0 - heard.share(origins, 7)[:, :, 0])
    columns.add("missing:since", "missing", days_since(rows, origins)[:, :, 0])
    counted = Sums(rows.astype(np.float64))
    usual = counted.mean(origins, 60, 7)[:, :, 0]
    share = np.where(usual > 0, counted.mean(origins, 7)[:, :, 0] / np.maximum(usual, 1e-9), np.nan)
    columns.add("missing:rows", "missing", share)


def _usage(series: Series, layout: Layout, block: slice) -> npt.NDArray[np.float64] | None:
    """Units of use up to each day [asset, day + 1]; days without a reading count as the asset's average so far."""
    name = f"{layout.usage}|rate"
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
