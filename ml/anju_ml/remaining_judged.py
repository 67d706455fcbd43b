"""Expected remaining life of a whole folder, held against what became of it: on record, or by a truth file."""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl
from rich.console import Console
from rich.table import Table

from anju_contracts.clock import rfc3339
from anju_ml.backtest import days_after
from anju_ml.errors import TooPoor
from anju_ml.failures import find_failures
from anju_ml.grid import DAY, Grid, daily_grids
from anju_ml.history import History
from anju_ml.metrics import Bootstrap
from anju_ml.model import check_rich_enough
from anju_ml.remaining import FAILURES_AT_LEAST, Expected, KindLasting, expect, learn_remaining

LIMIT_DAYS: Final = 125.0
"""Beyond it lives count as so long where `within_limit` is judged; the literature on engines has this number."""
EARLY_DAYS: Final = 13.0
LATE_DAYS: Final = 10.0
WORST: Final = 50.0
COLUMNS: Final = ("asset_id", "kind", "component", "as_of", "days", "median", "low", "high", "within_limit")
FIGURES: Final = (
    ("rmse", "root mean square error"),
    ("mae", "mean absolute error"),
    ("bias", "mean error (more: said too long)"),
    ("score", "mean penalty, late counts more than early"),
    ("within_limit_rmse", "root mean square error within the limit"),
    ("within_80", "share inside the middle 80 %"),
)
Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Remaining:
    """`expected` at the end of the record; `report` is JSON; `too_poor` says why there is nothing, or is empty."""

    expected: list[Expected]
    report: dict[str, Any] = field(default_factory=dict)
    too_poor: str = ""


def assess_remaining(
    history: History,
    *,
    start: datetime | None = None,
    truth: pl.DataFrame | None = None,
    limit_days: float = LIMIT_DAYS,
    seed: int = 0,
) -> Remaining:
    """Learned from what was known at `start` (default: the end of the record), told at the end of the record, and
    judged: at the end by `truth`, at `start` by the record after it."""
    try:
        learned_at, end = _moments(history, start)
        check_rich_enough(history.known_at(learned_at), as_of=learned_at)
        grids = daily_grids(history, anchor=end)
        models = _learned(history, grids, learned_at, seed=seed)
    except TooPoor as exc:
        return Remaining([], {"too_poor": exc.reason}, exc.reason)
    told = _told(models, history, grids, end, limit_days)
    report: dict[str, Any] = {
        "learned_until": rfc3339(learned_at),
        "as_of": rfc3339(end),
        "limit_days": limit_days,
        "seed": seed,
        "models": {kind: _described(model) for kind, model in models.items()},
        "expected": len(told),
    }
    if truth is not None:
        report["by_truth"] = judge(told, _true_days(truth, end), limit_days=limit_days, seed=seed)
    if end > learned_at:
        early = _told(models, history, grids, learned_at, limit_days)
        failed = _recorded_days(find_failures(history), learned_at)
        report["order"] = concordance(early, failed, watched=(end - learned_at) / DAY)
    return Remaining(told, report)


def _moments(history: History, start: datetime | None) -> tuple[datetime, datetime]:
    """Until when is learned from, and the end of the record in whole days after it."""
    span = history.span()
    if span is None:
        raise TooPoor("the history has no record with a time")
    learned_at = start or span[1] + (DAY - (span[1] - span[0]) % DAY)
    if learned_at > span[1] + DAY:
        raise TooPoor(f"the last record is of {span[1]:%Y-%m-%d}, before {learned_at:%Y-%m-%d}")
    return learned_at, learned_at + max(days_after(history, learned_at) + 1, 0) * DAY


def _learned(history: History, grids: Mapping[str, Grid], learned_at: datetime, *, seed: int) -> dict[str, KindLasting]:
    models = {kind: learn_remaining(history, grid, as_of=learned_at, seed=seed) for kind, grid in grids.items()}
    if not any(model.components for model in models.values()):
        raise TooPoor(f"no component has failed {FAILURES_AT_LEAST} times before {learned_at:%Y-%m-%d}")
    return models


def _told(
    models: dict[str, KindLasting], history: History, grids: dict[str, Grid], at: datetime, limit_days: float
) -> list[Expected]:
    found = [expect(model, history, grids[kind], as_of=at, limit_days=limit_days) for kind, model in models.items()]
    return sorted((each for part in found for each in part), key=lambda each: (each.asset_id, each.component))


def _described(model: KindLasting) -> dict[str, Any]:
    return {
        "conditions": None
        if model.conditions is None
        else {"point": model.conditions.point, "number": len(model.conditions.cuts) + 1},
        "components": {
            name: {"failures": each.failures, "longest_days": each.edges[-1], "features": len(each.columns)}
            for name, each in model.components.items()
        },
    }


