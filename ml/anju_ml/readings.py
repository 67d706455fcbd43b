"""Wide tables of readings, which can be large: typed at once, and cell by cell only where that fails."""

from pathlib import Path
from typing import Final

import polars as pl

from anju_ml.cells import TIME, parse_as
from anju_ml.errors import ImportRefused
from anju_ml.sources import Source
from anju_ml.tables import LINE, Findings, Schema, read_texts, refuse_rows, typed, unlikely_year
from anju_ml.words import Words

CHUNK_BYTES: Final = 1 << 24


def read_readings(source: Source, words: Words, assets: pl.DataFrame, findings: Findings) -> list[pl.DataFrame]:
    """asset_id, ts and one Float64 column a point: a frame for each kind with the points that it has, so that a wide
    table of many kinds takes no more room than its numbers. Rows of assets that aren't in `assets` are refused."""
    frame = _read_plain(source.place) if isinstance(source.place, Path) else None
    if frame is None:
        frame = _read_carefully(source.texts(words, findings, kinds={}), source.label, findings)
    stray = ~pl.col("asset_id").is_in(assets["asset_id"].implode())
    text = pl.concat_str(pl.lit("asset "), "asset_id", pl.lit(" is not in assets"))
    reason = frame.select(pl.coalesce(pl.when(stray).then(text), unlikely_year("ts")).alias("reason")).to_series()
    frame = refuse_rows(frame, reason, source.label, findings).drop(LINE)
    findings.rows[source.label] = len(frame)
    return [_finite(part) for part in _by_kind(frame, assets)]


def _read_plain(path: Path) -> pl.DataFrame | None:
    """A file that is just what the format says, read at once; None where it isn't."""
    return _read_fast(path) if path.suffix == ".csv" else _read_typed(path)


def _by_kind(frame: pl.DataFrame, assets: pl.DataFrame) -> list[pl.DataFrame]:
    present = assets.filter(pl.col("asset_id").is_in(frame["asset_id"].unique().implode()))
    kinds = present["kind"].unique().sort().to_list()
    if len(kinds) < 2:
        return [frame]
    parts = []
    for kind in kinds:
        members = present.filter(pl.col("kind") == kind)["asset_id"].implode()
        part = frame.filter(pl.col("asset_id").is_in(members))
        parts.append(part.select(name for name in part.columns if part[name].count()))
    return parts


def _finite(frame: pl.DataFrame) -> pl.DataFrame:
    """Infinite and undefined numbers are gaps."""
    points = [name for name, kind in frame.schema.items() if kind == pl.Float64]
    odd = [name for name in points if not frame[name].is_finite().all()]
    return frame.with_columns(pl.when(pl.col(name).is_finite()).then(pl.col(name)) for name in odd)


def _read_typed(path: Path) -> pl.DataFrame | None:
    """A Parquet table that already is what it should be; None where it isn't."""
    frame = read_texts(path, Findings())
    others = [name for name in frame.columns if name not in ("asset_id", "ts", LINE)]
    typed_so = frame.schema.get("asset_id") == pl.String and isinstance(frame.schema.get("ts"), pl.Datetime)
    if not typed_so or not others or not all(frame[name].dtype.is_numeric() for name in others):
        return None
    if frame["asset_id"].null_count() or frame["ts"].null_count():
        return None
    return frame.select("asset_id", parse_as(frame["ts"], TIME), pl.col(others).cast(pl.Float64), LINE)


def _read_fast(path: Path) -> pl.DataFrame | None:
    """A CSV table when every cell is what it should be; None when any isn't."""
    separators = _separators(path)
    with path.open("rb") as file:
        header = file.readline()
    if separators is None or not header.startswith(b"asset_id,ts,"):
        return None
    names = header.decode("utf-8", "replace").strip().split(",")
    schema = dict.fromkeys(names, pl.Float64) | {"asset_id": pl.String, "ts": pl.String}
    try:
        frame = pl.read_csv(path, schema=schema)
    except pl.exceptions.PolarsError:
        return None
    ts = parse_as(frame["ts"], TIME)
    whole = separators == (len(frame) + 1) * (len(names) - 1)
    if not whole or ts.null_count() or frame["asset_id"].null_count():
        return None
    return frame.with_columns(ts).with_row_index(LINE, offset=2)


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
