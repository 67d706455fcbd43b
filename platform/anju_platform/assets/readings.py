"""Reads the readings of an asset: as they were taken, by the hour, or in buckets for a chart."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from anju_contracts.birth import PointKind
from anju_platform.assets.lists import NEWEST, MomentKey, Window, moment_parameters
from anju_platform.assets.views import HourReading, PointView, RawReading, Series
from anju_platform.errors import Invalid
from anju_platform.storage.queries import load_queries

QUERIES = load_queries(__package__)
Conn = Connection[Any]

STEPS_S = (60, 300, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 604800)
MAX_BUCKETS = 800
MAX_BARS = 130
_HOUR_S = 3600


def choose_points(points: Sequence[PointView], names: Sequence[str]) -> dict[int, PointView]:
    """The points called `names`, or all where none is named, by id; Invalid names one that the asset hasn't."""
    by_code = {point.code: point for point in points}
    for name in names:
        if name not in by_code:
            raise Invalid("point", name, "one of " + ", ".join(by_code))
    return {by_code[name].id: by_code[name] for name in names or by_code}


def list_raw_readings(
    conn: Conn, points: Mapping[int, PointView], *, window: Window, after: MomentKey = NEWEST, limit: int
) -> list[RawReading]:
    """Newest first. Both ends of `window` must be given."""
    return [RawReading(**row) for row in _rows(conn, "readings_raw", points, window=window, after=after, limit=limit)]


def list_hour_readings(
    conn: Conn, points: Mapping[int, PointView], *, window: Window, after: MomentKey = NEWEST, limit: int
) -> list[HourReading]:
    """Newest first. Both ends of `window` must be given."""
    return [HourReading(**row) for row in _rows(conn, "readings_hour", points, window=window, after=after, limit=limit)]


def _rows(
    conn: Conn, query: str, points: Mapping[int, PointView], *, window: Window, after: MomentKey, limit: int
) -> list[dict[str, Any]]:
    parameters = {"point_ids": list(points), **moment_parameters(window, after, limit)}
    with conn.cursor(row_factory=dict_row) as cur:
        rows = cur.execute(QUERIES[query], parameters).fetchall()
    return [{**row, "point": points[row["point_id"]].code} for row in rows]


def step_for(span: timedelta, kind: str) -> int:
    """The shortest of `STEPS_S` that cuts `span` into few enough buckets for a chart; the longest otherwise.

    A counter's buckets are bars, which take more room than the points of a line.
    """
    most = MAX_BARS if kind == PointKind.COUNTER else MAX_BUCKETS
    return next((step for step in STEPS_S if span.total_seconds() / step <= most), STEPS_S[-1])


def read_series(
    conn: Conn, points: Mapping[int, PointView], *, since: datetime, until: datetime, step_s: int | None = None
) -> list[Series]:
    """One series for each of `points`, in their order, empty where there are no readings."""
    by_step: dict[int, list[int]] = defaultdict(list)
    for point_id, point in points.items():
        by_step[step_s or step_for(until - since, point.kind)].append(point_id)
    found: dict[int, Series] = {}
    for step, point_ids in by_step.items():
        rows = _buckets(conn, point_ids, step, since=since, until=until)
        found |= {point_id: _series(points[point_id], rows[point_id], step, since) for point_id in point_ids}
    return [found[point_id] for point_id in points]


def _buckets(
    conn: Conn, point_ids: Sequence[int], step_s: int, *, since: datetime, until: datetime
) -> dict[int, list[dict[str, Any]]]:
    """The buckets by point, with one more before `since`: a counter's first increase needs it."""
    query = "series_fine" if step_s < _HOUR_S else "series_coarse"
    parameters = {
        "point_ids": point_ids,
        "since": since - timedelta(seconds=step_s),
        "until": until,
        "step_s": step_s,
    }
    by_point: dict[int, list[dict[str, Any]]] = defaultdict(list)
    with conn.cursor(row_factory=dict_row) as cur:
        for row in cur.execute(QUERIES[query], parameters):
            by_point[row["point_id"]].append(row)
    return by_point


def increases(readings: Sequence[float]) -> list[float | None]:
    """How much a counter rose to each reading from the one before; from nought where it fell (it was reset).

    The first is None: nobody knows what it was before.
    """
    rises: list[float | None] = [None]
    for before, after in pairwise(readings):
        rises.append(after - before if after >= before else after)
    return rises[: len(readings)]


def _series(point: PointView, rows: Sequence[dict[str, Any]], step_s: int, since: datetime) -> Series:
    begins = [row["bucket"].timestamp() for row in rows]
    none: list[float | None] = [None] * len(rows)
    if point.kind == PointKind.COUNTER:
        values, lows, highs = increases([row["last"] for row in rows]), none, none
    else:
        values, lows, highs = ([row[name] for row in rows] for name in ("mean", "low", "high"))
    first = next((index for index, at in enumerate(begins) if at >= since.timestamp()), len(begins))
    return Series(
        point=point.code,
        label=point.title,
        unit=point.unit_shown,
        kind=point.kind,
        step_s=step_s,
        at=begins[first:],
        value=values[first:],
        low=lows[first:],
        high=highs[first:],
    )
