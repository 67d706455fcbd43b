"""Files of a history folder as frames: CSV or Parquet, every bad row with its line and reason."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import polars as pl
import polars.selectors as cs

from anju_ml.cells import parse_as
from anju_ml.errors import ImportRefused
from anju_ml.separated import Separated, decode_text, read_separated

LINE: Final = "__line"
LISTED: Final = 10_000
"""Refused rows of one file that are listed one by one; the others are counted in a last entry."""
YEARS: Final = (1990, 2099)
"""Of records; an asset may be older."""
OnBadRow = Literal["report", "stop"]
Schema = dict[str, pl.DataType | type[pl.DataType]]


@dataclass(frozen=True)
class RefusedRow:
    """`line` counts from 1 with the header (rows of Parquet count as if they had one); 0 is the whole file."""

    file: str
    line: int
    reason: str


@dataclass
class Findings:
    """What an import has noticed so far; `refuse` raises at once where bad rows shall stop it."""

    on_bad_row: OnBadRow = "report"
    refused: list[RefusedRow] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    attributes: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def refuse(self, file: str, lines: list[int], reasons: list[str]) -> None:
        if lines and self.on_bad_row == "stop":
            raise ImportRefused(f"{file}:{lines[0]}", reasons[0])
        listed = zip(lines[:LISTED], reasons[:LISTED], strict=True)
        self.refused += [RefusedRow(file, line, reason) for line, reason in listed]
        if len(lines) > LISTED:
            self.refused.append(RefusedRow(file, 0, f"{len(lines) - LISTED} more rows refused"))


def read_texts(path: Path, findings: Findings) -> pl.DataFrame:
    """The table of `path` with a column LINE; CSV cells stay text, Parquet cells keep their types.

    Empty cells and blank texts are null. CSV lines with too many or too few fields are refused here.
    """
    if path.suffix == ".parquet":
        return _read_parquet(path).with_row_index(LINE, offset=2)
    return _counted(read_separated(decode_text(path.read_bytes(), path), path), path.name, findings)


def _counted(found: Separated, file: str, findings: Findings) -> pl.DataFrame:
    """The rows with as many fields as the header has; the others are refused."""
    expected = f"the header has {len(found.header)} fields"
    findings.refuse(file, list(found.wrong), [f"{fields} fields where {expected}" for fields in found.wrong.values()])
    return found.frame.with_columns(pl.Series(LINE, found.lines, dtype=pl.Int64))


def _read_parquet(path: Path) -> pl.DataFrame:
    try:
        frame = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as exc:
        raise ImportRefused(path.name, f"not a readable Parquet file ({exc})") from exc
    text = cs.string()
    return frame.with_columns(pl.when(text.str.strip_chars() != "").then(text))


def typed(
    frame: pl.DataFrame, schema: Schema, required: tuple[str, ...], file: str, findings: Findings
) -> pl.DataFrame:
    """`frame` with the columns of `schema` typed and first; rows with a bad cell, or without a required one, are
    refused. Columns that aren't in `schema` stay as they are."""
    missing = [name for name in required if name not in frame.columns]
    if missing:
        there = ", ".join(name for name in frame.columns if name != LINE)
        raise ImportRefused(file, f"column {', '.join(missing)} is missing; the file has {there}"[:300])
    columns: list[pl.Series] = []
    reason = pl.Series("reason", [None] * len(frame), dtype=pl.String)
    for name, wanted in schema.items():
        raw = frame[name] if name in frame.columns else pl.Series(name, [None] * len(frame), dtype=pl.String)
        parsed = _parsed(raw, wanted, file).rename(name)
        reason = _worse(reason, name, raw, parsed, needed=name in required)
        columns.append(parsed)
    others = [frame[name] for name in frame.columns if name not in schema]
    kept = pl.DataFrame([*columns, *others])
    return refuse_rows(kept, reason, file, findings)


def _parsed(raw: pl.Series, wanted: pl.DataType | type[pl.DataType], file: str) -> pl.Series:
    try:
        return parse_as(raw, wanted)
    except pl.exceptions.PolarsError as exc:
        raise ImportRefused(file, f"column {raw.name} is of type {raw.dtype}, expected {wanted}") from exc


def unlikely_year(column: str) -> pl.Expr:
    """Why a time can't be right, or null: a year that no record of a machine has would stretch the whole history."""
    outside = ~pl.col(column).dt.year().is_between(*YEARS)
    text = pl.concat_str(
        pl.lit(f"{column} "), pl.col(column).dt.strftime("%Y-%m-%d"), pl.lit(f" is not within {YEARS[0]} to {YEARS[1]}")
    )
    return pl.when(outside).then(text)


def _worse(reason: pl.Series, name: str, raw: pl.Series, parsed: pl.Series, *, needed: bool) -> pl.Series:
    unread = parsed.is_null() & raw.is_not_null()
    told = pl.DataFrame({"reason": reason, "raw": raw.cast(pl.String), "unread": unread, "null": parsed.is_null()})
    text = pl.concat_str(pl.lit(f"{name} "), pl.col("raw").str.slice(0, 60).fill_null(""), pl.lit(" can't be read"))
    absent = pl.when(pl.col("null") & needed).then(pl.lit(f"{name} is empty"))
    fresh = pl.coalesce("reason", pl.when(pl.col("unread")).then(text), absent)
    return told.select(fresh.alias("reason")).to_series()


def refuse_rows(frame: pl.DataFrame, reason: pl.Series, file: str, findings: Findings) -> pl.DataFrame:
    """The rows of `frame` whose `reason` is null; the others are reported."""
    bad = reason.is_not_null()
    if bad.any():
        findings.refuse(file, frame.filter(bad)[LINE].to_list(), reason.filter(bad).to_list())
        return frame.filter(~bad)
    return frame
