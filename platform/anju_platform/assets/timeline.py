"""Everything that happened to an asset in a stretch of time, for its one time axis.

Times are seconds since 1970, as the charts want them.
"""

from collections import defaultdict
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row
from pydantic import BaseModel, Field

from anju_contracts.codes import code_label
from anju_contracts.kinds import Label, component_label
from anju_platform.desk.categories import CATEGORIES
from anju_platform.storage.queries import load_queries
from anju_platform.web.fields import Titles, titles
from anju_platform.web.language import catalogue

QUERIES = load_queries(__package__)
MAX_MARKS = 2000


class Mark(BaseModel):
    """Something at a moment: an event, a repair, a complaint. `tone` is an event's severity or a repair's cause."""

    lane: str = Field(examples=["event"])
    at: float
    until: float | None
    label: Titles
    tone: str
    id: int


class Band(BaseModel):
    """A ticket from opening to closing; `until` is null while it is open."""

    id: int
    at: float
    until: float | None
    origin: str
    state: str
    label: Titles


class RiskLine(BaseModel):
    """The probability of a failure within 30 days, with its 95 % interval, as each prediction saw it."""

    component: str
    label: Titles
    at: list[float] = []
    p: list[float] = []
    low: list[float] = []
    high: list[float] = []


class Timeline(BaseModel):
    """`marks` are at most 2000 of each lane, the newest."""

    since: float
    until: float
    marks: list[Mark]
    tickets: list[Band]
    risk: list[RiskLine]


def read_timeline(conn: Connection[Any], asset_id: int, *, since: datetime, until: datetime) -> Timeline:
    parameters = {"asset_id": asset_id, "since": since, "until": until, "limit": MAX_MARKS}
    with conn.cursor(row_factory=dict_row) as cur:
        marks = [_mark(row) for row in cur.execute(QUERIES["timeline_marks"], parameters)]
        bands = [_band(row) for row in cur.execute(QUERIES["timeline_tickets"], parameters)]
        risk = _lines(cur.execute(QUERIES["timeline_risk"], parameters).fetchall())
    return Timeline(since=since.timestamp(), until=until.timestamp(), marks=marks, tickets=bands, risk=risk)


def _seconds(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()


def _mark_label(row: dict[str, Any]) -> Label:
    if row["lane"] == "repair":
        part, action = component_label(row["kind"], row["name"]), row["action"]
        done = catalogue().get(f"action.{action}", {})
        return Label(f"{part.zh} · {done.get('zh', action)}", f"{part.en} · {done.get('en', action)}")
    category = CATEGORIES.get(row["name"]) if row["lane"] == "complaint" else None
    return category.label if category else code_label(row["name"])


def _mark(row: dict[str, Any]) -> Mark:
    return Mark(
        lane=row["lane"],
        at=row["at"].timestamp(),
        until=_seconds(row["until"]),
        label=titles(_mark_label(row)),
        tone=row["tone"],
        id=row["id"],
    )


def _band(row: dict[str, Any]) -> Band:
    return Band(
        id=row["id"],
        at=row["opened_at"].timestamp(),
        until=_seconds(row["ended_at"]),
        origin=row["origin"],
        state=row["state"],
        label=Titles(zh=row["title_zh"], en=row["title_en"]),
    )


def _lines(rows: list[dict[str, Any]]) -> list[RiskLine]:
    by_component: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_component[row["component"]].append(row)
    return [
        RiskLine(
            component=component,
            label=titles(component_label(points[0]["kind"], component)),
            at=[point["as_of"].timestamp() for point in points],
            p=[round(point["p_30d"], 4) for point in points],
            low=[round(point["low"], 4) for point in points],
            high=[round(point["high"], 4) for point in points],
        )
        for component, points in by_component.items()
    ]
