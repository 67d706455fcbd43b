"""The history that prediction works on, as the database knew it at a moment."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import polars as pl
import psycopg
from psycopg.rows import dict_row, tuple_row

from anju_ml.history import COMPLAINTS, EVENTS, REPAIRS, History
from anju_platform.scoring.readings import CELLS_AT_ONCE, read_readings
from anju_platform.storage.queries import load_queries

_QUERIES = load_queries(__package__)
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
        readings=read_readings(conn, since=as_of - reach, until=as_of, cells_at_once=cells_at_once),
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
