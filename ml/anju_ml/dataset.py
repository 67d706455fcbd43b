"""Person-period rows: for each asset, component and origin, when it failed next and until when that is known."""

from dataclasses import dataclass
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
SETTLE: Final = timedelta(days=2)
"""A failure that began less than this before the end may not be on record yet."""
SILENT_AFTER_DAYS: Final = 21
"""An asset unheard for so long before the end has left observation at its last record."""
WARM_UP_DAYS: Final = 7


@dataclass(frozen=True)
class Outcomes:
    """All [asset, origin], for one component. `fails_in`: days to the onset of its next failure (inf: none known);
    `known_for`: days for which that is known (censoring: end of the record, of the asset, or a preventive repair);
    `observed`: the asset is in service and watched at that origin."""

    fails_in: Doubles
    known_for: Doubles
    observed: Flags

    def failed_within(self, days: float) -> Flags:
        return self.observed & (self.fails_in < days) & (self.fails_in <= self.known_for)

    def settled_for(self, days: float) -> Flags:
        """Whether the outcome over `days` is known: failed within them, or watched to their end."""
        return self.observed & (self.failed_within(days) | (self.known_for >= days))


def outcomes(
    history: History, failures: pl.DataFrame, grid: Grid, component: str, origins: Origins, *, end: datetime
) -> Outcomes:
    """What became of `component` after each origin, as far as was known at `end`."""
    own = failures.filter(pl.col("component") == component)
    onsets = _days_by_asset(own, "onset", grid)
    closings = _days_by_asset(own, "closed_at", grid)
    prevented = _days_by_asset(_preventive(history.repairs, component), "opened_at", grid)
    first, last = observed_days(history, grid, end=end)
    until = min((end - SETTLE - grid.start) / DAY, float(grid.days) + 1e6)
    shape = (len(grid.assets), len(origins))
    fails_in, known_for = np.full(shape, np.inf), np.empty(shape)
    busy = np.zeros(shape, np.bool_)
    at = origins.astype(np.float64)
    for row, name in enumerate(grid.assets):
        fails_in[row] = _next(onsets.get(name), at) - at
        limit = min(until, last[row])
        known_for[row] = np.minimum(limit, _next(prevented.get(name), at)) - at
        if name in onsets:
            busy[row] = _inside(onsets[name], closings[name], at)
    observed = (at[None, :] >= first[:, None] + WARM_UP_DAYS) & (at[None, :] <= last[:, None]) & ~busy
    return Outcomes(fails_in, known_for, observed)


def _preventive(repairs: pl.DataFrame, component: str) -> pl.DataFrame:
    """Preventive work on the component; an inspection alone changes nothing."""
    changed = (pl.col("action").fill_null("") != "inspect") & pl.col("fault_found").fill_null(True)
    return repairs.filter((pl.col("component") == component) & (pl.col("cause") == "preventive") & changed)


def _days_by_asset(frame: pl.DataFrame, column: str, grid: Grid) -> dict[str, Doubles]:
    """Ascending days since the start of `grid`, by asset."""
    days = ((pl.col(column) - grid.start).dt.total_microseconds() / (DAY // timedelta(microseconds=1))).alias("day")
    table = frame.select("asset_id", days).drop_nulls().sort("asset_id", "day").group_by("asset_id").agg("day")
    return {name: np.array(values) for name, values in table.iter_rows()}


def _next(days: Doubles | None, at: Doubles) -> Doubles:
    """The first of `days` at or after each of `at`, inf where none is."""
    if days is None:
        return np.full(len(at), np.inf)
    return np.append(days, np.inf)[np.searchsorted(days, at, side="left")]


def _inside(starts: Doubles, stops: Doubles, at: Doubles) -> Flags:
    index = np.searchsorted(starts, at, side="right") - 1
    found: Flags = (index >= 0) & (at < np.maximum.accumulate(stops)[np.maximum(index, 0)])
    return found


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


def _extended(last: Doubles, history: History, grid: Grid) -> Doubles:
    """A repair after the last reading shows that the asset was still there."""
    closed = pl.coalesce("closed_at", pl.col("opened_at") + OUTCOME_AFTER)
    seen = _days_by_asset(history.repairs.with_columns(closed.alias("closed")), "closed", grid)
    latest = np.array([seen[name][-1] if name in seen else -np.inf for name in grid.assets])
    found: Doubles = np.maximum(last, latest)
    return found
