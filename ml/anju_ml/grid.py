"""Readings as daily statistics: one dense array [asset, day, point] for each statistic, gaps NaN.

Days are counted back from an anchor, so that the last one ends exactly there: day d covers
[start + d days, start + d + 1 days).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from anju_ml.cores import blocks, each
from anju_ml.history import History

DAY: Final = timedelta(days=1)
MAX_DAYS: Final = 1500
STATISTICS: Final = ("mid", "high", "low", "last")
ROWS_AT_ONCE: Final = 16_384
ASSETS_AT_ONCE: Final = 4096
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Grid:
    """Assets of one kind. `mid`, `high`, `low`, `last`: median, greatest, least and last value of a day;
    `last_day`: time of the last reading in days since `start` [asset, day]; `rows`: readings a day [asset, day]."""

    kind: str
    assets: tuple[str, ...]
    models: tuple[str, ...]
    points: tuple[str, ...]
    start: datetime
    days: int
    mid: Floats
    high: Floats
    low: Floats
    last: npt.NDArray[np.float64]
    last_day: npt.NDArray[np.float64]
    rows: npt.NDArray[np.int32]

    @property
    def anchor(self) -> datetime:
        return self.start + self.days * DAY

    def time_of(self, origin: int) -> datetime:
        """The moment at which days 0 to origin - 1 are over."""
        return self.start + origin * DAY

    def part(self, block: slice) -> "Grid":
        """The same of some of the assets."""
        arrays = {name: getattr(self, name)[block] for name in (*STATISTICS, "last_day", "rows")}
        return replace(self, assets=self.assets[block], models=self.models[block], **arrays)


def start_of(history: History, anchor: datetime) -> datetime:
    """The start of a grid that ends at `anchor` and reaches back to the first record, or as far as is kept."""
    span = history.span()
    days = 1 if span is None else min(max((anchor - span[0]) // DAY + 1, 1), MAX_DAYS)
    return anchor - days * DAY


def daily_grids(history: History, *, anchor: datetime) -> dict[str, Grid]:
    """A grid for each kind, in the order of their names; what was recorded at `anchor` or later is left out."""
    start = start_of(history, anchor)
    days = (anchor - start) // DAY
    frames = [_runs(ordered(frame)) for frame in _joined(history.readings)]
    grids: dict[str, Grid] = {}
    for (kind,), assets in sorted(history.assets.group_by("kind"), key=lambda item: str(item[0][0])):
        grids[str(kind)] = _grid(str(kind), assets.sort("asset_id"), frames, start, days)
    return grids


def _joined(readings: Sequence[pl.DataFrame]) -> list[pl.DataFrame]:
    """Frames that hold the same points as one."""
    groups: dict[tuple[str, ...], list[pl.DataFrame]] = {}
    for frame in readings:
        groups.setdefault(tuple(sorted(frame.columns)), []).append(frame.select(sorted(frame.columns)))
    return [group[0] if len(group) == 1 else pl.concat(group) for _, group in sorted(groups.items())]


def ordered(frame: pl.DataFrame) -> pl.DataFrame:
    """By asset and time, one row for each: where several say something, their mean."""
    same = pl.col("asset_id") == pl.col("asset_id").shift(1)
    later = pl.col("ts") > pl.col("ts").shift(1)
    steady = frame.select(
        ((~same & (pl.col("asset_id") > pl.col("asset_id").shift(1))) | (same & later)).fill_null(True).all()
    ).item()
    if steady:
        return frame
    frame = frame.sort(["asset_id", "ts"])
    if not frame.select(pl.struct("asset_id", "ts").is_first_distinct().all()).item():
        points = [name for name in frame.columns if name not in ("asset_id", "ts")]
        frame = frame.sort(["asset_id", "ts", *points]).group_by(["asset_id", "ts"], maintain_order=True).mean()
    return frame


@dataclass(frozen=True)
class _Runs:
    """A frame by asset and time: each of `owners` has the next so many (`lengths`) rows."""

    frame: pl.DataFrame
    owners: pl.Series
    lengths: npt.NDArray[np.int64]

    def of(self, assets: pl.Series) -> "_Runs":
        """What belongs to `assets`."""
        own = self.owners.is_in(assets.implode())
        if own.all():
            return self
        rows = np.repeat(own.to_numpy(), self.lengths)
        return _Runs(self.frame.filter(pl.Series(rows)), self.owners.filter(own), self.lengths[own.to_numpy()])


def _runs(frame: pl.DataFrame) -> _Runs:
    runs = frame["asset_id"].rle().struct
    return _Runs(frame, runs.field("value"), runs.field("len").cast(pl.Int64).to_numpy())


def _grid(kind: str, assets: pl.DataFrame, frames: list[_Runs], start: datetime, days: int) -> Grid:
    names = assets["asset_id"]
    own = [part for part in (runs.of(names) for runs in frames) if len(part.frame)]
    found = {
        name
        for runs in own
        for name, values in zip(runs.frame.columns, runs.frame, strict=True)
        if values.dtype == pl.Float64 and values.count()
    }
    points = tuple(sorted(found))
    shape = (len(names), days, len(points))
    grid = Grid(
        kind=kind,
        assets=tuple(names),
        models=tuple(assets["model"].fill_null("").to_list()),
        points=points,
        start=start,
        days=days,
        mid=_gaps(shape, np.float32),
        high=_gaps(shape, np.float32),
        low=_gaps(shape, np.float32),
        last=_gaps(shape, np.float64),
        last_day=_gaps(shape[:2], np.float64),
        rows=np.zeros(shape[:2], np.int32),
    )
    for runs in own:
        _fill(grid, runs)
    return grid


def _gaps(shape: tuple[int, ...], kind: type[np.floating]) -> npt.NDArray[Any]:
    out = np.empty(shape, kind)
    each(lambda block: out[block].fill(np.nan), blocks(len(out), ASSETS_AT_ONCE))
    return out


def _fill(grid: Grid, runs: _Runs) -> None:
    """Write a frame's days into the arrays of `grid`; a day of one reading has nothing to be reckoned."""
    points = [name for name in grid.points if name in runs.frame.columns]
    frame = _placed(runs, points, grid)
    place = frame["place"]
    alone = place.ne_missing(place.shift(1)) & place.ne_missing(place.shift(-1))
    if alone.any():
        single = frame if alone.all() else frame.filter(alone)
        _write(grid, single.with_columns(pl.lit(1).alias("rows")), {name: (name,) * 4 for name in points})
    if not alone.all():
        whole = _by_day(frame.filter(~alone), points)
        _write(grid, whole, {name: tuple(f"{name}|{statistic}" for statistic in STATISTICS) for name in points})


