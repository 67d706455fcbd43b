"""The tasks that a walk is cut into: train at an origin, and score some days. Cut by time, never by asset, because
every asset is compared with its peers."""

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import polars as pl

from anju_ml.errors import TooPoor
from anju_ml.grid import Grid
from anju_ml.history import History
from anju_ml.layout import origin_of
from anju_ml.model import Model, check_rich_enough, train_on
from anju_ml.policy import Policy
from anju_ml.predicting import Block, predict_block


@dataclass(frozen=True)
class Ground:
    """What every task of a walk needs. Readings are in the grids; of `history` only the first row of each frame."""

    history: History
    grids: dict[str, Grid]
    policy: Policy
    seed: int


def ground(history: History, grids: dict[str, Grid], *, policy: Policy, seed: int) -> Ground:
    first = tuple(frame.filter(pl.col("ts") == pl.col("ts").min()).head(1) for frame in history.readings)
    return Ground(replace(history, readings=first), grids, policy, seed)


def train_at(on: Ground, origin: datetime) -> Model | TooPoor:
    """A model from what was known at `origin`, or why there is none."""
    known = on.history.known_at(origin)
    try:
        check_rich_enough(known, as_of=origin)
        return train_on(known, on.grids, as_of=origin, policy=on.policy, seed=on.seed)
    except TooPoor as exc:
        return exc


def score_days(on: Ground, model: Model, day: datetime, stop: datetime) -> dict[str, Block]:
    """Probabilities of every day from `day` to before `stop`, by kind."""
    return {
        kind: predict_block(
            each, on.history, on.grids[kind], np.arange(origin_of(on.grids[kind], day), origin_of(on.grids[kind], stop))
        )
        for kind, each in model.kinds.items()
    }
