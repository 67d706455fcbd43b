"""Hourly rollups as wide frames, without a loop over rows: a point is one packed row of the answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
import psycopg
from psycopg.rows import class_row

from anju_platform.storage.queries import load_queries

_QUERIES = load_queries(__package__)
_HOUR_US: Final = 3_600_000_000
_POSTGRES_EPOCH_US: Final = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
CELLS_AT_ONCE: Final = 12_000_000
"""Hours times points of one read, which takes about 30 bytes each."""


@dataclass(frozen=True, slots=True)
class _Point:
    id: int
    code: str
    asset_key: str
    kind: str


@dataclass(frozen=True, slots=True)
class _Series:
    """`hours` count from 2000-01-01."""

    point: _Point
    hours: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]


def read_readings(
    conn: psycopg.Connection, *, since: datetime, until: datetime, cells_at_once: int = CELLS_AT_ONCE
) -> tuple[pl.DataFrame, ...]:
    """For each kind of asset a frame of asset_id (the key), ts (an hour's beginning) and a column for each point.

    It is read in parts that fit in memory. Hours in which an asset said nothing have no row.
    """
    with conn.cursor(row_factory=class_row(_Point)) as cur:
        points = cur.execute(_QUERIES["points_of_kinds"]).fetchall()
    hours = (until - since).total_seconds() // 3600
    at_once = max(int(cells_at_once // max(hours, 1)), 1)
    frames: list[pl.DataFrame] = []
    for _, members in groupby(points, key=lambda point: point.kind):
        of_kind = list(members)
        codes = sorted({point.code for point in of_kind})
        series = (_read(conn, part, since=since, until=until) for part in _parts(of_kind, at_once))
        frame = pl.concat([_wide(part, codes) for part in series])
        if len(frame):
            frames.append(frame)
    return tuple(frames)


def _parts(points: Sequence[_Point], at_once: int) -> list[list[_Point]]:
    """Runs of whole assets with about `at_once` points each."""
    parts: list[list[_Point]] = [[]]
    for _, members in groupby(points, key=lambda point: point.asset_key):
        if len(parts[-1]) >= at_once:
            parts.append([])
        parts[-1].extend(members)
    return parts


def _read(conn: psycopg.Connection, points: Sequence[_Point], *, since: datetime, until: datetime) -> list[_Series]:
    of_id = {point.id: point for point in points}
    span = {"point_ids": list(of_id), "since": since, "until": until}
    with conn.cursor(binary=True) as cur:
        return [
            _Series(of_id[point_id], np.frombuffer(hours, ">i8") // _HOUR_US, np.frombuffer(values, ">f8"))
            for point_id, hours, values in cur.execute(_QUERIES["hourly_series"], span)
        ]


def _wide(series: Sequence[_Series], codes: Sequence[str]) -> pl.DataFrame:
    assets = sorted({one.point.asset_key for one in series})
    row_of = {asset: row for row, asset in enumerate(assets)}
    column_of = {code: column for column, code in enumerate(codes)}
    first = min((int(one.hours.min()) for one in series), default=0)
    hours = max((int(one.hours.max()) for one in series), default=-1) - first + 1
    cells = np.full((len(assets), hours, len(codes)), np.nan)
    for one in series:
        cells[row_of[one.point.asset_key], one.hours - first, column_of[one.point.code]] = one.values
    row, hour = np.nonzero(~np.isnan(cells).all(axis=2))
    ts_us = (hour + first) * _HOUR_US + _POSTGRES_EPOCH_US
    return pl.DataFrame(
        {
            "asset_id": pl.Series(assets, dtype=pl.String).gather(row),
            "ts": pl.Series(ts_us, dtype=pl.Int64).cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
            **{code: pl.Series(cells[row, hour, column], nan_to_null=True) for code, column in column_of.items()},
        }
    )