def _placed(runs: _Runs, points: list[str], grid: Grid) -> pl.DataFrame:
    """The readings of `points` within the days of `grid`, with the time `since` its start in days and the `place`
    (asset, then day) that they belong to, ascending."""
    index = {name: position for position, name in enumerate(grid.assets)}
    asset = np.repeat(runs.owners.replace_strict(index, return_dtype=pl.Int64).to_numpy(), runs.lengths)
    since = (pl.col("ts") - grid.start).dt.total_microseconds() / (DAY / timedelta(microseconds=1))
    place = pl.Series(asset * grid.days) + pl.col("since").floor().cast(pl.Int64)
    placed = runs.frame.select(*points, since.alias("since")).with_columns(place.alias("place"))
    inside = (placed["since"] >= 0) & (placed["since"] < grid.days)
    return placed if inside.all() else placed.filter(inside)


def _by_day(frame: pl.DataFrame, points: list[str]) -> pl.DataFrame:
    told = [pl.col(points).median().name.suffix("|mid"), pl.col(points).max().name.suffix("|high")]
    told += [pl.col(points).min().name.suffix("|low"), pl.col(points).drop_nulls().last().name.suffix("|last")]
    return (
        frame.with_columns(pl.col("place").set_sorted())
        .group_by("place", maintain_order=True)
        .agg(*told, pl.len().alias("rows"), pl.col("since").last())
    )


def _write(grid: Grid, table: pl.DataFrame, columns: Mapping[str, Sequence[str]]) -> None:
    """A row of `table` for each `place`; `columns` of each point by statistic."""
    place = table["place"].to_numpy()
    rows, last_day = grid.rows.reshape(-1), grid.last_day.reshape(-1)
    rows[place] += table["rows"].to_numpy().astype(np.int32)
    last_day[place] = np.fmax(last_day[place], table["since"].to_numpy())

    def write(block: slice) -> None:
        part = table[block]
        for number, statistic in enumerate(STATISTICS):
            array = getattr(grid, statistic)
            values = np.full((len(part), len(grid.points)), np.nan, array.dtype)
            for point, names in columns.items():
                values[:, grid.points.index(point)] = part[names[number]].to_numpy()
            found = array.reshape(-1, len(grid.points))
            found[place[block]] = np.where(np.isnan(values), found[place[block]], values)

    each(write, blocks(len(table), ROWS_AT_ONCE))


def counter_rates(grid: Grid, counters: Sequence[str]) -> Floats:
    """Increase a day of each counter [asset, day, counter]: the rise since the last day with a reading, divided by
    the time between. A fall is a reset: that day has no rate. So a gap makes no jump."""
    out = np.full((*grid.rows.shape, len(counters)), np.nan, np.float32)
    for position, name in enumerate(counters):
        last = grid.last[:, :, grid.points.index(name)]
        previous, when = _previous(last), _previous(np.where(np.isnan(last), np.nan, grid.last_day))
        rise = last - previous
        elapsed = grid.last_day - when
        with np.errstate(invalid="ignore", divide="ignore"):
            rate = np.where((rise >= 0) & (elapsed > 0), rise / elapsed, np.nan)
        out[:, :, position] = rate
    return out


def _previous(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """For each day the last value of an earlier day, NaN before the first [asset, day]."""
    days = np.arange(values.shape[1])
    seen = np.maximum.accumulate(np.where(np.isnan(values), -1, days), axis=1)
    before = np.concatenate([np.full((len(values), 1), -1), seen[:, :-1]], axis=1)
    filled = np.take_along_axis(values, np.maximum(before, 0), axis=1)
    return np.where(before >= 0, filled, np.nan)
