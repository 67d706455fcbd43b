"""Readings as daily statistics: one dense array [asset, day, point] for each statistic, gaps NaN.

Days are counted back from an anchor, so that the last one ends exactly there: day d covers
[start + d days, start + d + 1 days).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from anju_ml.history import History

DAY: Final = timedelta(days=1)
MAX_DAYS: Final = 1500
STATISTICS: Final = ("mid", "high", "low", "last")
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


def start_of(history: History, anchor: datetime) -> datetime:
    """The start of a grid that ends at `anchor` and reaches back to the first record, or as far as is kept."""
    span = history.span()
    days = 1 if span is None else min(max((anchor - span[0]) // DAY + 1, 1), MAX_DAYS)
    return anchor - days * DAY


def daily_grids(history: History, *, anchor: datetime) -> dict[str, Grid]:
    """A grid for each kind, in the order of their names; what was recorded at `anchor` or later is left out."""
    start = start_of(history, anchor)
    days = (anchor - start) // DAY
    frames = [ordered(frame) for frame in _joined(history.readings)]
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


def _grid(kind: str, assets: pl.DataFrame, frames: list[pl.DataFrame], start: datetime, days: int) -> Grid:
    names = assets["asset_id"]
    own = [(frame.filter(pl.col("asset_id").is_in(names.implode()))) for frame in frames]
    own = [frame for frame in own if len(frame)]
    found = {name for frame in own for name in frame.columns if frame[name].dtype == pl.Float64 and frame[name].count()}
    points = tuple(sorted(found))
    shape = (len(names), days, len(points))
    grid = Grid(
        kind=kind,
        assets=tuple(names),
        models=tuple(assets["model"].fill_null("").to_list()),
        points=points,
        start=start,
        days=days,
        mid=np.full(shape, np.nan, np.float32),
        high=np.full(shape, np.nan, np.float32),
        low=np.full(shape, np.nan, np.float32),
        last=np.full(shape, np.nan),
        last_day=np.full(shape[:2], np.nan),
        rows=np.zeros(shape[:2], np.int32),
    )
    for frame in own:
        _fill(grid, frame)
    return grid


def _fill(grid: Grid, frame: pl.DataFrame) -> None:
    """Write a frame's days into the arrays of `grid`."""
    present = [name for name in grid.points if name in frame.columns]
    table = _by_day(frame, present, grid)
    index = {name: i for i, name in enumerate(grid.assets)}
    asset = table["asset_id"].replace_strict(index, return_dtype=pl.Int64).to_numpy()
    day = table["day"].to_numpy()
    grid.rows[asset, day] += table["rows"].to_numpy().astype(np.int32)
    grid.last_day[asset, day] = np.fmax(grid.last_day[asset, day], table["since"].to_numpy())
    for statistic in STATISTICS:
        array = getattr(grid, statistic)
        for name in present:
            values = table[f"{name}|{statistic}"].to_numpy()
            column = array[:, :, grid.points.index(name)]
            column[asset, day] = np.where(np.isnan(values), column[asset, day], values)


def _by_day(frame: pl.DataFrame, points: list[str], grid: Grid) -> pl.DataFrame:
    since = (pl.col("ts") - grid.start).dt.total_microseconds() / (DAY / timedelta(microseconds=1))
    each = [pl.col(points).median().name.suffix("|mid"), pl.col(points).max().name.suffix("|high")]
    each += [pl.col(points).min().name.suffix("|low"), pl.col(points).drop_nulls().last().name.suffix("|last")]
    return (
        frame.with_columns(since.alias("since"))
        .filter((pl.col("since") >= 0) & (pl.col("since") < grid.days))
        .group_by("asset_id", pl.col("since").floor().cast(pl.Int64).alias("day"), maintain_order=True)
        .agg(*each, pl.len().alias("rows"), pl.col("since").last())
    )


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
