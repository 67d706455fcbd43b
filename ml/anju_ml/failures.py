"""What a failure is and when it began, from repairs, complaints and critical events."""

from datetime import timedelta
from typing import Final

import polars as pl

from anju_contracts.codes import CODES, Severity
from anju_ml.cells import TIME
from anju_ml.history import History

MERGE_WITHIN: Final = timedelta(hours=48)
"""Repairs of one component that open this soon after a closing belong to the same failure."""
ONSET_WITHIN: Final = timedelta(hours=48)
"""A complaint or critical event this long before the repair opened is taken to be about it."""
UNCLOSED_AFTER: Final = timedelta(hours=24)
"""Where no closing is recorded."""


def find_failures(history: History) -> pl.DataFrame:
    """asset_id, component, onset, opened_at, closed_at, fault_code, complaint_at (first complaint about it or null);
    sorted by asset, onset, component. A failure is a corrective repair with a fault found; where a history never
    says whether one was found, every corrective repair is one."""
    merged = _merge(history.repairs.filter(_is_failure(history.repairs)))
    merged = merged.sort(["asset_id", "opened_at", "component"]).with_columns(
        pl.max_horizontal(pl.col("opened_at") - ONSET_WITHIN, pl.col("closed_at").shift(1).over("asset_id")).alias(
            "from"
        )
    )
    merged = merged.with_columns(pl.min_horizontal("from", "opened_at").alias("from"))
    complaints = history.complaints.select("asset_id", "ts")
    merged = _first_after(merged, complaints, ["asset_id"], "complaint_at", until="closed_at")
    for name, keys, events in _critical(history):
        merged = _first_after(merged, events, keys, name, until="opened_at")
    onset = pl.min_horizontal("opened_at", "complaint_at", "critical_at", "component_critical_at")
    wanted = ["asset_id", "component", "onset", "opened_at", "closed_at", "fault_code", "complaint_at"]
    return merged.with_columns(onset.alias("onset")).select(wanted).sort(["asset_id", "onset", "component"])


def found_worn(repairs: pl.DataFrame) -> pl.DataFrame:
    """The preventive visits of `repairs` that found a component worn."""
    preventive = pl.col("cause") == "preventive"
    return repairs.filter(preventive & pl.col("fault_found").fill_null(False) & pl.col("component").is_not_null())


def _is_failure(repairs: pl.DataFrame) -> pl.Expr:
    found = pl.col("fault_found").fill_null(repairs["fault_found"].null_count() == len(repairs))
    return (pl.col("cause") == "corrective") & pl.col("component").is_not_null() & found


def _merge(repairs: pl.DataFrame) -> pl.DataFrame:
    key = ["asset_id", "component"]
    ordered = repairs.with_columns(pl.coalesce("closed_at", pl.col("opened_at") + UNCLOSED_AFTER).alias("closed_at"))
    ordered = ordered.sort([*key, "opened_at", "closed_at"]).with_columns(
        pl.col("closed_at").cum_max().shift(1).over(key).alias("before")
    )
    fresh = pl.col("before").is_null() | (pl.col("opened_at") > pl.col("before") + MERGE_WITHIN)
    return (
        ordered.with_columns(fresh.cum_sum().over(key).alias("number"))
        .group_by([*key, "number"], maintain_order=True)
        .agg(pl.col("opened_at").min(), pl.col("closed_at").max(), pl.col("fault_code").drop_nulls().first())
        .drop("number")
    )


def _critical(history: History) -> list[tuple[str, list[str], pl.DataFrame]]:
    """Critical events: those of no particular component, and those that point at one."""
    points_at = {name: code.component for name, code in CODES.items() if code.component}
    found = history.events.filter(
        (pl.col("severity") == Severity.CRITICAL) & (pl.col("state") != "clear")
    ).with_columns(pl.col("code").replace_strict(points_at, default=None, return_dtype=pl.String).alias("component"))
    return [
        ("critical_at", ["asset_id"], found.filter(pl.col("component").is_null()).select("asset_id", "ts")),
        (
            "component_critical_at",
            ["asset_id", "component"],
            found.filter(pl.col("component").is_not_null()).select("asset_id", "component", "ts"),
        ),
    ]


def _first_after(frame: pl.DataFrame, moments: pl.DataFrame, keys: list[str], name: str, *, until: str) -> pl.DataFrame:
    """`frame` with `name`: the first of `moments` of the same `keys` between its `from` and its `until`."""
    if frame.is_empty() or moments.is_empty():
        return frame.with_columns(pl.lit(None, dtype=TIME).alias(name))
    joined = frame.sort("from").join_asof(
        moments.rename({"ts": name}).sort(name),
        left_on="from",
        right_on=name,
        by=keys,
        strategy="forward",
        coalesce=False,
        check_sortedness=False,
    )
    return joined.with_columns(pl.when(pl.col(name) <= pl.col(until)).then(pl.col(name)).alias(name))
