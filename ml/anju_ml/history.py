"""The records of a community as EVALUATION defines them, in polars frames, and what of them was known when."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import polars as pl

from anju_ml.cells import TIME
from anju_ml.errors import ImportRefused
from anju_ml.readings import read_readings
from anju_ml.sources import Source, find_sources
from anju_ml.tables import LINE, Findings, OnBadRow, RefusedRow, Schema, refuse_rows, typed, unlikely_year
from anju_ml.words import Words, read_words

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
VALUES: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "events": {"state": ("raise", "clear", "momentary")},
    "repairs": {"cause": ("corrective", "preventive"), "action": ("replace", "repair", "adjust", "inspect")},
}
OUTCOME_AFTER: Final = timedelta(hours=24)
"""When the outcome of a repair without closing time is taken to be known, counted from its opening."""


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


def read_history(
    folder: Path, *, on_bad_row: OnBadRow = "report", words: Words | None = None
) -> tuple[History, ImportReport]:
    """The history of a folder of CSV or Parquet files (readings may be several: `readings*.csv`, or files in a
    folder `readings`) or Excel workbooks; `words` explains books that are kept in other words (default: the table of
    this package). Raises ImportRefused for what can't be used at all, and with `on_bad_row="stop"` for the first bad
    row."""
    if not folder.is_dir():
        raise ImportRefused(str(folder), "no such folder")
    reader = _Reader(folder, words or read_words(), Findings(on_bad_row))
    assets = reader.table("assets", ASSETS)
    if assets is None:
        raise ImportRefused("assets", f"no assets.csv, assets.parquet or workbook of assets in {folder}")
    reader.know(assets)
    repairs = reader.table("repairs", REPAIRS)
    if repairs is None:
        raise ImportRefused("repairs", f"no repairs.csv, repairs.parquet or workbook of repairs in {folder}")
    events = reader.table("events", EVENTS)
    complaints = reader.table("complaints", COMPLAINTS)
    readings = reader.readings()
    if events is None and not readings:
        raise ImportRefused("readings", f"neither readings nor events in {folder}")
    history = History(
        assets=assets,
        readings=readings,
        events=empty(EVENTS) if events is None else events,
        repairs=repairs,
        complaints=empty(COMPLAINTS) if complaints is None else complaints,
    ).tidy()
    return history, reader.report()


class _Reader:
    """Reads the tables of one folder; what it notices gathers in `findings`."""

    def __init__(self, folder: Path, words: Words, findings: Findings) -> None:
        self._words = words
        self._findings = findings
        self._sources = find_sources(folder, words)
        self._assets: pl.DataFrame | None = None
        self._kinds: dict[str, str] = {}

    def know(self, assets: pl.DataFrame) -> None:
        """Rows of other assets are refused from now on."""
        self._assets, self._kinds = assets, dict(assets.select("asset_id", "kind").iter_rows())

    def table(self, name: str, schema: Schema) -> pl.DataFrame | None:
        """All rows of a table; None where there is no source of it."""
        frames = [self._read(source, schema) for source in self._sources.get(name, [])]
        if not frames:
            return None
        joined = frames[0] if len(frames) == 1 else pl.concat(frames, how="diagonal_relaxed")
        return joined.unique("asset_id", keep="first", maintain_order=True) if name == "assets" else joined

    def readings(self) -> tuple[pl.DataFrame, ...]:
        assert self._assets is not None
        return tuple(
            part
            for source in self._sources.get("readings", [])
            for part in read_readings(source, self._words, self._assets, self._findings)
        )

    def report(self) -> ImportReport:
        found = self._findings
        return ImportReport(found.rows, tuple(found.refused), found.attributes, tuple(found.notes))

    def _read(self, source: Source, schema: Schema) -> pl.DataFrame:
        name, file, findings = source.table, source.label, self._findings
        frame = source.texts(self._words, findings, kinds=self._kinds)
        for column, default in DEFAULTS[name].items():
            if column not in frame.columns:
                findings.notes.append(f"{file}: no column {column}; taken as {default!r}")
                frame = frame.with_columns(pl.lit(default).alias(column))
        frame = typed(frame, schema, REQUIRED[name], file, findings)
        frame = frame.with_columns(pl.col(column).fill_null(default) for column, default in DEFAULTS[name].items())
        frame = _valued(frame, name, file, findings)
        known = None if self._assets is None else self._assets["asset_id"]
        frame = refuse_rows(frame, _stray(frame, name, known), file, findings).drop(LINE)
        findings.rows[file] = len(frame)
        further = tuple(column for column in frame.columns if column not in schema)
        if further:
            findings.attributes[file] = further
        return _numeric_attributes(frame, further)


def _valued(frame: pl.DataFrame, name: str, file: str, findings: Findings) -> pl.DataFrame:
    """`frame` with values that the format knows written as it has them; others stay as they are and are told."""
    for column, known in VALUES.get(name, {}).items():
        plain = frame[column].str.strip_chars().str.to_lowercase()
        frame = frame.with_columns(pl.when(plain.is_in(known)).then(plain).otherwise(column).alias(column))
        strange = frame.filter(~pl.col(column).is_in(known))[column]
        if len(strange):
            findings.notes.append(
                f"{file}: {column} {strange[0]!r} ({len(strange)} rows with such); expected {' or '.join(known)}"
            )
    return frame


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
    reasons += [unlikely_year(column) for column, kind in frame.schema.items() if kind == TIME]
    reasons.append(pl.lit(None, dtype=pl.String))
    return frame.select(pl.coalesce(reasons).alias("reason")).to_series()


def _numeric_attributes(frame: pl.DataFrame, names: tuple[str, ...]) -> pl.DataFrame:
    """Attribute columns that hold numbers only, as numbers."""
    texts = [name for name in names if frame[name].dtype == pl.String]
    numbers = {name: frame[name].str.strip_chars().cast(pl.Float64, strict=False) for name in texts}
    return frame.with_columns(
        numbers[name].alias(name) for name in texts if numbers[name].null_count() == frame[name].null_count()
    )
