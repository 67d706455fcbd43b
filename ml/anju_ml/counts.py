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


@dataclass(frozen=True)
class Records:
    """Counts [asset, day, channel]. Repairs count on the day their outcome became known.

    `repairs` channels by component: corrective with a fault, preventive, without finding, replaced, reset (anything
    that may have changed the component); `visits` are the same five over all components; `opened`: repairs opened.
    """

    codes: Counts
    severities: Counts
    categories: Counts
    repairs: dict[str, Counts]
    visits: Counts
    opened: Counts


REPAIR_CHANNELS = ("corrective", "preventive", "no_finding", "replaced", "reset")
SEVERITIES = ("minor", "major", "critical")


def count_records(history: History, grid: Grid, layout: Layout) -> Records:
    events = history.events.filter(pl.col("state") != "clear")
    repairs = _flagged(history.repairs, stated=layout.states_findings)
    known = repairs.filter(pl.col("component").is_not_null()).rename({"known_at": "ts"})
    channels = {name: known.filter(pl.col(name)) for name in REPAIR_CHANNELS}
    by_component = {name: _by_value(frame, "component", layout.components, grid) for name, frame in channels.items()}
    return Records(
        codes=_by_value(events, "code", layout.codes, grid),
        severities=_by_value(events, "severity", SEVERITIES, grid),
        categories=_by_value(history.complaints, "category", layout.categories, grid),
        repairs={
            component: np.stack([by_component[name][:, :, index] for name in REPAIR_CHANNELS], axis=2)
            for index, component in enumerate(layout.components)
        },
        visits=np.stack([by_component[name].sum(axis=2, dtype=np.int32) for name in REPAIR_CHANNELS], axis=2),
        opened=_by_value(
            repairs.with_columns(pl.lit("any").alias("any"), pl.col("opened_at").alias("ts")), "any", ("any",), grid
        ),
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


def _by_value(frame: pl.DataFrame, column: str, values: tuple[str, ...], grid: Grid) -> Counts:
    """Rows of `frame` by asset, day of `ts` and value of `column`; whatever isn't among these is left out."""
    out: Counts = np.zeros((len(grid.assets), grid.days, len(values)), np.int32)
    day = ((pl.col("ts") - grid.start).dt.total_microseconds() // (DAY // timedelta(microseconds=1))).alias("day")
    table = (
        frame.select("asset_id", pl.col(column).alias("value"), day)
        .filter((pl.col("day") >= 0) & (pl.col("day") < grid.days))
        .filter(pl.col("asset_id").is_in(list(grid.assets)) & pl.col("value").is_in(list(values)))
    )
    if len(table):
        assets = {name: i for i, name in enumerate(grid.assets)}
        channels = {name: i for i, name in enumerate(values)}
        index = (
            table["asset_id"].replace_strict(assets, return_dtype=pl.Int64).to_numpy(),
            table["day"].to_numpy(),
            table["value"].replace_strict(channels, return_dtype=pl.Int64).to_numpy(),
        )
        np.add.at(out, index, 1)
    return out
