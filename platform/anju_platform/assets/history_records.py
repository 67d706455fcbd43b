"""Events, repairs and complaints of an imported history; importing them again changes nothing."""

from collections.abc import Mapping
from datetime import datetime

import polars as pl
import psycopg

from anju_platform.storage.queries import load_queries

QUERIES = load_queries("anju_platform.assets")


def import_events(
    conn: psycopg.Connection, events: pl.DataFrame, asset_ids: Mapping[str, int], *, received_at: datetime
) -> int:
    """How many were new. They open no tickets: they are history."""
    columns = _lists(events, asset_ids, ("ts", "code", "state", "severity"))
    return conn.execute(QUERIES["import_events"], columns | {"received_at": received_at}).rowcount


def import_repairs(conn: psycopg.Connection, repairs: pl.DataFrame, asset_ids: Mapping[str, int]) -> int:
    """How many were new or have an outcome now that they had not before."""
    names = ("opened_at", "closed_at", "component", "action", "cause", "fault_code", "fault_found")
    return conn.execute(QUERIES["import_repairs"], _lists(repairs, asset_ids, names)).rowcount


def import_complaints(
    conn: psycopg.Connection, complaints: pl.DataFrame, asset_ids: Mapping[str, int], *, community: str
) -> int:
    """How many were new. Their request ids are made of what they say, so that none comes twice."""
    columns = _lists(complaints, asset_ids, ("ts", "category"))
    request_ids = [
        f"import:{community}:{asset}:{ts.isoformat()}:{category}"
        for asset, ts, category in complaints.select("asset_id", "ts", "category").iter_rows()
    ]
    return conn.execute(
        QUERIES["import_complaints"], columns | {"community": community, "request_ids": request_ids}
    ).rowcount


def _lists(frame: pl.DataFrame, asset_ids: Mapping[str, int], names: tuple[str, ...]) -> dict[str, object]:
    assets = [asset_ids[asset] for asset in frame["asset_id"]]
    return {"asset_ids": assets} | {name: frame[name].to_list() for name in names}
