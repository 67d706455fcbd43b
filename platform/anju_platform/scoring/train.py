"""Trains a model from what the database knew at a moment, and stores it with its figures."""

from datetime import datetime
from typing import Any

from anju_contracts.clock import rfc3339
from anju_ml import artifact
from anju_ml.errors import TooPoor
from anju_ml.history import History
from anju_ml.model import train
from anju_ml.policy import Policy
from anju_platform.bootstrap import Pool
from anju_platform.scoring import store
from anju_platform.scoring.challenge import watch_challenger
from anju_platform.scoring.history import read_history, whole_hour
from anju_platform.scoring.store import TrainedModel


def train_at(pool: Pool, *, as_of: datetime, policy: Policy, now: datetime, seed: int = 0) -> dict[str, Any]:
    """Train at the whole hour before `as_of` and store the model; what became of it, as JSON values.

    A model that doesn't beat the best baseline, or can't be trained for want of history, is stored as refused
    with the reason, and opens no tickets. While a challenger is watched in the champion's shadow, no other is
    trained: it is compared with the champion on the days that have passed since.
    """
    moment = whole_hour(as_of)
    with pool.connection() as conn:
        history = read_history(conn, as_of=moment)
        watched = watch_challenger(conn, history, as_of=moment, policy=policy)
    if watched is not None:
        return watched
    trained = _train(history, as_of=moment, policy=policy, now=now, seed=seed)
    with pool.connection() as conn:
        stored = store.add_model(conn, trained)
    return {
        "model": stored.id,
        "as_of": rfc3339(moment),
        "role": str(stored.role),
        "why_not": stored.why_not,
        "metrics": dict(trained.metrics),
        "artifact_bytes": len(trained.artifact),
    }


def _train(history: History, *, as_of: datetime, policy: Policy, now: datetime, seed: int) -> TrainedModel:
    try:
        model = train(history, as_of=as_of, horizon=policy.horizon, lead=policy.lead, policy=policy, seed=seed)
    except TooPoor as exc:
        return TrainedModel(as_of, now, {"too_poor": exc.reason}, b"", opens_tickets=False, why_not=exc.reason)
    why_not = "" if model.opens_tickets else model.why_not
    return TrainedModel(as_of, now, model.metrics, artifact.dump(model), model.opens_tickets, why_not)
