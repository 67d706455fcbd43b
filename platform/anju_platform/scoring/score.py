"""Scores every asset at a moment: predictions are stored, and those that pay become tickets or join one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Protocol

import psycopg

from anju_contracts.clock import Clock, rfc3339
from anju_ml import artifact
from anju_ml.decide import OpenTicket
from anju_ml.errors import ArtifactRefused
from anju_ml.history import History
from anju_ml.policy import Policy
from anju_ml.risk import Risk
from anju_platform.bootstrap import Pool
from anju_platform.scoring import store
from anju_platform.scoring.history import read_history, whole_hour
from anju_platform.scoring.models import Role, StoredModel
from anju_platform.scoring.plan import evidence_data, make_plan, priority_of
from anju_platform.tickets import store as tickets
from anju_platform.tickets.evidence import prediction_evidence
from anju_platform.tickets.intake import take
from anju_platform.tickets.models import Origin, Ticket

NO_MODEL: Final = "no model has been trained"


class Predictor(Protocol):
    """What scoring needs of a model."""

    def predict(self, history: History, *, as_of: datetime) -> Sequence[Risk]: ...


def score_at(pool: Pool, *, as_of: datetime, policy: Policy, clock: Clock) -> dict[str, Any]:
    """Score at the whole hour before `as_of` with the champion; what came of it, as JSON values.

    A ticket opens when it is written, by `clock`, however long the run took; `as_of` stands in its evidence. Repeated
    at the same moment it gives the same rows and no further tickets. Without a champion that can be loaded it does
    nothing and says why.
    """
    moment = whole_hour(as_of)
    with pool.connection() as conn:
        chosen = store.in_role(conn, Role.CHAMPION)
        newest = store.newest_model(conn)
    if chosen is None:
        return _nothing(moment, f"model {newest.id} was refused: {newest.why_not}" if newest else NO_MODEL)
    stored, data = chosen
    try:
        model = artifact.load(data)
    except ArtifactRefused as exc:
        return _nothing(moment, f"model {stored.id} can't be loaded, train anew: {exc}")
    return score_with(pool, model, stored, as_of=moment, policy=policy, clock=clock)


def _nothing(moment: datetime, why: str) -> dict[str, Any]:
    return {"as_of": rfc3339(moment), "model": None, "why": why, "predictions": 0, "opened": 0, "joined": 0}


def score_with(
    pool: Pool, model: Predictor, stored: StoredModel, *, as_of: datetime, policy: Policy, clock: Clock
) -> dict[str, Any]:
    """`score_at` with a model at hand; `as_of` is a whole hour."""
    with pool.connection() as conn:
        history = read_history(conn, as_of=as_of)
    risks = model.predict(history, as_of=as_of)
    with pool.connection() as conn:
        written = store.store_predictions(conn, risks, as_of=as_of, model_id=stored.id)
        plan = make_plan(risks, store.known_problems(conn, as_of=as_of), policy=policy, as_of=as_of)
        for watch in plan.watching:
            if watch.why == "held_out":
                store.hold_out(conn, watch.risk)
    touched: list[Ticket] = []
    for decision in (*plan.opening, *plan.joining):
        with pool.connection() as conn:
            touched.append(
                from_prediction(conn, decision, policy=policy, model_id=stored.id, now=max(clock.now(), as_of))
            )
    return {
        "as_of": rfc3339(as_of),
        "model": stored.id,
        "predictions": written,
        "opened": sum(ticket.origin is Origin.PROACTIVE and ticket.version == 1 for ticket in touched),
        "joined": sum(ticket.origin is not Origin.PROACTIVE or ticket.version > 1 for ticket in touched),
        "watched": len(plan.watching),
    }


def from_prediction(
    conn: psycopg.Connection, decision: OpenTicket, *, policy: Policy, model_id: int, now: datetime
) -> Ticket:
    """The ticket of a foreseen failure: opened at `now` until the horizon ends, or joined."""
    risk = decision.risk
    prediction_id, asset_id = store.prediction_of(conn, risk)
    evidence = prediction_evidence(
        prediction_id,
        as_of=risk.as_of,
        component=risk.component,
        priority=priority_of(decision, policy=policy),
        probability=risk.p_30d,
        data=evidence_data(decision, model_id=model_id),
    )
    subject = tickets.subject_of_asset(conn, asset_id)
    ticket = take(conn, subject, evidence, now=now, at=now, expires_at=decision.expires_at)
    store.link_prediction(conn, prediction_id, ticket.id)
    return ticket
