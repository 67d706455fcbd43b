"""Wide tables of readings, which can be large: typed at once, and cell by cell only where that fails."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import polars as pl

from anju_ml.cells import TIME, parse_as
from anju_ml.errors import ImportRefused
from anju_ml.sources import Source
from anju_ml.tables import LINE, Findings, Schema, typed, unlikely_year
from anju_ml.words import Words

KIND: Final = "__kind"
CHUNK_BYTES: Final = 1 << 24
ROWS_AT_ONCE: Final = 500_000
"""Of a large file: more would take the room of its empty cells, too."""


def read_readings(source: Source, words: Words, assets: pl.DataFrame, findings: Findings) -> list[pl.DataFrame]:
    """asset_id, ts and one Float64 column a point: a frame for each kind with the points that it has, so that a wide
    table of many kinds takes no more room than its numbers. Rows of assets that aren't in `assets` are refused."""
    parts = None
    if isinstance(source.place, Path):
        parts = _gather(_plain(source.place), assets)
    if parts is None:
        whole = _read_carefully(source.texts(words, findings, kinds={}), source.label, findings)
        parts = _gather(iter([whole]), assets)
        assert parts is not None
    findings.refuse(source.label, parts.lines, parts.reasons)
    findings.rows[source.label] = parts.rows
    return parts.frames()


@dataclass
class _Parts:
    """What was read of a file, by kind; `lines` that were refused and the `reasons`."""

    empty: pl.DataFrame = field(default_factory=pl.DataFrame)
    by_kind: dict[str, list[pl.DataFrame]] = field(default_factory=dict)
    lines: list[int] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    rows: int = 0

    def frames(self) -> list[pl.DataFrame]:
        """By kind, columns as the file has them; one without rows where there are none."""
        if not self.by_kind:
            return [self.empty]
        found = (pl.concat(parts, how="diagonal") for _, parts in sorted(self.by_kind.items()))
        return [frame.select(name for name in self.empty.columns if name in frame.columns) for frame in found]


def _gather(chunks: Iterator[pl.DataFrame | None], assets: pl.DataFrame) -> _Parts | None:
    """The chunks of a table by kind, each with the points that it has there; None where there is none, or where one
    isn't what it should be."""
    kinds = assets.select("asset_id", pl.col("kind").fill_null("").alias(KIND))
    out = _Parts()
    for chunk in chunks:
        if chunk is None:
            return None
        out.empty = chunk.clear().drop(LINE)
        placed = chunk.join(kinds, on="asset_id", how="left", maintain_order="left")
        text = pl.concat_str(pl.lit("asset "), "asset_id", pl.lit(" is not in assets"))
        stray = pl.when(pl.col(KIND).is_null()).then(text)
        reason = placed.select(pl.coalesce(stray, unlikely_year("ts")).alias("reason")).to_series()
        bad = reason.is_not_null()
        if bad.any():
            out.lines += placed.filter(bad)[LINE].to_list()
            out.reasons += reason.filter(bad).to_list()
            placed = placed.filter(~bad)
        out.rows += len(placed)
        for (kind,), rows in placed.drop(LINE).group_by(KIND, maintain_order=True):
            filled = [name for name in out.empty.columns if name in ("asset_id", "ts") or rows[name].count()]
            out.by_kind.setdefault(str(kind), []).append(_finite(rows.select(filled)))
    return out if out.empty.width else None


def _plain(path: Path) -> Iterator[pl.DataFrame | None]:
    """A file that is just what the format says, in parts; a None among them where it isn't."""
    return _csv_parts(path) if path.suffix == ".csv" else _parquet_parts(path)


def _finite(frame: pl.DataFrame) -> pl.DataFrame:
    """Infinite and undefined numbers are gaps."""
    points = [name for name, kind in frame.schema.items() if kind == pl.Float64]
    odd = [name for name in points if not frame[name].is_finite().all()]
    return frame.with_columns(pl.when(pl.col(name).is_finite()).then(pl.col(name)) for name in odd)


def _parquet_parts(path: Path) -> Iterator[pl.DataFrame | None]:
    """Of a Parquet table that already is what it should be."""
    try:
        table = pl.scan_parquet(path)
        schema = table.collect_schema()
        points = [name for name in schema if name not in ("asset_id", "ts", LINE)]
        typed_so = schema.get("asset_id") == pl.String and isinstance(schema.get("ts"), pl.Datetime)
        if not typed_so or not points or not all(schema[name].is_numeric() for name in points):
            yield None
            return
        read = table.select("asset_id", "ts", pl.col(points).cast(pl.Float64))
        yield from _batches(read)
    except (pl.exceptions.PolarsError, OSError):
        yield None


def _batches(table: pl.LazyFrame) -> Iterator[pl.DataFrame | None]:
    """Some rows at a time, with LINE and times as such; None for some of which an asset or a time is missing."""
    line = 2
    for part in table.collect_batches(chunk_size=ROWS_AT_ONCE, maintain_order=True):
        ts = parse_as(part["ts"], TIME)
        whole = not ts.null_count() and part["asset_id"].str.strip_chars().ne_missing("").all()
        whole = whole and not part["asset_id"].null_count()
        yield part.with_columns(ts).with_row_index(LINE, offset=line) if whole else None
        line += len(part)


def _csv_parts(path: Path) -> Iterator[pl.DataFrame | None]:
    """Of a CSV table of which every cell is what it should be."""
    separators = _separators(path)
    with path.open("rb") as file:
        header = file.readline()
    if separators is None or not header.startswith(b"asset_id,ts,"):
        yield None
        return
    names = header.decode("utf-8", "replace").strip().split(",")
    schema = dict.fromkeys(names, pl.Float64) | {"asset_id": pl.String, "ts": pl.String}
    rows = 0
    try:
        for part in _batches(pl.scan_csv(path, schema=schema)):
            rows += 0 if part is None else len(part)
            yield part
    except pl.exceptions.PolarsError:
        yield None
    if separators != (rows + 1) * (len(names) - 1):
        yield None


def _separators(path: Path) -> int | None:
    """How many commas a file has; None where cells are quoted, so that commas say nothing."""
    count = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            if b'"' in chunk:
                return None
            count += chunk.count(b",")
    return count


def _read_carefully(frame: pl.DataFrame, file: str, findings: Findings) -> pl.DataFrame:
    points = [name for name in frame.columns if name not in ("asset_id", "ts", LINE)]
    if not points:
        raise ImportRefused(file, "no column of a point beside asset_id and ts")
    texts = {name for name in points if _is_text(frame[name])}
    if texts:
        findings.notes.append(f"{file}: columns without numbers left out: {', '.join(sorted(texts))}")
    kept: Schema = {"asset_id": pl.String, "ts": TIME}
    kept.update({name: pl.Float64 for name in points if name not in texts})
    return typed(frame.drop(texts), kept, ("asset_id", "ts"), file, findings)


def _is_text(column: pl.Series) -> bool:
    """True for a column in which nearly nothing is a number: a remark or a label, not a broken reading."""
    if column.dtype.is_numeric():
        return False
    if column.dtype.is_nested() or column.dtype.is_temporal() or column.dtype == pl.Binary:
        return True
    filled = column.drop_nulls()
    return len(filled) > 0 and parse_as(filled, pl.Float64).null_count() > 0.9 * len(filled)
