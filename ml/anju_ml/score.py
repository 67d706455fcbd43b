"""Tickets against failures, as EVALUATION defines hit, needed, component hit and before the complaint."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import polars as pl

from anju_ml.cells import TIME
from anju_ml.failures import found_worn
from anju_ml.history import History
from anju_ml.policy import NEEDED_WITHIN, Policy
from anju_ml.tables import Schema
from anju_ml.truth import modes
from anju_ml.walk import Ticket

CREW_WITHIN: Final = timedelta(days=2)
"""In a simulation a ticket was needed when a crew sent within this time would have found the part worn."""
TICKETS: Final[Schema] = {
    "asset_id": pl.String,
    "kind": pl.String,
    "component": pl.String,
    "opened_at": TIME,
    "expires_at": TIME,
    "probability": pl.Float64,
}


@dataclass(frozen=True)
class Scored:
    """`tickets` with hit, component_hit, needed, settled (the outcome is on record); `failures` from `start` plus the
    lead on, with kind, mode (of the truth, or null), hit, component_hit, lead_h and ahead (of its complaint)."""

    tickets: pl.DataFrame
    failures: pl.DataFrame
    assets: pl.DataFrame
    months: float


def tickets_frame(tickets: list[Ticket]) -> pl.DataFrame:
    rows = [[getattr(ticket, name) for name in TICKETS] for ticket in tickets]
    return pl.DataFrame(rows, schema=TICKETS, orient="row").with_row_index("ticket")


def score_tickets(
    tickets: list[Ticket],
    failures: pl.DataFrame,
    history: History,
    *,
    start: datetime,
    end: datetime,
    policy: Policy,
    truth: pl.DataFrame | None,
) -> Scored:
    """Judge `tickets` opened from `start` on against `failures` on record until `end`."""
    kinds = history.assets.select("asset_id", "kind")
    told = failures if truth is None else modes(failures, truth)
    if truth is None:
        told = told.with_columns(
            pl.lit(None, dtype=pl.String).alias("mode"), pl.lit(None, dtype=TIME).alias("detectable_from")
        )
    told = told.join(kinds, on="asset_id").filter((pl.col("onset") >= start + policy.lead) & (pl.col("onset") < end))
    told = told.sort(["asset_id", "onset", "component"]).with_row_index("failure")
    frame = tickets_frame(tickets)
    pairs = _pairs(frame, told, policy)
    frame = _judge_tickets(frame, pairs, failures, history, truth, end=end, policy=policy)
    return Scored(frame, _judge_failures(told, pairs, frame), kinds, (end - start) / timedelta(days=30.4375))


def _pairs(tickets: pl.DataFrame, failures: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Every ticket with every failure of its asset that it came in time for."""
    joined = tickets.join(failures, on="asset_id", suffix="_failed")
    return joined.filter(
        (pl.col("onset") >= pl.col("opened_at") + policy.lead) & (pl.col("onset") < pl.col("expires_at"))
    ).with_columns((pl.col("component") == pl.col("component_failed")).alias("same"))


def _judge_tickets(
    tickets: pl.DataFrame,
    pairs: pl.DataFrame,
    failures: pl.DataFrame,
    history: History,
    truth: pl.DataFrame | None,
    *,
    end: datetime,
    policy: Policy,
) -> pl.DataFrame:
    hit, same = set(pairs["ticket"].to_list()), set(pairs.filter("same")["ticket"].to_list())
    needed = _needed(tickets, failures, history)
    if truth is not None:
        needed |= _worn(tickets, truth)
    number = pl.col("ticket")
    return tickets.with_columns(
        number.is_in(hit).alias("hit"),
        number.is_in(same).alias("component_hit"),
        number.is_in(needed).alias("needed"),
        (number.is_in(hit) | (pl.col("expires_at") <= end)).alias("settled"),
        (number.is_in(needed) | (pl.col("opened_at") + NEEDED_WITHIN <= end) | pl.lit(truth is not None)).alias(
            "need_known"
        ),
    )


def _needed(tickets: pl.DataFrame, failures: pl.DataFrame, history: History) -> set[int]:
    """Tickets after which the same component failed, or a visit found it worn, within NEEDED_WITHIN."""
    moments = pl.concat(
        [
            failures.select("asset_id", "component", pl.col("onset").alias("at")),
            found_worn(history.repairs).select("asset_id", "component", pl.col("opened_at").alias("at")),
        ]
    )
    joined = tickets.join(moments, on=["asset_id", "component"])
    found = joined.filter((pl.col("at") >= pl.col("opened_at")) & (pl.col("at") < pl.col("opened_at") + NEEDED_WITHIN))
    return set(found["ticket"].to_list())


def _worn(tickets: pl.DataFrame, truth: pl.DataFrame) -> set[int]:
    """Tickets whose component was, by the truth, visibly worn when a crew could be there."""
    joined = tickets.join(truth, on=["asset_id", "component"])
    there = pl.col("opened_at") + CREW_WITHIN
    running = (pl.col("began_at") <= pl.col("opened_at")) & (
        pl.col("ended_at").is_null() | (pl.col("ended_at") > pl.col("opened_at"))
    )
    return set(joined.filter(running & (pl.col("detectable_from") <= there))["ticket"].to_list())


def _judge_failures(failures: pl.DataFrame, pairs: pl.DataFrame, tickets: pl.DataFrame) -> pl.DataFrame:
    first = (
        pairs.group_by("failure")
        .agg(pl.col("opened_at").min().alias("warned_at"), pl.col("same").any().alias("component_hit"))
        .with_columns(pl.lit(True).alias("hit"))
    )
    judged = failures.join(first, on="failure", how="left").with_columns(
        pl.col("hit").fill_null(False),
        pl.col("component_hit").fill_null(False),
        ((pl.col("onset") - pl.col("warned_at")).dt.total_seconds() / 3600).alias("lead_h"),
    )
    open_then = judged.filter(pl.col("complaint_at").is_not_null()).join(tickets, on="asset_id", suffix="_ticket")
    open_then = open_then.filter(
        (pl.col("opened_at_ticket") < pl.col("complaint_at")) & (pl.col("expires_at") > pl.col("onset"))
    )
    ahead = set(open_then["failure"].to_list())
    return judged.with_columns(pl.col("failure").is_in(ahead).alias("ahead")).sort("failure")
