"""Person-period rows: for each asset, component and origin, when it failed next and until when that is known."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from anju_ml.failures import MERGE_WITHIN, found_worn
from anju_ml.grid import DAY, Grid
from anju_ml.history import History
from anju_ml.service import days_by_asset, judgeable, observed_days
from anju_ml.windows import Origins

Doubles = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
SETTLE: Final = timedelta(days=2)
"""A failure that began less than this before the end may not be on record yet."""
WARM_UP_DAYS: Final = 7


@dataclass(frozen=True)
class Outcomes:
    """All [asset, origin], for one component. `fails_in`: days to the onset of its next failure (inf: none known);
    `known_for`: days for which that is known (censoring: end of the record, of the asset, or a preventive repair);
    `worn_in`: days to the next preventive visit that found it worn (inf: none known); `observed`: the asset is in
    service and watched at that origin; `recorded_for` [origin]: days to the end of the whole record."""

    fails_in: Doubles
    known_for: Doubles
    worn_in: Doubles
    observed: Flags
    recorded_for: Doubles

    def failed_within(self, days: float) -> Flags:
        return self.observed & (self.fails_in < days) & (self.fails_in <= self.known_for)

    def settled_for(self, days: float) -> Flags:
        """Whether the outcome over `days` is known: failed within them, or watched to their end. Origins too near the
        end of the record are left out, since of these only the failures would be known."""
        known = self.failed_within(days) | (self.known_for >= days)
        return self.observed & known & (self.recorded_for >= days)[None, :]

    def at(self, origins: Origins) -> "Outcomes":
        """The same at some of the origins, by position."""
        return Outcomes(
            self.fails_in[:, origins],
            self.known_for[:, origins],
            self.worn_in[:, origins],
            self.observed[:, origins],
            self.recorded_for[origins],
        )


def outcomes(
    history: History, failures: pl.DataFrame, grid: Grid, component: str, origins: Origins, *, end: datetime
) -> Outcomes:
    """What became of `component` after each origin, as far as was known at `end`."""
    own = failures.filter(pl.col("component") == component)
    onsets = days_by_asset(own, "onset", grid)
    closings = days_by_asset(own, "closed_at", grid)
    prevented = days_by_asset(renewals(history.repairs).filter(pl.col("component") == component), "opened_at", grid)
    worn = days_by_asset(found_worn(history.repairs).filter(pl.col("component") == component), "opened_at", grid)
    first, last = observed_days(history, grid, end=end)
    clear = judgeable(history, grid, component, origins)
    until = (end - SETTLE - grid.start) / DAY
    shape = (len(grid.assets), len(origins))
    fails_in, worn_in, known_for = np.full(shape, np.inf), np.full(shape, np.inf), np.empty(shape)
    busy = np.zeros(shape, np.bool_)
    at = origins.astype(np.float64)
    for row, name in enumerate(grid.assets):
        fails_in[row] = _next(onsets.get(name), at) - at
        worn_in[row] = _next(worn.get(name), at) - at
        limit = min(until, last[row])
        known_for[row] = np.minimum(limit, _next(prevented.get(name), at)) - at
        if name in onsets:
            busy[row] = _inside(onsets[name], closings[name], at)
    known_for = np.where(_ended_by(fails_in, known_for), until - at, known_for)
    observed = clear & (at[None, :] >= first[:, None] + WARM_UP_DAYS) & (at[None, :] <= last[:, None]) & ~busy
    return Outcomes(fails_in, known_for, worn_in, observed, until - at)


def _ended_by(fails_in: Doubles, known_for: Doubles) -> Flags:
    """Where it was the failure itself that ended the watch (the asset was taken out of service with it): that is no
    censoring, and the failure counts as one of an asset watched to the end of the record."""
    found: Flags = (fails_in <= known_for) & (known_for - fails_in <= MERGE_WITHIN / DAY)
    return found


def renewals(repairs: pl.DataFrame) -> pl.DataFrame:
    """Preventive work on components; an inspection alone changes nothing."""
    changed = (pl.col("action").fill_null("") != "inspect") & pl.col("fault_found").fill_null(True)
    return repairs.filter((pl.col("cause") == "preventive") & changed)


def _next(days: Doubles | None, at: Doubles) -> Doubles:
    """The first of `days` at or after each of `at`, inf where none is."""
    if days is None:
        return np.full(len(at), np.inf)
    return np.append(days, np.inf)[np.searchsorted(days, at, side="left")]


def _inside(starts: Doubles, stops: Doubles, at: Doubles) -> Flags:
    index = np.searchsorted(starts, at, side="right") - 1
    found: Flags = (index >= 0) & (at < np.maximum.accumulate(stops)[np.maximum(index, 0)])
    return found
