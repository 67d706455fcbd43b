"""The records of a community as EVALUATION defines them, in polars frames, and what of them was known when."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import polars as pl

from anju_ml.cells import TIME
from anju_ml.errors import ImportRefused
from anju_ml.readings import read_readings
from anju_ml.tables import LINE, Findings, OnBadRow, RefusedRow, Schema, read_texts, refuse_rows, typed

__all__ = ["History", "ImportReport", "RefusedRow", "empty", "read_history"]

ASSETS: Final[Schema] = {"asset_id": pl.String, "kind": pl.String, "model": pl.String, "installed_on": pl.Date}
EVENTS: Final[Schema] = {
    "asset_id": pl.String,
    "ts": TIME,
    "code": pl.String,
    "severity": pl.String,
    "state": pl.String,
}
REPAIRS: Final[Schema] = {
    "asset_id": pl.String,
    "opened_at": TIME,
    "closed_at": TIME,
    "component": pl.String,
    "action": pl.String,
    "cause": pl.String,
    "fault_code": pl.String,
    "fault_found": pl.Boolean,
}
COMPLAINTS: Final[Schema] = {"asset_id": pl.String, "ts": TIME, "category": pl.String}
REQUIRED: Final = {
    "assets": ("asset_id",),
    "events": ("asset_id", "ts", "code"),
    "repairs": ("asset_id", "opened_at", "component"),
    "complaints": ("asset_id", "ts"),
}
DEFAULTS: Final = {
    "assets": {"kind": "asset", "model": ""},
    "events": {"severity": "minor", "state": "momentary"},
    "repairs": {"cause": "corrective"},
    "complaints": {"category": ""},
}
OUTCOME_AFTER: Final = timedelta(hours=24)
"""When the outcome of a repair without closing time is taken to be known, counted from its opening."""
_SUFFIXES: Final = (".parquet", ".csv")


@dataclass(frozen=True)
class ImportReport:
    """`rows`: file to rows read; `attributes`: file to the unknown columns that were kept; `notes`: what was
    guessed or left out."""

    rows: dict[str, int] = field(default_factory=dict)
    refused: tuple[RefusedRow, ...] = ()
    attributes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class History:
    """Columns as in the constants above; every frame may hold further attribute columns. Each frame of `readings`
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
        return replace(
            self,
            readings=tuple(_before(frame, as_of) for frame in self.readings),
            events=self.events.filter(pl.col("ts") < as_of),
            repairs=self.repairs.filter(pl.col("opened_at") < as_of).with_columns(
                pl.when(known).then(pl.col(name)).otherwise(None).alias(name) for name in hidden
            ),
            complaints=self.complaints.filter(pl.col("ts") < as_of),
        )

    def tidy(self) -> "History":
        """The same records in one order, each once: whatever order and however often they came."""
        return replace(
            self,
            assets=self.assets.unique("asset_id", keep="first", maintain_order=True).sort("asset_id"),
            events=self.events.unique(list(EVENTS)).sort(["asset_id", "ts", "code", "state", "severity"]),
            repairs=self.repairs.unique(list(REPAIRS)).sort(list(REPAIRS), nulls_last=True),
            complaints=self.complaints.unique(list(COMPLAINTS)).sort(["asset_id", "ts", "category"]),
        )

    def span(self) -> tuple[datetime, datetime] | None:
        """The first and the last moment of any record; None for a history without any."""
        columns = [(frame, "ts") for frame in (*self.readings, self.events, self.complaints)]
        columns += [(self.repairs, "opened_at"), (self.repairs, "closed_at")]
        moments = [at for frame, name in columns for at in (frame[name].min(), frame[name].max()) if at is not None]
        found = [at for at in moments if isinstance(at, datetime)]
        return (min(found), max(found)) if found else None


def _before(frame: pl.DataFrame, as_of: datetime) -> pl.DataFrame:
    """`frame` itself, not a copy, where everything lies before."""
    last = frame["ts"].max()
    return frame if isinstance(last, datetime) and last < as_of else frame.filter(pl.col("ts") < as_of)


def empty(schema: Schema) -> pl.DataFrame:
    return pl.DataFrame(schema=schema)


