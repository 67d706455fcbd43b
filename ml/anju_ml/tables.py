"""Files of a history folder as frames: CSV or Parquet, every bad row with its line and reason."""

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import polars as pl

from anju_ml.cells import parse_as
from anju_ml.errors import ImportRefused

LINE: Final = "__line"
LISTED: Final = 10_000
"""Refused rows of one file that are listed one by one; the others are counted in a last entry."""
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

    Empty cells are null. CSV lines with too many or too few fields are refused here.
    """
    if path.suffix == ".parquet":
        return _read_parquet(path).with_row_index(LINE, offset=2)
    text = decode_text(path.read_bytes(), path)
    header, wrong = _check_fields(text)
    kept = text
    if wrong:
        expected = f"the header has {header} fields"
        findings.refuse(path.name, list(wrong), [f"{found} fields where {expected}" for found in wrong.values()])
        kept = "".join(line for number, line in enumerate(text.splitlines(keepends=True), 1) if number not in wrong)
    frame = _parse_csv(kept, path)
    gone = pl.Series(sorted(wrong), dtype=pl.Int64)
    lines = pl.int_range(2, 2 + len(frame) + len(gone), dtype=pl.Int64, eager=True)
    lines = lines.filter(~lines.is_in(gone.implode())) if len(gone) else lines
    return frame.with_columns(lines.head(len(frame)).alias(LINE))


def _read_parquet(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as exc:
        raise ImportRefused(path.name, f"not a readable Parquet file ({exc})") from exc


def _parse_csv(text: str, path: Path) -> pl.DataFrame:
    try:
        frame = pl.read_csv(io.BytesIO(text.encode()), infer_schema=False)
    except pl.exceptions.PolarsError as exc:
        raise ImportRefused(path.name, f"not a readable CSV file ({exc})") from exc
    return frame.rename({name: name.strip().lstrip("\ufeff") for name in frame.columns}).with_columns(
        pl.all().replace("", None)
    )


def decode_text(data: bytes, path: Path) -> str:
    """UTF-8, with or without a byte order mark, or GB 18030 as spreadsheets in China write it; line ends as \\n."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
        except UnicodeDecodeError:
            continue
    raise ImportRefused(path.name, "neither UTF-8 nor GB 18030 text")


def _check_fields(text: str) -> tuple[int, dict[int, int]]:
    """How many fields the header has, and for each line with another count: line number to count.

    Lines of files with quoted cells are not counted: a quoted cell may hold separators and line ends.
    """
    lines = pl.Series(text.rstrip("\n").split("\n"))
    counts = lines.str.count_matches(",", literal=True) + 1
    header = int(counts[0])
    if '"' in text:
        return header, {}
    wrong = (counts != header).arg_true()
    return header, {int(index) + 1: int(counts[index]) for index in wrong.to_list()}


def typed(
    frame: pl.DataFrame, schema: Schema, required: tuple[str, ...], file: str, findings: Findings
) -> pl.DataFrame:
    """`frame` with the columns of `schema` typed and first; rows with a bad cell, or without a required one, are
    refused. Columns that aren't in `schema` stay as they are."""
    missing = [name for name in required if name not in frame.columns]
    if missing:
        raise ImportRefused(file, f"column {', '.join(missing)} is missing")
    columns: list[pl.Series] = []
    reason = pl.Series("reason", [None] * len(frame), dtype=pl.String)
    for name, wanted in schema.items():
        raw = frame[name] if name in frame.columns else pl.Series(name, [None] * len(frame), dtype=pl.String)
        parsed = parse_as(raw, wanted).rename(name)
        reason = _worse(reason, name, raw, parsed, needed=name in required)
        columns.append(parsed)
    others = [frame[name] for name in frame.columns if name not in schema]
    kept = pl.DataFrame([*columns, *others])
    return refuse_rows(kept, reason, file, findings)


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
