"""The backtest of a history folder: walk, judge, compare, and say it in JSON."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import polars as pl

from anju_ml.arms import compare_arms
from anju_ml.curves import lead_histogram, precision_curve
from anju_ml.engine import Engine, Here
from anju_ml.engine_tasks import ground
from anju_ml.errors import PolicyRefused, TooPoor
from anju_ml.failures import find_failures
from anju_ml.grid import DAY, MAX_DAYS, daily_grids
from anju_ml.history import History
from anju_ml.metrics import Bootstrap, all_metrics, arm_metrics, calibration
from anju_ml.model import DAYS_AT_LEAST, check_rich_enough
from anju_ml.policy import Policy
from anju_ml.score import score_tickets
from anju_ml.selftest import future_cut, shuffled
from anju_ml.walk import Ticket, walk

HERE: Final = Here()
TEST_SHARE: Final = 1 / 3
"""Of the history, where no date is given."""


@dataclass(frozen=True)
class Result:
    """`report` is JSON; `too_poor` says why there are no tickets, or is empty."""

    tickets: list[Ticket]
    report: dict[str, Any]
    too_poor: str = ""
    notes: list[str] = field(default_factory=list)


def quiet(_what: str, _share: float) -> None:
    """Progress for nobody."""


def default_start(history: History) -> datetime:
    """Midnight (UTC) after two thirds of the history."""
    span = history.span()
    if span is None:
        raise TooPoor("the history has no record with a time")
    moment = span[1] - (span[1] - span[0]) * TEST_SHARE
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def run_backtest(
    history: History,
    *,
    start: datetime | None,
    horizon: timedelta,
    lead: timedelta,
    policy: Policy,
    truth: pl.DataFrame | None = None,
    seed: int = 0,
    progress: Callable[[str, float], None] = quiet,
    engine: Engine = HERE,
) -> Result:
    """Tickets from `start` (default: the last third) to the end of `history`, and how good they were. A history that
    is too poor gives no tickets and says why."""
    if horizon <= lead:
        raise PolicyRefused("horizon", str(horizon), f"longer than the lead ({lead}), or no ticket can come in time")
    policy = replace(policy, horizon=horizon, lead=lead)
    settings = {"horizon_days": horizon / DAY, "lead_hours": lead / timedelta(hours=1), "seed": seed}
    try:
        begin = default_start(history) if start is None else start
        return _run(history.tidy(), begin, policy, settings, truth, seed=seed, progress=progress, engine=engine)
    except TooPoor as exc:
        report = {"settings": settings, "too_poor": exc.reason, "tickets": 0, "opens_tickets": False}
        return Result([], report, exc.reason)


def _run(
    history: History,
    start: datetime,
    policy: Policy,
    settings: dict[str, Any],
    truth: pl.DataFrame | None,
    *,
    seed: int,
    progress: Callable[[str, float], None],
    engine: Engine,
) -> Result:
    _check_worth_it(history.known_at(start), start)
    end = _end(history, start)
    failures = find_failures(history)
    grids = daily_grids(history, anchor=end)
    on = engine.share(ground(history, grids, policy=policy, seed=seed))
    meaningless = engine.submit(shuffled, on, start)
    walked = walk(history, failures, grids, on, start=start, policy=policy, progress=progress, engine=engine)
    progress("judging the tickets", 1.0)
    scored = score_tickets(walked.tickets, failures, history, start=start, end=end, policy=policy, truth=truth)
    arms = compare_arms(scored, history, grids, start=start, policy=policy, seed=seed, by_truth=truth is not None)
    boot = Bootstrap(scored.assets["asset_id"].to_list(), seed=seed)
    report = {
        "settings": settings,
        "history": _described(history, failures, start, end),
        **all_metrics(scored, boot),
        "calibration": calibration(
            list(walked.predictions.values()),
            failures,
            history.repairs,
            end=end,
            horizon_days=policy.horizon / DAY,
        ),
        "precision_curve": precision_curve(scored),
        "lead_histogram": lead_histogram(scored),
        "arms": arm_metrics(arms, boot),
        "opens_tickets": any(bool(model["opens_tickets"]) for model in walked.models),
        "notes": walked.notes,
        "models": walked.models,
        "self_test": {"future_cut": future_cut(history, grids, start=start), "shuffled": meaningless.result()},
    }
    return Result(walked.tickets, report, notes=walked.notes)


def _end(history: History, start: datetime) -> datetime:
    """The end of the last whole day of the history, counted from `start`."""
    days = days_after(history, start)
    if days < 1:
        raise TooPoor(f"the history has no day after {start:%Y-%m-%d}")
    return start + days * DAY


def days_after(history: History, start: datetime) -> int:
    """Whole days from `start` to the last record. TooPoor where they are more than can be looked at."""
    span = history.span()
    days = 0 if span is None else (span[1] - start) // DAY
    if span is not None and days > MAX_DAYS - DAYS_AT_LEAST:
        raise TooPoor(
            f"{days} days follow {start:%Y-%m-%d}, more than can be judged; the last record is dated "
            f"{span[1]:%Y-%m-%d}, which may be wrong (else name a later day with --from)"
        )
    return days


def _check_worth_it(known: History, start: datetime) -> None:
    """Raises TooPoor where there is too little to learn from, or where there are rows of readings, but nothing in
    them."""
    check_rich_enough(known, as_of=start)
    valued = any(
        frame[point].count() for frame in known.readings for point in frame.columns if point not in ("asset_id", "ts")
    )
    if not valued and known.events.is_empty():
        raise TooPoor(f"no reading with a value and no event before {start:%Y-%m-%d}")


def _described(history: History, failures: pl.DataFrame, start: datetime, end: datetime) -> dict[str, Any]:
    return {
        "from": start.isoformat(),
        "to": end.isoformat(),
        "assets": dict(history.assets["kind"].value_counts().sort("kind").iter_rows()),
        "failures_before": len(failures.filter(pl.col("onset") < start)),
        "failures_after": len(failures.filter(pl.col("onset") >= start)),
        "events": len(history.events),
        "repairs": len(history.repairs),
        "complaints": len(history.complaints),
    }
