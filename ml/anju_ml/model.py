"""A trained model: from a history to risks."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from anju_ml.history import History
from anju_ml.policy import Policy
from anju_ml.risk import Reason, Risk

__all__ = ["Model", "Reason", "Risk", "train"]


class Model:
    """`metrics` are plain JSON values. `opens_tickets` is False when the model doesn't beat the best baseline on
    assets it has not seen; `why_not` then says so in a sentence."""

    metrics: Mapping[str, Any]
    opens_tickets: bool
    why_not: str

    def predict(self, history: History, *, as_of: datetime) -> list[Risk]:
        """Risks of every component of every asset observed in `history`; what came after `as_of` is ignored."""
        raise NotImplementedError


def train(
    history: History, *, as_of: datetime, horizon: timedelta, lead: timedelta, policy: Policy, seed: int = 0
) -> Model:
    """A model from what was known at `as_of`; raises TooPoor when that is too little."""
    raise NotImplementedError
