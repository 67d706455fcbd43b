"""When a component can be judged at all: its asset in service and heard of, no repair under way or just done."""

import math
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from anju_contracts.codes import Severity
from anju_ml.failures import ONSET_WITHIN
from anju_ml.grid import DAY, Grid
from anju_ml.history import OUTCOME_AFTER, History
from anju_ml.windows import Origins, days_since

Doubles = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.int64]
SILENT_AFTER_DAYS: Final = 14
"""An asset unheard for so long has left service, or its readings have nothing to say of today."""
SETTLED_AFTER_DAYS: Final = 3.0
"""Days after a repair of a component before its features speak of the repaired one."""
REPORTED_SHARE: Final = 0.1
"""Of the time of all assets: reports that cover more of it are a habit."""


def judgeable(history: History, grid: Grid, component: str, origins: Origins) -> Flags:
    """[asset, origin]: the asset is in service, nothing that it fails with was just reported, no corrective repair of
    it is under way, and the component wasn't repaired in the last days, nor since the asset was last heard of."""
    out = in_service(history, grid, origins) & ~just_reported(history, grid, origins)
    at = origins.astype(np.float64)
    repairs = _repairs(history, grid, component)
    assets, opened, known = (repairs[name].to_numpy() for name in ("asset", "opened", "known"))
    corrective, own = repairs["corrective"].to_numpy()[:, None], repairs["own"].to_numpy()[:, None]
    under_way = corrective & (at >= opened[:, None]) & (at < known[:, None])
    settling = own & (at >= known[:, None]) & (at < _settled(grid, assets, known)[:, None])
    rows, columns = np.nonzero(under_way | settling)
    out[assets[rows], columns] = False
    return out


def just_reported(history: History, grid: Grid, origins: Origins) -> Flags:
    """[asset, origin]: a complaint or a critical event came within ONSET_WITHIN before: a crew is on its way, and a
    ticket would come too late. Where such records come so often that they would cover more than REPORTED_SHARE of the
    time before, they tell of no failure under way."""
    critical = (pl.col("severity") == Severity.CRITICAL) & (pl.col("state") != "clear")
    out = np.zeros((len(grid.assets), len(origins)), np.bool_)
    span, place = ONSET_WITHIN / DAY, {name: row for row, name in enumerate(grid.assets)}
    for moments in (history.complaints, history.events.filter(critical)):
        days = {name: each for name, each in days_by_asset(moments, "ts", grid).items() if name in place}
        told = np.sort(np.concatenate([np.empty(0), *(np.unique(np.floor(each)) for each in days.values())]))
        rare = span * np.searchsorted(told, origins) <= REPORTED_SHARE * len(place) * origins
        for name, each in days.items():
            before = np.searchsorted(each, origins, side="left") - 1
            fresh = (before >= 0) & (origins - each[np.maximum(before, 0)] <= span)
            out[place[name]] |= fresh & rare
    return out


def _settled(grid: Grid, assets: Indices, known: Doubles) -> Doubles:
    """From when the repaired component can be judged: a while after it was `known`, and heard of since."""
    settled = known + SETTLED_AFTER_DAYS
    if not grid.rows.any():
        return settled
    fresh = (grid.rows[assets] > 0) & (np.arange(grid.days) >= np.trunc(known)[:, None] + 1)
    heard = np.where(fresh.any(axis=1), fresh.argmax(axis=1) + 1.0, np.inf)
    return np.maximum(settled, heard)


def _repairs(history: History, grid: Grid, component: str) -> pl.DataFrame:
    """Repairs of the kind: place of the `asset`, `opened` and `known` in days since the start of `grid`, whether
    `corrective`, and whether the component's `own` and more than a look at it."""
    changed = pl.col("fault_found").fill_null(True) & (pl.col("action").fill_null("") != "inspect")
    known = pl.coalesce("closed_at", pl.col("opened_at") + OUTCOME_AFTER)
    per_day = DAY // timedelta(microseconds=1)
    place = {name: index for index, name in enumerate(grid.assets)}
    return history.repairs.filter(pl.col("asset_id").is_in(list(grid.assets))).select(
        pl.col("asset_id").replace_strict(place, return_dtype=pl.Int64).alias("asset"),
        ((pl.col("opened_at") - grid.start).dt.total_microseconds() / per_day).alias("opened"),
        ((known - grid.start).dt.total_microseconds() / per_day).alias("known"),
        (pl.col("cause") == "corrective").fill_null(False).alias("corrective"),
        ((pl.col("component") == component) & changed).fill_null(False).alias("own"),
    )


def in_service(history: History, grid: Grid, origins: Origins) -> Flags:
    """[asset, origin]: whether an asset had been installed by then and, where it has had readings, was not silent for
    so long that it must have left."""
    since = days_since(grid.rows[:, :, None], origins)[:, :, 0]
    heard = np.zeros((len(grid.assets), grid.days + 1), np.bool_)
    heard[:, 1:] = np.maximum.accumulate(grid.rows > 0, axis=1)
    by_then = heard[:, np.clip(origins, 0, grid.days)]
    installed = np.greater(origins[None, :], _installed(history, grid)[:, None])
    found: Flags = np.where(by_then, since <= SILENT_AFTER_DAYS, installed)
    return found


def _installed(history: History, grid: Grid) -> Doubles:
    """The day on which each asset was installed; the start of the grid where that was earlier or is unknown."""
    at = history.assets.select("asset_id", pl.col("installed_on").cast(pl.Datetime("us", "UTC"))).drop_nulls()
    days = {name: (moment - grid.start) / DAY for name, moment in at.iter_rows()}
    return np.array([max(days.get(name, 0.0), 0.0) for name in grid.assets])


def observed_days(history: History, grid: Grid, *, end: datetime) -> tuple[Doubles, Doubles]:
    """For each asset the day of its first record and of its last (inf while it is still heard of), as far as was known
    at `end`.

    Where an asset has readings, they say when it left; else events and repairs are too rare to tell.
    """
    until = (end - grid.start) / DAY
    heard = grid.rows[:, : max(math.ceil(until), 0)] > 0
    days = np.arange(heard.shape[1])
    any_heard = heard.any(axis=1)
    first = np.where(any_heard, heard.argmax(axis=1), 0).astype(np.float64)
    last_heard = np.where(any_heard, np.where(heard, days, -1).max(axis=1, initial=-1), np.inf)
    gone = last_heard + SILENT_AFTER_DAYS < until
    last = np.where(gone, last_heard + 1.0, np.inf)
    if not heard.any():
        first = _installed(history, grid)
    return first, _extended(last, history, grid)


def _extended(last: Doubles, history: History, grid: Grid) -> Doubles:
    """A repair after the last reading shows that the asset was still there."""
    closed = pl.coalesce("closed_at", pl.col("opened_at") + OUTCOME_AFTER)
    seen = days_by_asset(history.repairs.with_columns(closed.alias("closed")), "closed", grid)
    latest = np.array([seen[name][-1] if name in seen else -np.inf for name in grid.assets])
    found: Doubles = np.maximum(last, latest)
    return found


def days_by_asset(frame: pl.DataFrame, column: str, grid: Grid) -> dict[str, Doubles]:
    """Ascending days since the start of `grid`, by asset."""
    days = ((pl.col(column) - grid.start).dt.total_microseconds() / (DAY // timedelta(microseconds=1))).alias("day")
    table = frame.select("asset_id", days).drop_nulls().sort("asset_id", "day").group_by("asset_id").agg("day")
    return {name: np.array(values) for name, values in table.iter_rows()}
