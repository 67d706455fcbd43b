"""When a component can be judged at all: its asset in service and heard of, no repair under way or just done."""

from datetime import datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

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


def judgeable(history: History, grid: Grid, component: str, origins: Origins) -> Flags:
    """[asset, origin]: the asset is in service, no corrective repair of it is under way, and the component wasn't
    repaired in the last days, nor since the asset was last heard of."""
    out = in_service(history, grid, origins)
    at = origins.astype(np.float64)
    repairs = _repairs(history, grid, component)
    assets, opened, known = (repairs[name].to_numpy() for name in ("asset", "opened", "known"))
    corrective, own = repairs["corrective"].to_numpy()[:, None], repairs["own"].to_numpy()[:, None]
    under_way = corrective & (at >= opened[:, None]) & (at < known[:, None])
    settling = own & (at >= known[:, None]) & (at < _settled(grid, assets, known)[:, None])
    rows, columns = np.nonzero(under_way | settling)
    out[assets[rows], columns] = False
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
    """[asset, origin]: whether an asset had been heard of by then, and not so long ago that it must have left."""
    heard = grid.rows > 0
    if not heard.any():
        known: Flags = np.greater(origins[None, :], _first_records(history, grid)[:, None])
        return known
    since = days_since(grid.rows[:, :, None], origins)[:, :, 0]
    never: Flags = np.asarray(~heard.any(axis=1))
    recent: Flags = (since <= SILENT_AFTER_DAYS) | never[:, None]
    return recent


def _first_records(history: History, grid: Grid) -> Doubles:
    """The day of each asset's first event, repair or complaint; the start of the grid where it has none."""
    named = {name: index for index, name in enumerate(grid.assets)}
    out = np.zeros(len(grid.assets))
    frames = [history.events.select("asset_id", "ts"), history.complaints.select("asset_id", "ts")]
    frames.append(history.repairs.select("asset_id", pl.col("opened_at").alias("ts")))
    installed = history.assets.select("asset_id", pl.col("installed_on").cast(pl.Datetime("us", "UTC")).alias("ts"))
    started = pl.concat(frames).group_by("asset_id").agg(pl.col("ts").min())
    for name, at in started.join(installed, on="asset_id", how="left").select("asset_id", "ts_right").iter_rows():
        if at is not None and name in named:
            out[named[name]] = max((at - grid.start) / DAY, 0.0)
    return out


def observed_days(history: History, grid: Grid, *, end: datetime) -> tuple[Doubles, Doubles]:
    """For each asset the day of its first record and of its last (inf while it is still heard of).

    Where an asset has readings, they say when it left; else events and repairs are too rare to tell.
    """
    heard = grid.rows > 0
    days = np.arange(grid.days)
    any_heard = heard.any(axis=1)
    first = np.where(any_heard, heard.argmax(axis=1), 0).astype(np.float64)
    last_heard = np.where(any_heard, np.where(heard, days, -1).max(axis=1, initial=-1), np.inf)
    until = (end - grid.start) / DAY
    gone = last_heard + SILENT_AFTER_DAYS < until
    last = np.where(gone, last_heard + 1.0, np.inf)
    if not heard.any():
        first = _first_records(history, grid)
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
