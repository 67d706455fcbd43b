"""Two models on the same days that neither was trained on: which of them would have earned more."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import polars as pl

from anju_ml.arms import Arm, Call, Scale, price_arm, price_failures
from anju_ml.failures import find_failures, found_worn
from anju_ml.grid import DAY, daily_grids
from anju_ml.history import History
from anju_ml.metrics import Bootstrap
from anju_ml.model import Model
from anju_ml.policy import Policy
from anju_ml.score import score_tickets
from anju_ml.walk import Desk, Walk, endings, score_span

SEED: Final = 0


@dataclass(frozen=True, slots=True)
class Contest:
    """Money of the challenger less the champion's over `days`, with its 95 % interval by bootstrap over assets."""

    days: int
    champion_tickets: int
    challenger_tickets: int
    difference: float
    low: float
    high: float

    @property
    def is_better(self) -> bool:
        """Whether the interval lies above zero."""
        return self.low > 0.0

    @property
    def is_worse(self) -> bool:
        return self.high < 0.0

    def as_json(self) -> dict[str, Any]:
        return {
            "days": self.days,
            "champion_tickets": self.champion_tickets,
            "challenger_tickets": self.challenger_tickets,
            "difference": round(self.difference),
            "low": round(self.low),
            "high": round(self.high),
        }


def compare_models(
    champion: Model, challenger: Model, history: History, *, since: datetime, until: datetime, policy: Policy
) -> Contest:
    """Let both open tickets from `since` to `until`, as if each had been alone. What a visit found worn counts for
    both as a failure prevented, since the visit may have been the champion's."""
    known = history.known_at(until).tidy()
    arms = [_arm(model, known, since, until, policy) for model in (champion, challenger)]
    boot = Bootstrap(known.assets["asset_id"].to_list(), seed=SEED)
    found = boot.total(arms[1].saving - arms[0].saving)
    days = int((until - since) / DAY)
    return Contest(days, arms[0].visits, arms[1].visits, found["value"], found["low"], found["high"])


def _arm(model: Model, known: History, since: datetime, until: datetime, policy: Policy) -> Arm:
    failures = find_failures(known)
    walked = Walk()
    if model.opens_tickets:
        grids = daily_grids(known, anchor=until)
        desk = Desk(endings(known, failures))
        score_span(model, known, grids, (since, until), policy=policy, desk=desk, found=walked)
    scored = score_tickets(walked.tickets, failures, known, start=since, end=until, policy=policy, truth=None)
    worth = price_failures(_with_prevented(scored.failures, known, since, until, policy), known, policy)
    calls = [
        Call(row["asset_id"], row["component"], row["opened_at"], row["needed"])
        for row in scored.tickets.iter_rows(named=True)
    ]
    scale = Scale(policy, until, by_truth=False)
    return price_arm("model", calls, worth, known.assets["asset_id"].to_list(), scale)


def _with_prevented(
    failures: pl.DataFrame, known: History, since: datetime, until: datetime, policy: Policy
) -> pl.DataFrame:
    """`failures` and, as if they had come half a horizon later, those whose wear a visit found in time."""
    worn = found_worn(known.repairs).filter(pl.col("opened_at").is_between(since, until))
    closed = pl.coalesce("closed_at", "opened_at")
    onset = pl.col("opened_at") + policy.horizon / 2
    rows = worn.join(known.assets.select("asset_id", "kind"), on="asset_id").select(
        "asset_id", "component", "kind", onset.alias("onset"), pl.max_horizontal(closed, onset).alias("closed_at")
    )
    joined = pl.concat([failures.drop("failure"), rows], how="diagonal").sort("asset_id", "onset", "component")
    return joined.with_columns(pl.int_range(pl.len(), dtype=pl.UInt32).alias("failure"))
