"""From a community's repair book to the ageing of its assets."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

import numpy as np
import polars as pl
from psycopg import Connection
from psycopg.rows import dict_row, tuple_row

from anju_contracts.kinds import Label
from anju_ml.ageing import AssetAgeing, BudgetYear, assess_ageing
from anju_ml.errors import TooPoor
from anju_ml.history import ASSETS, COMPLAINTS, EVENTS, REPAIRS, History, empty
from anju_ml.policy import Policy
from anju_platform.ageing.models import AgeingOfCommunity, AgeingView, BudgetYearView, ComponentLifeView
from anju_platform.storage.queries import load_queries
from anju_platform.web.fields import titles

QUERIES: Final = load_queries(__package__)


def ageing_of(conn: Connection[Any], community: str, *, as_of: datetime, policy: Policy) -> AgeingOfCommunity:
    """Every asset of the community; none, with the reason, where too little is on record."""
    try:
        found = assess_ageing(_history(conn, community, as_of), as_of=as_of, policy=policy)
    except TooPoor as exc:
        return AgeingOfCommunity(community=community, as_of=as_of, why_not=exc.reason, items=[], budget=[])
    with conn.cursor(row_factory=dict_row) as cur:
        rows = cur.execute(QUERIES["labels_of_community"], {"community": community}).fetchall()
    names = {row["key"]: row for row in rows}
    items = sorted((_view(each, names[each.asset_id]) for each in found), key=_urgency)
    return AgeingOfCommunity(
        community=community, as_of=as_of, items=items, budget=_sums([item.budget for item in items])
    )


def _history(conn: Connection[Any], community: str, as_of: datetime) -> History:
    span = {"community": community, "as_of": as_of}
    return History(
        assets=_frame(conn, "assets_of_community", span, ASSETS),
        readings=(),
        events=empty(EVENTS),
        repairs=_frame(conn, "repairs_of_community", span, REPAIRS),
        complaints=empty(COMPLAINTS),
    )


def _frame(conn: Connection[Any], query: str, values: Mapping[str, Any], schema: Mapping[str, Any]) -> pl.DataFrame:
    with conn.cursor(row_factory=tuple_row) as cur:
        return pl.DataFrame(cur.execute(QUERIES[query], values).fetchall(), schema=dict(schema), orient="row")


def _view(found: AssetAgeing, row: Mapping[str, Any]) -> AgeingView:
    low, high = found.rate.growth_95
    code = row["code"]
    return AgeingView(
        asset=found.asset_id,
        kind=found.kind,
        label=titles(Label(row["label_zh"] or code, row["label_en"] or code)),
        location=row["location"],
        installed_on=found.installed_on,
        failures=found.failures,
        failures_a_year=round(found.rate.now, 3),
        growth_a_year=_share(found.rate.growth),
        growth_low=_share(low),
        growth_high=_share(high),
        replace_at=found.replace_at,
        replace_earliest=found.replace_between[0],
        replace_latest=found.replace_between[1],
        limit_at=found.limit_at,
        components=[
            ComponentLifeView(
                kind=found.kind,
                component=life.component,
                median_days=round(life.remaining.median, 1),
                low_days=round(life.remaining.low, 1),
                high_days=round(life.remaining.high, 1),
                renewed_at=life.since,
                failures=life.failures,
            )
            for life in found.components
        ],
        budget=[_year(each) for each in found.budget],
    )


def _year(year: BudgetYear) -> BudgetYearView:
    return BudgetYearView(year=year.year, repairs=year.repairs, replacement=year.replacement)


def _share(log_growth: float) -> float:
    return round(float(np.expm1(log_growth)), 4)


def _urgency(item: AgeingView) -> tuple[date, float, str]:
    return item.due_at or date.max, -item.failures_a_year, item.asset


def _sums(budgets: Sequence[Sequence[BudgetYearView]]) -> list[BudgetYearView]:
    return [
        BudgetYearView(
            year=years[0].year,
            repairs=round(sum(each.repairs for each in years), 2),
            replacement=sum(each.replacement for each in years),
        )
        for years in zip(*budgets, strict=True)
    ]
