"""Models and predictions in the database: every function works in the transaction of its caller."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import psycopg
from psycopg.rows import class_row, dict_row, scalar_row
from psycopg.types.json import Jsonb

from anju_ml.risk import Risk
from anju_platform.errors import NotFound
from anju_platform.scoring.models import KnownProblem, Role, StoredModel
from anju_platform.scoring.plan import reasons_json
from anju_platform.storage.notify import notify
from anju_platform.storage.queries import load_queries
from anju_platform.tickets.alarms import alarm_table

_QUERIES = load_queries(__package__)
_COLUMNS: Final = ("p_24h", "p_72h", "p_7d", "p_30d", "low", "high", "expected_at")
CHAMPION_STAYS: Final = timedelta(days=30)
"""A champion goes on this long after its training when newer models are refused."""


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """`artifact` is empty where there was too little to train from."""

    as_of: datetime
    trained_at: datetime
    metrics: Mapping[str, Any]
    artifact: bytes
    opens_tickets: bool
    why_not: str


def add_model(conn: psycopg.Connection, model: TrainedModel) -> StoredModel:
    """Store a model: as champion where there is none, else as challenger; or as refused, and then a champion that is
    older than CHAMPION_STAYS retires, too."""
    conn.execute(_QUERIES["lock_models"])
    role = Role.REFUSED
    if model.opens_tickets:
        role = Role.CHAMPION if in_role(conn, Role.CHAMPION) is None else Role.CHALLENGER
    else:
        conn.execute(_QUERIES["retire_champion"], {"trained_before": model.as_of - CHAMPION_STAYS})
    values = {
        "as_of": model.as_of,
        "trained_at": model.trained_at,
        "role": role,
        "metrics": Jsonb(dict(model.metrics)),
        "artifact": model.artifact,
        "why_not": model.why_not,
    }
    with conn.cursor(row_factory=scalar_row) as cur:
        model_id: int | None = cur.execute(_QUERIES["insert_model"], values).fetchone()
    assert model_id is not None
    return StoredModel(model_id, model.as_of, role, model.why_not)


def promote(conn: psycopg.Connection, challenger: StoredModel, contest: Mapping[str, Any]) -> None:
    """The challenger takes the champion's place; `contest` is kept with it."""
    conn.execute(_QUERIES["lock_models"])
    conn.execute(_QUERIES["retire_champion"], {"trained_before": "infinity"})
    change_role(conn, challenger, Role.CHAMPION, contest, why_not="")


def change_role(
    conn: psycopg.Connection, model: StoredModel, role: Role, contest: Mapping[str, Any], *, why_not: str
) -> None:
    values = {"id": model.id, "role": role, "contest": Jsonb(dict(contest)), "why_not": why_not}
    conn.execute(_QUERIES["change_role"], values)


def in_role(conn: psycopg.Connection, role: Role) -> tuple[StoredModel, bytes] | None:
    """The newest model of a role, with its artifact. There is one champion and one challenger at most."""
    with conn.cursor(row_factory=dict_row) as cur:
        row = cur.execute(_QUERIES["newest_in_role"], {"role": role}).fetchone()
    if row is None:
        return None
    return StoredModel(row["id"], row["as_of"], Role(row["role"]), row["why_not"]), bytes(row["artifact"])


def newest_model(conn: psycopg.Connection) -> StoredModel | None:
    with conn.cursor(row_factory=class_row(StoredModel)) as cur:
        return cur.execute(_QUERIES["newest_model"]).fetchone()


def known_problems(conn: psycopg.Connection, *, as_of: datetime) -> list[KnownProblem]:
    """The tickets about assets that were open just before `as_of` or closed not long before, and what alarms say has
    failed already: that needs no foresight."""
    with conn.cursor(row_factory=class_row(KnownProblem)) as cur:
        problems = cur.execute(_QUERIES["known_problems"], {"as_of": as_of}).fetchall()
    table = alarm_table()
    for asset_key, kind, code in conn.execute(_QUERIES["grave_alarms"], {"as_of": as_of}).fetchall():
        component = table.component(kind, code)
        if component is not None:
            problems.append(KnownProblem(asset_key, component, closed_at=None, foreseen=True))
    return problems


def store_predictions(conn: psycopg.Connection, risks: Sequence[Risk], *, as_of: datetime, model_id: int) -> int:
    """One row for each risk; a repeated run at the same `as_of` replaces its rows. How many there are."""
    values: dict[str, Any] = {name: [getattr(risk, name) for risk in risks] for name in _COLUMNS}
    values |= {
        "asset_keys": [risk.asset_id for risk in risks],
        "components": [risk.component for risk in risks],
        "reasons": [json.dumps(reasons_json(risk), ensure_ascii=False) for risk in risks],
        "as_of": as_of,
        "model_id": model_id,
    }
    written = conn.execute(_QUERIES["merge_predictions"], values).rowcount
    with conn.cursor(row_factory=scalar_row) as names:
        for community in names.execute(_QUERIES["scored_communities"], {"as_of": as_of}).fetchall():
            notify(conn, community, "prediction")
    return written


def prediction_of(conn: psycopg.Connection, risk: Risk) -> tuple[int, int]:
    """The row ids of the stored prediction of `risk` and of its asset."""
    key = {"asset_key": risk.asset_id, "component": risk.component, "as_of": risk.as_of}
    with conn.cursor() as cur:
        row = cur.execute(_QUERIES["prediction_of"], key).fetchone()
    if row is None:
        raise NotFound(f"no prediction of {risk.asset_id} {risk.component} at {risk.as_of.isoformat()}")
    return row[0], row[1]


def link_prediction(conn: psycopg.Connection, prediction_id: int, ticket_id: int) -> None:
    conn.execute(_QUERIES["link_prediction"], {"id": prediction_id, "ticket_id": ticket_id})


def hold_out(conn: psycopg.Connection, risk: Risk) -> None:
    """Remember that the ticket of this prediction was left out on purpose."""
    key = {"asset_key": risk.asset_id, "component": risk.component, "as_of": risk.as_of}
    conn.execute(_QUERIES["hold_out"], key)
