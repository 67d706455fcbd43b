"""What each way of working would have cost: one number in money, by asset, for every arm over the same days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from anju_contracts.codes import CODES
from anju_ml.baselines import Visit, at_random, calendar, fixed_thresholds, three_repairs
from anju_ml.counts import count_records
from anju_ml.grid import DAY, Grid
from anju_ml.history import History
from anju_ml.layout import build_series, learn_layout, origin_of
from anju_ml.policy import NEEDED_WITHIN, Policy
from anju_ml.score import CREW_WITHIN, Scored

Doubles = npt.NDArray[np.float64]
TRAPPED: Final = tuple(name for name in CODES if "trapped" in name)


@dataclass(frozen=True)
class Call:
    """A proactive visit of any arm; `component` None looks at the whole asset. `needed`: worn by findings or truth."""

    asset_id: str
    component: str | None
    at: datetime
    needed: bool = False


@dataclass(frozen=True)
class Arm:
    """`saving` by asset, in the order of `assets`: money kept against no proactive visits at all."""

    name: str
    visits: int
    saving: Doubles


def price_failures(failures: pl.DataFrame, history: History, policy: Policy) -> pl.DataFrame:
    """`failures` with `cost` and `benefit` (what a visit in time keeps, on average) in money."""
    trapped = history.events.filter(pl.col("code").is_in(TRAPPED)).select("asset_id", "ts")
    hurt = failures.join(trapped, on="asset_id").filter(
        (pl.col("ts") >= pl.col("onset") - DAY / 24) & (pl.col("ts") <= pl.col("closed_at"))
    )
    caught = set(hurt["failure"].to_list())
    costs, benefits = [], []
    for row in failures.iter_rows(named=True):
        table = policy.cost_of(row["kind"], row["component"])
        cost = table.failure + (policy.entrapment if row["failure"] in caught else 0.0)
        costs.append(cost)
        benefits.append(policy.effectiveness * (cost - table.planned))
    return failures.with_columns(
        pl.Series("cost", costs, dtype=pl.Float64), pl.Series("benefit", benefits, dtype=pl.Float64)
    )


@dataclass(frozen=True)
class Scale:
    """By what visits are priced: with `by_truth` a failure is prevented only where its wear showed by then; without,
    a visit whose horizon passes `end` without a failure is not held against anyone."""

    policy: Policy
    end: datetime
    by_truth: bool


def price_arm(name: str, calls: Sequence[Call], failures: pl.DataFrame, assets: Sequence[str], scale: Scale) -> Arm:
    """The saving of an arm. A visit keeps the benefit of every failure of what it looked at that begins after the
    lead and within 60 days. One that comes too late costs nothing more, one that was needed for something else
    neither, any other costs a false visit."""
    place = {asset: index for index, asset in enumerate(assets)}
    saving = np.zeros(len(assets))
    by_asset: dict[str, list[dict[str, object]]] = {}
    for row in failures.iter_rows(named=True):
        by_asset.setdefault(row["asset_id"], []).append(row)
    prevented: set[int] = set()
    for call in sorted(calls, key=lambda each: (each.at, each.asset_id, each.component or "")):
        found = [row for row in by_asset.get(call.asset_id, []) if call.component in (None, row["component"])]
        saving[place[call.asset_id]] += _worth(call, found, prevented, scale)
    return Arm(name, len(calls), saving)


def _worth(call: Call, failures: list[dict[str, object]], prevented: set[int], scale: Scale) -> float:
    kept, useful = 0.0, call.needed
    for row in failures:
        onset, shows, number = row["onset"], row["detectable_from"], row["failure"]
        assert isinstance(onset, datetime)
        assert isinstance(number, int)
        if not call.at <= onset < call.at + NEEDED_WITHIN:
            continue
        if onset < call.at + scale.policy.lead:
            useful = True
            continue
        if scale.by_truth and not (isinstance(shows, datetime) and shows <= call.at + CREW_WITHIN):
            continue
        useful = True
        if number not in prevented:
            prevented.add(number)
            benefit = row["benefit"]
            assert isinstance(benefit, float)
            kept += benefit
    settled = scale.by_truth or call.at + scale.policy.horizon <= scale.end
    return kept if useful or not settled else -scale.policy.false_visit


def compare_arms(
    scored: Scored,
    history: History,
    grids: Mapping[str, Grid],
    *,
    start: datetime,
    policy: Policy,
    seed: int,
    by_truth: bool,
) -> list[Arm]:
    """The model's tickets against every baseline, and against an oracle that visits a week before each failure that
    anything could have foretold."""
    failures = price_failures(scored.failures, history, policy)
    assets = scored.assets["asset_id"].to_list()
    tickets = [
        Call(row["asset_id"], row["component"], row["opened_at"], row["needed"])
        for row in scored.tickets.iter_rows(named=True)
    ]
    calls = {"model": tickets, "none": [], **_baseline_calls(history, grids, start, policy, len(tickets), seed=seed)}
    scale = Scale(policy, next(iter(grids.values())).anchor, by_truth)
    arms = [price_arm(name, each, failures, assets, scale) for name, each in calls.items()]
    foretold = failures.filter(pl.col("detectable_from").is_not_null()) if by_truth else failures
    oracle = foretold.group_by("asset_id").agg(pl.col("benefit").sum())
    kept = dict(zip(oracle["asset_id"].to_list(), oracle["benefit"].to_list(), strict=True))
    return [*arms, Arm("oracle", len(foretold), np.array([kept.get(asset, 0.0) for asset in assets]))]


def _baseline_calls(
    history: History, grids: Mapping[str, Grid], start: datetime, policy: Policy, visits: int, *, seed: int
) -> dict[str, list[Call]]:
    known = history.known_at(start)
    days = {kind: np.arange(origin_of(grid, start), grid.days) for kind, grid in grids.items()}
    horizon = int(policy.horizon / DAY)
    arms: dict[str, dict[str, list[Visit]]] = {
        "calendar": calendar(grids, days, visits=visits),
        "three_repairs": {},
        "fixed_thresholds": {},
        "random": at_random(grids, days, visits=visits, seed=seed),
    }
    for kind, grid in grids.items():
        first = origin_of(grid, start)
        layout = learn_layout(known, grid, origin=first)
        records = count_records(history, grid, layout)
        arms["three_repairs"][kind] = three_repairs(records, layout, days[kind], horizon=horizon)
        series = build_series(grid, layout)
        arms["fixed_thresholds"][kind] = fixed_thresholds(series, days[kind], first=first, horizon=horizon)
    return {
        name: [
            Call(grids[kind].assets[visit.asset], visit.component, grids[kind].time_of(visit.day))
            for kind, found in each.items()
            for visit in found
        ]
        for name, each in arms.items()
    }
