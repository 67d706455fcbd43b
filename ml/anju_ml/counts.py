"""Events, repairs and complaints as counts a day, by the day on which they became known."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from anju_ml.grid import DAY, Grid
from anju_ml.history import OUTCOME_AFTER, History
from anju_ml.layout import Layout

Counts = npt.NDArray[np.int32]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Tally:
    """What was recorded of some channels, ascending by asset; an item is a block of assets as counts [asset, day,
    channel]. Of a large fleet most of these would be zero."""

    shape: tuple[int, int, int]
    assets: Indices
    days: Indices
    channels: Indices

    def __getitem__(self, block: slice) -> Counts:
        first, stop, _ = block.indices(self.shape[0])
        own = slice(*np.searchsorted(self.assets, (first, stop)))
        out = np.zeros((*self.shape[1:], stop - first), np.int32)
        np.add.at(out, (self.days[own], self.channels[own], self.assets[own] - first), 1)
        return out.transpose(2, 0, 1)


@dataclass(frozen=True)
class Records:
    """Tallies by day. Repairs count on the day their outcome became known.

    `repairs` channels by component: corrective with a fault, preventive, without finding, replaced, reset (anything
    that may have changed the component); `visits` are the same five over all components; `opened`: repairs opened.
    """

    codes: Tally
    severities: Tally
    categories: Tally
    repairs: dict[str, Tally]
    visits: Tally
    opened: Tally


REPAIR_CHANNELS = ("corrective", "preventive", "no_finding", "replaced", "reset")
SEVERITIES = ("minor", "major", "critical")
_PLACES = {"asset_id": pl.String, "asset": pl.Int64}


def count_records(history: History, grid: Grid, layout: Layout) -> Records:
    events = history.events.filter(pl.col("state") != "clear")
    repairs = _flagged(history.repairs, stated=layout.states_findings)
    own = repairs.filter(pl.col("component").is_in(layout.components)).rename({"known_at": "ts"})
    told = pl.concat(own.filter(pl.col(name)).with_columns(pl.lit(name).alias("told")) for name in REPAIR_CHANNELS)
    opened = repairs.select("asset_id", pl.col("opened_at").alias("ts"), pl.lit("any").alias("any"))
    return Records(
        codes=_tally(events, "code", layout.codes, grid),
        severities=_tally(events, "severity", SEVERITIES, grid),
        categories=_tally(history.complaints, "category", layout.categories, grid),
        repairs={
            name: _tally(told.filter(pl.col("component") == name), "told", REPAIR_CHANNELS, grid)
            for name in layout.components
        },
        visits=_tally(told, "told", REPAIR_CHANNELS, grid),
        opened=_tally(opened, "any", ("any",), grid),
    )


def _flagged(repairs: pl.DataFrame, *, stated: bool) -> pl.DataFrame:
    corrective, action = pl.col("cause") == "corrective", pl.col("action").fill_null("")
    found = pl.col("fault_found")
    return repairs.with_columns(
        pl.coalesce("closed_at", pl.col("opened_at") + OUTCOME_AFTER).alias("known_at"),
        (corrective & found.fill_null(not stated)).alias("corrective"),
        (~corrective).alias("preventive"),
        (~found.fill_null(True)).alias("no_finding"),
        (action == "replace").alias("replaced"),
        (found.fill_null(True) & ~(action == "inspect")).alias("reset"),
    )


def _tally(frame: pl.DataFrame, column: str, values: tuple[str, ...], grid: Grid) -> Tally:
    """Rows of `frame` by asset, day of `ts` and value of `column`; whatever isn't among these is left out."""
    assets = pl.DataFrame({"asset_id": grid.assets, "asset": range(len(grid.assets))}, _PLACES)
    channels = pl.DataFrame({column: values, "channel": range(len(values))}, {column: pl.String, "channel": pl.Int64})
    day = (pl.col("ts") - grid.start).dt.total_microseconds() // (DAY // timedelta(microseconds=1))
    table = (
        frame.select("asset_id", column, day.alias("day"))
        .filter((pl.col("day") >= 0) & (pl.col("day") < grid.days))
        .join(channels, on=column)
        .join(assets, on="asset_id")
        .sort("asset")
    )
    found = (table[name].to_numpy() for name in ("asset", "day", "channel"))
    return Tally((len(grid.assets), grid.days, len(values)), *found)
