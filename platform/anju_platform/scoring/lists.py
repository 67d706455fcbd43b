"""Reads predictions and models, page by page; rows come back as what is shown."""

from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from anju_platform.assets.lists import ALWAYS, NEWEST, MomentKey, Window, moment_parameters
from anju_platform.scoring.views import ModelView, PredictionView
from anju_platform.storage.queries import load_queries

QUERIES = load_queries(__package__)
Conn = Connection[Any]


def list_predictions(
    conn: Conn,
    *,
    community: str | None = None,
    asset: str | None = None,
    component: str | None = None,
    window: Window = ALWAYS,
    after: MomentKey = NEWEST,
    limit: int,
) -> list[PredictionView]:
    """Newest first."""
    parameters = {
        "community": community,
        "asset": asset,
        "component": component,
        **moment_parameters(window, after, limit),
    }
    with conn.cursor(row_factory=class_row(PredictionView)) as cur:
        return cur.execute(QUERIES["predictions_page"], parameters).fetchall()


def predictions_of_ticket(conn: Conn, ticket_id: int) -> list[PredictionView]:
    """Those that opened or joined the ticket, oldest first."""
    with conn.cursor(row_factory=class_row(PredictionView)) as cur:
        return cur.execute(QUERIES["predictions_of_ticket"], {"ticket_id": ticket_id}).fetchall()


def current_risks(conn: Conn, asset: str) -> list[PredictionView]:
    """Of each component by the asset's newest predictions, the likeliest failure first."""
    with conn.cursor(row_factory=class_row(PredictionView)) as cur:
        found = cur.execute(QUERIES["current_risks"], {"asset": asset}).fetchall()
    return sorted(found, key=lambda risk: -risk.p_30d)


def list_models(conn: Conn, *, role: str | None = None, after: int | None = None, limit: int) -> list[ModelView]:
    """Newest first."""
    with conn.cursor(row_factory=class_row(ModelView)) as cur:
        return cur.execute(QUERIES["models_page"], {"role": role, "after": after, "limit": limit}).fetchall()
