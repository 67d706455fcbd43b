"""Point-in-time features of every asset (and component) at chosen origins: one function for training and serving.

A feature at origin t uses the days before t alone. Names are `<series>:<statistic>`; `sources` says which point,
event code or record each comes from, so that reasons can name it.
"""

from collections.abc import Mapping
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
from anju_ml.peers import remove_peers
from anju_ml.statics import static_columns
from anju_ml.windows import Origins, Sums, days_since, quartiles

Wide = npt.NDArray[np.floating]
ASSETS_AT_ONCE: Final = 200
Z_LIMIT: Final = 50.0
BASE_DAYS: Final = (90, 14)
FRESH_DAYS: Final = 15
LONG_AGO_DAYS: Final = 21
EVERY_DAYS: Final = 4
"""Of the long past, every fourth day is enough."""


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
    levels = _Levels(given.series, given.series.values[block], given.residual[block], scales=scales, origins=origins)
    levels.describe(columns)
    describe_counts(columns, records, given.layout, origins, block)
    _describe_gaps(columns, given.grid, origins, block)
    use = _usage(given.series, given.layout, block)
    own: dict[str, Columns] = {}
    for component in given.layout.components:
        own[component] = Columns()
        _describe_component(own[component], records.repairs[component][block], levels, use, origins)
    return columns, own


class _Levels:
    """Deviations of a block's series from their own past and from peers. `all_sums`, `middle` and `scale` are of all
    series, what begins with `own` of the primary ones."""

    def __init__(self, series: Series, values: Floats, residual: Floats, *, scales: Floats, origins: Origins) -> None:
        self.origins = origins
        self.primary = np.flatnonzero(series.primary)
        self.names = series.names
        self.points = series.points
        own_residual = residual[:, :, self.primary]
        self._all_sums = Sums(residual)
        self._own_sums = Sums(own_residual)
        self._own_raw = Sums(values[:, :, self.primary])
        self._middle, spread = _base(residual, origins)
        spread = np.where(np.isnan(spread), scales, spread)
        self._scale = np.maximum(spread, scales / 2)
        self._fleet = scales
        self._has_peers = bool((residual != values).any())
        self._long = _long_past(own_residual, origins)

    def describe(self, columns: Columns) -> None:
        t, own = self.origins, self.primary
        recent: dict[int, Wide] = {days: self._all_sums.mean(t, days) for days in (1, 3, 7, 14)}
        recent[7] = _first_of(recent[7], recent[14])
        recent[3] = _first_of(recent[3], recent[7])
        recent[1] = _first_of(recent[1], recent[3])
        z = {days: _clip((recent[days] - self._middle) / self._scale) for days in (3, 14)}
        middle, scale = self._middle[:, :, own], self._scale[:, :, own]
        self._own7 = recent[7][:, :, own]
        own_z = {days: _clip((recent[days][:, :, own] - middle) / scale) for days in (1, 7)}
        own_z |= {days: values[:, :, own] for days, values in z.items()}
        self._describe_lasting(columns, own_z)
        self._add(columns, "z3", z[3])
        self._add(columns, "z14", z[14])
        if self._has_peers:
            self._add(columns, "peer7", _clip(recent[7] / self._fleet))
        self._add_own(columns, "z1", own_z[1])
        self._add_own(columns, "z7", own_z[7])
        raw = {days: self._own_raw.mean(t, days) for days in (3, 7, 14)}
        self._add_own(columns, "level3", _first_of(raw[3], _first_of(raw[7], raw[14])))
        self._add_own(columns, "level14", raw[14])
        self._add_own(columns, "change", _clip((self._own7 - self._own_sums.mean(t, 28, 7, at_least=3)) / scale))
        self._add_own(columns, "slope14", _clip(14 * self._own_sums.slope(t, 14) / scale))
        self._add_own(columns, "slope30", _clip(30 * self._own_sums.slope(t, 30, at_least=10) / scale))
        self._add_own(columns, "unrest", _clip(self._own_sums.spread(t, 7) / scale))

    def _describe_lasting(self, columns: Columns, z: Mapping[int, Wide]) -> None:
        """Deviations that have lasted, against the long past, and those of the weeks before."""
        t, usual, scale = self.origins, self._middle[:, :, self.primary], self._scale[:, :, self.primary]
        self._add_own(columns, "held7", _lasting(z[3], z[7]))
        self._add_own(columns, "held14", _lasting(z[7], z[14]))
        for name, start, stop in (("ago7", 14, 7), ("ago14", 28, 14)):
            self._add_own(columns, name, _clip((self._own_sums.mean(t, start, stop) - usual) / scale))
        middle, spread = self._long
        middle = np.where(np.isnan(middle), usual, middle)
        spread = np.maximum(_first_of(spread, scale), self._fleet[self.primary] / 2)
        self._add_own(columns, "long", _clip((self._own7 - middle) / spread))

    def _add(self, columns: Columns, statistic: str, values: Wide) -> None:
        columns.add_all([f"{name}:{statistic}" for name in self.names], list(self.points), values)

    def _add_own(self, columns: Columns, statistic: str, values: Wide) -> None:
        """Of the primary series."""
        names = [f"{self.names[index]}:{statistic}" for index in self.primary]
        columns.add_all(names, [self.points[index] for index in self.primary], values)

    def since_reset(self, reset: npt.NDArray[np.int64]) -> Wide:
        """How far the last week stands from the first two weeks after `reset` (the day after a repair, [asset,
        origin], negative: none), in usual spreads; primary series only."""
        stop = np.minimum(reset + FRESH_DAYS, self.origins[None, :])
        return _clip((self._own7 - self._own_sums.mean_between(reset, stop)) / self._fleet[self.primary])


def _base(values: Floats, origins: Origins) -> tuple[Floats, Floats]:
    """Median and spread of the days that a deviation is measured from; nearer days stand in for the median where
    there are too few."""
    middle, spread = quartiles(values, origins, *BASE_DAYS, at_least=10)
    short = np.isnan(middle).any(axis=(0, 2))
    early, _ = quartiles(values, origins[short], BASE_DAYS[0], 3, at_least=5)
    middle[:, short] = np.where(np.isnan(middle[:, short]), early, middle[:, short])
    return middle, spread


def _long_past(values: Floats, origins: Origins) -> tuple[Floats, Floats]:
    """Median and spread of all days but the last LONG_AGO_DAYS, of every EVERY_DAYS-th of them."""
    days = values.shape[1] // EVERY_DAYS + 1
    rare = values[:, ::EVERY_DAYS]
    return quartiles(rare, origins // EVERY_DAYS, days, LONG_AGO_DAYS // EVERY_DAYS, at_least=6)


def _lasting(first: Wide, second: Wide) -> Wide:
    """The smaller of two deviations of one sign, 0 where they disagree; one that is missing says nothing."""
    lowest, highest = np.fmin(first, second), np.fmax(first, second)
    return np.where(lowest > 0, lowest, np.where(highest < 0, highest, np.where(np.isnan(lowest), np.nan, 0.0)))


def _first_of(first: npt.NDArray[np.floating], second: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    return np.where(np.isnan(first), second, first)


def _clip(values: Wide) -> Wide:
    found: Wide = np.clip(values, -Z_LIMIT, Z_LIMIT)
    return found


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
    levels: _Levels,
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