def _true_days(truth: pl.DataFrame, at: datetime) -> dict[tuple[str, str], float]:
    """Days to the end of each life that ran at `at`, by asset and component."""
    running = truth.filter((pl.col("began_at") <= at) & (pl.col("ended_at") >= at))
    return {
        (asset, component): (ended - at) / DAY
        for asset, component, ended in running.select("asset_id", "component", "ended_at").iter_rows()
    }


def _recorded_days(failures: pl.DataFrame, at: datetime) -> dict[tuple[str, str], float]:
    """Days to the next failure on record after `at`, by asset and component."""
    later = failures.filter(pl.col("onset") >= at).sort("onset").unique(["asset_id", "component"], keep="first")
    return {
        (asset, component): (onset - at) / DAY
        for asset, component, onset in later.select("asset_id", "component", "onset").iter_rows()
    }


def judge(
    told: Sequence[Expected], true_days: dict[tuple[str, str], float], *, limit_days: float, seed: int
) -> dict[str, Any]:
    """Figures with 95 % intervals by bootstrap over assets, of the lives whose true end is known."""
    own = [each for each in told if (each.asset_id, each.component) in true_days]
    true = np.array([true_days[each.asset_id, each.component] for each in own])
    error = np.array([each.days for each in own]) - true
    near = np.array([each.within_limit for each in own]) - np.minimum(true, limit_days)
    inside = np.array([each.low <= days <= each.high for each, days in zip(own, true, strict=True)], np.float64)
    boot = Bootstrap(sorted({each.asset_id for each in own}), seed=seed)
    places = np.array([boot.place[each.asset_id] for each in own], np.int64)
    number = np.bincount(places, minlength=len(boot.place)).astype(np.float64)

    def mean(values: Doubles, shape: Callable[[float], float] = float) -> dict[str, Any]:
        found = boot.ratio(np.bincount(places, values, minlength=len(boot.place)).astype(np.float64), number)
        shaped = {
            name: None if found[name] is None else round(shape(found[name]), 3) for name in ("value", "low", "high")
        }
        return {**shaped, "of": len(own)}

    return {
        "rmse": mean(error**2, np.sqrt),
        "mae": mean(np.abs(error)),
        "bias": mean(error),
        "score": mean(penalty(error)),
        "within_limit_rmse": mean(near**2, np.sqrt),
        "within_80": mean(inside),
    }


def penalty(error: Doubles) -> Doubles:
    """Saxena's penalty of each error in days: exponential, steeper where the life was said too long."""
    late = np.exp(np.minimum(error / LATE_DAYS, WORST)) - 1.0
    found: Doubles = np.where(error < 0, np.exp(np.minimum(-error / EARLY_DAYS, WORST)) - 1.0, late)
    return found


def concordance(told: Sequence[Expected], failed_in: dict[tuple[str, str], float], *, watched: float) -> dict[str, Any]:
    """How often, of two components of one name of which one failed first on record, that one was said to; 0.5 is
    chance (Harrell's C). Those that didn't fail are known to have lasted `watched` days."""
    right, pairs = 0.0, 0
    for name in {(each.kind, each.component) for each in told}:
        own = [each for each in told if (each.kind, each.component) == name]
        said = np.array([each.days for each in own])
        lasted = np.array([failed_in.get((each.asset_id, each.component), np.inf) for each in own])
        for days, guess in zip(lasted[lasted <= watched], said[lasted <= watched], strict=True):
            later = lasted > days
            right += float((guess < said[later]).sum()) + 0.5 * float((guess == said[later]).sum())
            pairs += int(later.sum())
    return {"concordance": round(right / pairs, 3) if pairs else None, "pairs": pairs, "failures": len(failed_in)}


def write_remaining(path: Path, expected: Sequence[Expected]) -> None:
    """A CSV file; days with one decimal."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for each in expected:
            writer.writerow([rfc3339(each.as_of) if name == "as_of" else getattr(each, name) for name in COLUMNS])


def print_remaining(console: Console, report: dict[str, Any]) -> None:
    console.print(f"expected remaining life: {report['expected']} components on {report['as_of'][:10]}")
    if "by_truth" in report:
        table = Table(title="expected remaining life against the truth (days)")
        for heading in ("figure", "value", "95 % interval", "of"):
            table.add_column(heading, justify="left" if heading == "figure" else "right")
        for name, label in FIGURES:
            found = report["by_truth"][name]
            interval = "" if found["value"] is None else f"{found['low']:.2f} to {found['high']:.2f}"
            table.add_row(label, "-" if found["value"] is None else f"{found['value']:.2f}", interval, str(found["of"]))
        console.print(table)
    if report.get("order", {}).get("pairs"):
        console.print(f"order of failures on record: concordance {report['order']['concordance']}")
