"""Wide tables of readings, which can be large: typed at once, and cell by cell only where that fails."""

from pathlib import Path

import polars as pl

from anju_ml.cells import TIME, parse_as
from anju_ml.errors import ImportRefused
from anju_ml.tables import LINE, Findings, Schema, read_texts, refuse_rows, typed


def read_readings(path: Path, known: pl.Series, findings: Findings) -> pl.DataFrame:
    """asset_id, ts and one Float64 column a point; rows of assets that aren't among `known` are refused."""
    frame = _read_fast(path) if path.suffix == ".csv" else None
    if frame is None:
        frame = _read_carefully(path, findings)
    stray = ~frame["asset_id"].is_in(known.implode())
    reason = frame.select(
        pl.when(stray).then(pl.concat_str(pl.lit("asset "), "asset_id", pl.lit(" is not in assets"))).alias("reason")
    ).to_series()
    frame = refuse_rows(frame, reason, path.name, findings).drop(LINE)
    findings.rows[path.name] = len(frame)
    points = pl.col(pl.Float64)
    return frame.with_columns(pl.when(points.is_finite()).then(points))


def _read_fast(path: Path) -> pl.DataFrame | None:
    """The table when every cell is what it should be; None when any isn't."""
    data = path.read_bytes()
    if b'"' in data or not data.startswith(b"asset_id,ts,"):
        return None
    names = data[: data.find(b"\n")].decode("utf-8", "replace").strip().split(",")
    schema = dict.fromkeys(names, pl.Float64) | {"asset_id": pl.String, "ts": pl.String}
    try:
        frame = pl.read_csv(data, schema=schema)
    except pl.exceptions.PolarsError:
        return None
    ts = parse_as(frame["ts"], TIME)
    whole = data.count(b",") == (len(frame) + 1) * (len(names) - 1)
    if not whole or ts.null_count() or frame["asset_id"].null_count():
        return None
    return frame.with_columns(ts).with_row_index(LINE, offset=2)


def _read_carefully(path: Path, findings: Findings) -> pl.DataFrame:
    frame = read_texts(path, findings)
    points = [name for name in frame.columns if name not in ("asset_id", "ts", LINE)]
    if not points:
        raise ImportRefused(path.name, "no column of a point beside asset_id and ts")
    texts = {name for name in points if _is_text(frame[name])}
    if texts:
        findings.notes.append(f"{path.name}: columns without numbers left out: {', '.join(sorted(texts))}")
    kept: Schema = {"asset_id": pl.String, "ts": TIME}
    kept.update({name: pl.Float64 for name in points if name not in texts})
    return typed(frame.drop(texts), kept, ("asset_id", "ts"), path.name, findings)


def _is_text(column: pl.Series) -> bool:
    """True for a column in which nearly nothing is a number: a remark or a label, not a broken reading."""
    filled = column.drop_nulls()
    return len(filled) > 0 and parse_as(filled, pl.Float64).null_count() > 0.9 * len(filled)
