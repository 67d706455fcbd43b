"""The records of a community as EVALUATION defines them, in polars frames, and what of them was known when."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal

import polars as pl

TIME: Final = pl.Datetime("us", "UTC")
ASSETS: Final = {"asset_id": pl.String, "kind": pl.String, "model": pl.String, "installed_on": pl.Date}
EVENTS: Final = {
    "asset_id": pl.String,
    "ts": TIME,
    "code": pl.String,
    "severity": pl.String,
    "state": pl.String,
}
REPAIRS: Final = {
    "asset_id": pl.String,
    "opened_at": TIME,
    "closed_at": TIME,
    "component": pl.String,
    "action": pl.String,
    "cause": pl.String,
    "fault_code": pl.String,
    "fault_found": pl.Boolean,
}
COMPLAINTS: Final = {"asset_id": pl.String, "ts": TIME, "category": pl.String}
OUTCOME_AFTER: Final = timedelta(hours=24)
"""When the outcome of a repair without closing time is taken to be known, counted from its opening."""


@dataclass(frozen=True)
class RefusedRow:
    """`line` counts from 1 with the header; 0 means the whole file."""

    file: str
    line: int
    reason: str


@dataclass(frozen=True)
class ImportReport:
    """`rows`: file to rows read; `attributes`: file to the unknown columns that were kept; `notes`: what was
    guessed."""

    rows: dict[str, int]
    refused: tuple[RefusedRow, ...] = ()
    attributes: dict[str, tuple[str, ...]] | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class History:
    """Columns as in the constants above; `assets` may hold further attribute columns. Each frame of `readings`
    is wide: asset_id, ts, then one Float64 column a point, at any cadence. A gap is null, never zero."""

    assets: pl.DataFrame
    readings: tuple[pl.DataFrame, ...]
    events: pl.DataFrame
    repairs: pl.DataFrame
    complaints: pl.DataFrame

    def known_at(self, as_of: datetime) -> "History":
        """What was recorded before `as_of`. Of a repair still open then, only its asset, opening and cause
        remain: what was wrong and what was done is not known yet."""
        known = pl.coalesce("closed_at", pl.col("opened_at") + OUTCOME_AFTER) < as_of
        hidden = [name for name in self.repairs.columns if name not in ("asset_id", "opened_at", "cause")]
        return History(
            assets=self.assets,
            readings=tuple(frame.filter(pl.col("ts") < as_of) for frame in self.readings),
            events=self.events.filter(pl.col("ts") < as_of),
            repairs=self.repairs.filter(pl.col("opened_at") < as_of).with_columns(
                pl.when(known).then(pl.col(name)).otherwise(None).alias(name) for name in hidden
            ),
            complaints=self.complaints.filter(pl.col("ts") < as_of),
        )


def read_history(folder: Path, *, on_bad_row: Literal["report", "stop"] = "report") -> tuple[History, ImportReport]:
    """The history of a folder of CSV or Parquet files. Raises ImportRefused for what can't be used at all, and
    for the first bad row with `on_bad_row="stop"`."""
    raise NotImplementedError