def read_history(folder: Path, *, on_bad_row: OnBadRow = "report") -> tuple[History, ImportReport]:
    """The history of a folder of CSV or Parquet files (readings may be several: `readings*.csv`, or files in a
    folder `readings`). Raises ImportRefused for what can't be used at all, and with `on_bad_row="stop"` for the
    first bad row."""
    if not folder.is_dir():
        raise ImportRefused(str(folder), "no such folder")
    findings = Findings(on_bad_row)
    assets = _read(folder, "assets", ASSETS, findings)
    if assets is None:
        raise ImportRefused("assets", f"no assets.csv or assets.parquet in {folder}")
    known = assets["asset_id"]
    repairs = _read(folder, "repairs", REPAIRS, findings, known)
    if repairs is None:
        raise ImportRefused("repairs", f"no repairs.csv or repairs.parquet in {folder}")
    events = _read(folder, "events", EVENTS, findings, known)
    complaints = _read(folder, "complaints", COMPLAINTS, findings, known)
    readings = tuple(part for path in _reading_files(folder) for part in read_readings(path, assets, findings))
    if events is None and not readings:
        raise ImportRefused("readings", f"neither readings nor events in {folder}")
    history = History(
        assets=assets,
        readings=readings,
        events=empty(EVENTS) if events is None else events,
        repairs=repairs,
        complaints=empty(COMPLAINTS) if complaints is None else complaints,
    ).tidy()
    report = ImportReport(findings.rows, tuple(findings.refused), findings.attributes, tuple(findings.notes))
    return history, report


def _find(folder: Path, name: str) -> Path | None:
    return next((path for suffix in _SUFFIXES if (path := folder / f"{name}{suffix}").is_file()), None)


def _reading_files(folder: Path) -> list[Path]:
    found = [*folder.glob("readings*"), *folder.glob("readings/*")]
    return sorted(path for path in found if path.is_file() and path.suffix in _SUFFIXES)


def _read(
    folder: Path, name: str, schema: Schema, findings: Findings, known: pl.Series | None = None
) -> pl.DataFrame | None:
    path = _find(folder, name)
    if path is None:
        return None
    frame = read_texts(path, findings)
    for column, default in DEFAULTS[name].items():
        if column not in frame.columns:
            findings.notes.append(f"{path.name}: no column {column}; taken as {default!r}")
            frame = frame.with_columns(pl.lit(default).alias(column))
    frame = typed(frame, schema, REQUIRED[name], path.name, findings)
    frame = frame.with_columns(pl.col(column).fill_null(default) for column, default in DEFAULTS[name].items())
    frame = refuse_rows(frame, _stray(frame, name, known), path.name, findings).drop(LINE)
    findings.rows[path.name] = len(frame)
    further = tuple(column for column in frame.columns if column not in schema)
    if further:
        findings.attributes[path.name] = further
    return _numeric_attributes(frame, further)


def _stray(frame: pl.DataFrame, name: str, known: pl.Series | None) -> pl.Series:
    """Why a row that can be read is of no use all the same, or null."""
    reasons: list[pl.Expr] = []
    if known is not None:
        missing = ~pl.col("asset_id").is_in(known.implode())
        text = pl.concat_str(pl.lit("asset "), "asset_id", pl.lit(" is not in assets"))
        reasons.append(pl.when(missing).then(text))
    if name == "repairs":
        reasons.append(pl.when(pl.col("closed_at") < pl.col("opened_at")).then(pl.lit("closed before it was opened")))
    if name == "assets":
        text = pl.concat_str(pl.lit("asset "), "asset_id", pl.lit(" stands here twice"))
        reasons.append(pl.when(~pl.col("asset_id").is_first_distinct()).then(text))
    reasons.append(pl.lit(None, dtype=pl.String))
    return frame.select(pl.coalesce(reasons).alias("reason")).to_series()


def _numeric_attributes(frame: pl.DataFrame, names: tuple[str, ...]) -> pl.DataFrame:
    """Attribute columns that hold numbers only, as numbers."""
    texts = [name for name in names if frame[name].dtype == pl.String]
    numbers = {name: frame[name].str.strip_chars().cast(pl.Float64, strict=False) for name in texts}
    return frame.with_columns(
        numbers[name].alias(name) for name in texts if numbers[name].null_count() == frame[name].null_count()
    )
