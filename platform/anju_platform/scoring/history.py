"""The history that prediction works on, as the database knew it at a moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl
import psycopg
from psycopg.rows import class_row, dict_row, tuple_row

from anju_ml.history import COMPLAINTS, EVENTS, REPAIRS, History
from anju_platform.scoring.columns import copy_columns
from anju_platform.storage.queries import load_queries

_QUERIES = load_queries(__package__)
_HOUR_S: Final = 3600
_VALUE_FIELDS: Final = {"point_id": ">i8", "hour": ">i4", "value": ">f8"}
CELLS_AT_ONCE: Final = 12_000_000
"""Hours times points of one read: it takes up to 40 bytes each."""
REACH: Final = timedelta(days=730)
"""How far back training and scoring look. Both look equally far: a feature such as the level since the last repair
must mean the same in both."""


def whole_hour(at: datetime) -> datetime:
    """The beginning of the hour that `at` lies in: what a model sees has that grain."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def read_history(
    conn: psycopg.Connection, *, as_of: datetime, reach: timedelta = REACH, cells_at_once: int = CELLS_AT_ONCE
) -> History:
    """What was recorded in `reach` before `as_of` (a whole hour), for all assets; asset_id is the asset's key.

    An hour's reading carries the hour's beginning as its time, and is there only once the hour is over.
    """
    span = {"since": as_of - reach, "until": as_of}
    history = History(
        assets=_assets(conn),
        readings=_readings(conn, since=as_of - reach, until=as_of, cells_at_once=cells_at_once),
        events=_frame(conn, "history_events", span, EVENTS),
        repairs=_frame(conn, "history_repairs", span, REPAIRS),
        complaints=_frame(conn, "history_complaints", span, COMPLAINTS),
    )
    return history.known_at(as_of)


def _frame(conn: psycopg.Connection, query: str, span: Mapping[str, Any], schema: Mapping[str, Any]) -> pl.DataFrame:
    with conn.cursor(row_factory=tuple_row) as cur:
        rows = cur.execute(_QUERIES[query], span).fetchall()
    return pl.DataFrame(rows, schema=dict(schema), orient="row")


def _assets(conn: psycopg.Connection) -> pl.DataFrame:
    """Identity columns, then one column an attribute: numbers where all that have it have a number."""
    with conn.cursor(row_factory=dict_row) as cur:
        rows = cur.execute(_QUERIES["history_assets"]).fetchall()
    columns: dict[str, pl.Series] = {
        name: pl.Series(name, [row[name] for row in rows], dtype=kind)
        for name, kind in (
            ("asset_id", pl.String),
            ("kind", pl.String),
            ("model", pl.String),
            ("installed_on", pl.Date),
        )
    }
    for name in sorted({name for row in rows for name in row["attributes"]} - columns.keys()):
        columns[name] = _attribute(name, [row["attributes"].get(name) for row in rows])
    return pl.DataFrame(columns)


def _attribute(name: str, values: Sequence[object]) -> pl.Series:
    numbers = all(value is None or (isinstance(value, int | float) and not isinstance(value, bool)) for value in values)
    if numbers:
        return pl.Series(name, [None if value is None else float(str(value)) for value in values], dtype=pl.Float64)
    return pl.Series(name, [None if value is None else str(value) for value in values], dtype=pl.String)


@dataclass(frozen=True, slots=True)
class _Point:
    id: int
    code: str
    asset_key: str
    kind: str


def _readings(
    conn: psycopg.Connection, *, since: datetime, until: datetime, cells_at_once: int
) -> tuple[pl.DataFrame, ...]:
    """A wide frame for each kind of asset, read in parts that fit in memory."""
    with conn.cursor(row_factory=class_row(_Point)) as cur:
        points = cur.execute(_QUERIES["points_of_kinds"]).fetchall()
    hours = int((until - since).total_seconds() // _HOUR_S)
    frames: list[pl.DataFrame] = []
    for _, members in groupby(points, key=lambda point: point.kind):
        of_kind = list(members)
        codes = sorted({point.code for point in of_kind})
        parts = [
            _wide(conn, part, codes, since=since, until=until)
            for part in _parts(of_kind, at_once=max(cells_at_once // max(hours, 1), 1))
        ]
        frame = pl.concat(parts)
        if len(frame):
            frames.append(frame)
    return tuple(frames)


def _parts(points: Sequence[_Point], *, at_once: int) -> list[list[_Point]]:
    """Runs of whole assets with about `at_once` points each."""
    parts: list[list[_Point]] = [[]]
    for _, members in groupby(points, key=lambda point: point.asset_key):
        if len(parts[-1]) >= at_once:
            parts.append([])
        parts[-1].extend(members)
    return parts


def _wide(
    conn: psycopg.Connection, points: Sequence[_Point], codes: Sequence[str], *, since: datetime, until: datetime
) -> pl.DataFrame:
    """asset_id, ts, and a column for each of `codes`; hours in which an asset said nothing have no row."""
    span = {"point_ids": [point.id for point in points], "since": since, "until": until}
    found = copy_columns(conn, _QUERIES["hourly_values"], span, _VALUE_FIELDS)
    assets, asset_of = _places([point.asset_key for point in points])
    code_place = {code: index for index, code in enumerate(codes)}
    code_of = np.array([code_place[point.code] for point in points])
    ids = np.array([point.id for point in points])
    order = np.argsort(ids)
    which = order[np.searchsorted(ids[order], found["point_id"].astype(np.int64))]
    hour = found["hour"].astype(np.int64)
    first, hours = (int(hour.min()), int(hour.max() - hour.min()) + 1) if len(hour) else (0, 0)
    values = np.full((len(assets) * hours, len(codes)), np.nan)
    values[asset_of[which] * hours + (hour - first), code_of[which]] = found["value"]
    rows = np.flatnonzero(~np.isnan(values).all(axis=1))
    moments = (first + rows % max(hours, 1)) * (_HOUR_S * 1_000_000)
    return pl.DataFrame(
        {
            "asset_id": pl.Series(assets, dtype=pl.String).gather(rows // max(hours, 1)),
            "ts": pl.Series(moments, dtype=pl.Int64).cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
            **{code: pl.Series(values[rows, index], nan_to_null=True) for index, code in enumerate(codes)},
        }
    )


def _places(names: Sequence[str]) -> tuple[list[str], npt.NDArray[np.int64]]:
    """The distinct names, sorted, and where each of `names` stands among them."""
    distinct = sorted(set(names))
    place = {name: index for index, name in enumerate(distinct)}
    return distinct, np.array([place[name] for name in names], np.int64)
