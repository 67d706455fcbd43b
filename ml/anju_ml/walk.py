"""The rolling origin: train on what was known, score day after day, open and close tickets as a platform would."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from anju_ml.decide import OpenTicket, decide
from anju_ml.engine import Engine, Here, Task
from anju_ml.engine_tasks import Ground, ground, score_days, train_at
from anju_ml.errors import TooPoor
from anju_ml.explain import explain
from anju_ml.failures import found_worn
from anju_ml.grid import DAY, Grid
from anju_ml.history import History
from anju_ml.model import Model
from anju_ml.policy import Policy
from anju_ml.predicting import Block, risks_of
from anju_ml.risk import Risk

RETRAIN_EVERY: Final = timedelta(days=30)
SCORED_AT_ONCE: Final = 40_000
"""Asset-days whose features are held in memory together."""
WATCHED_FROM: Final = 0.5
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Ticket:
    asset_id: str
    kind: str
    component: str
    opened_at: datetime
    expires_at: datetime
    probability: float
    reasons: tuple[str, ...]


@dataclass
class Predictions:
    """P(failure within the horizon) of every scored asset, component and day, for calibration."""

    kind: str
    component: str
    assets: tuple[str, ...]
    days: list[datetime] = field(default_factory=list)
    p: list[npt.NDArray[np.float32]] = field(default_factory=list)


@dataclass
class Walk:
    """What the walk found: tickets, predictions by (kind, component), the models' own records."""

    tickets: list[Ticket] = field(default_factory=list)
    predictions: dict[tuple[str, str], Predictions] = field(default_factory=dict)
    models: list[dict[str, object]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass
class Desk:
    """Open and recently closed problems. A ticket closes at its failure or at a visit for it; one that expires leaves
    the problem as it was."""

    ends: dict[tuple[str, str], list[datetime]]
    open_until: dict[tuple[str, str], datetime] = field(default_factory=dict)
    closed_at: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def pass_to(self, now: datetime) -> None:
        for problem, until in list(self.open_until.items()):
            if until <= now:
                if until in self.ends.get(problem, ()):
                    self.closed_at[problem] = until
                del self.open_until[problem]

    def open(self, ticket: OpenTicket, now: datetime) -> None:
        problem = (ticket.risk.asset_id, ticket.risk.component)
        later = [at for at in self.ends.get(problem, []) if at > now]
        self.open_until[problem] = min([ticket.expires_at, *later])


def walk(
    history: History,
    failures: pl.DataFrame,
    grids: dict[str, Grid],
    on: Ground,
    *,
    start: datetime,
    policy: Policy,
    progress: Progress,
    engine: Engine,
) -> Walk:
    """Tickets from `start` to the end of `grids`; `on` is shared with `engine`. Raises TooPoor when nothing can be
    learned before `start`."""
    end = next(iter(grids.values())).anchor
    found, desk = Walk(), Desk(endings(history, failures))
    spans = [(origin, min(origin + RETRAIN_EVERY, end)) for origin in _origins(start, end)]
    trainings = deque(engine.submit(train_at, on, origin) for origin, _ in spans)
    model: Model | None = None
    for origin, upto in spans:
        share = (origin - start) / max(end - start, DAY)
        progress(f"training on what was known on {origin:%Y-%m-%d}", share)
        model = _trained(trainings.popleft().result(), origin, found=found, previous=model)
        progress(f"scoring {origin:%Y-%m-%d} to {upto:%Y-%m-%d}", share)
        for blocks in _scored(engine, on, model, grids, (origin, upto)):
            _pass_days(model, blocks, grids, policy=policy, desk=desk, found=found)
    progress("scored", 1.0)
    return found


def _origins(start: datetime, end: datetime) -> Iterator[datetime]:
    while start < end:
        yield start
        start += RETRAIN_EVERY


def _trained(trained: Model | TooPoor, origin: datetime, *, found: Walk, previous: Model | None) -> Model:
    """The new model, or the previous one where there is none; TooPoor where there was none before."""
    if isinstance(trained, TooPoor):
        if previous is None:
            raise trained
        return previous
    found.models.append({**trained.metrics, "opens_tickets": trained.opens_tickets, "why_not": trained.why_not})
    if not trained.opens_tickets:
        found.notes.append(f"{origin:%Y-%m-%d}: opens no tickets. {trained.why_not}")
    return trained


def endings(history: History, failures: pl.DataFrame) -> dict[tuple[str, str], list[datetime]]:
    """When a ticket of a problem would end by itself: at a failure, or at a preventive visit that found it worn."""
    visits = found_worn(history.repairs).select("asset_id", "component", pl.col("opened_at").alias("at"))
    moments = pl.concat([failures.select("asset_id", "component", pl.col("onset").alias("at")), visits])
    out: dict[tuple[str, str], list[datetime]] = {}
    for asset, component, at in moments.sort("asset_id", "component", "at").iter_rows():
        out.setdefault((asset, component), []).append(at)
    return out


def score_span(
    model: Model,
    history: History,
    grids: dict[str, Grid],
    span: tuple[datetime, datetime],
    *,
    policy: Policy,
    desk: Desk,
    found: Walk,
) -> None:
    """Score each day of `span` over all kinds together, so that the crew's capacity is shared."""
    on = ground(history, grids, policy=policy, seed=model.seed)
    for blocks in _scored(Here(), on, model, grids, span):
        _pass_days(model, blocks, grids, policy=policy, desk=desk, found=found)


def _scored(
    engine: Engine, on: Ground, model: Model, grids: dict[str, Grid], span: tuple[datetime, datetime]
) -> Iterator[dict[str, Block]]:
    """The days of `span` in order, so many at once as features have room; `on` is shared with `engine`."""
    days_at_once = max(1, SCORED_AT_ONCE // max(len(grid.assets) for grid in grids.values()))
    shared, waiting = engine.share(model), deque[Task[dict[str, Block]]]()
    day, last = span
    while day < last:
        stop = min(day + days_at_once * DAY, last)
        waiting.append(engine.submit(score_days, on, shared, day, stop))
        if len(waiting) > engine.ahead:
            yield waiting.popleft().result()
        day = stop
    while waiting:
        yield waiting.popleft().result()


def _pass_days(
    model: Model, blocks: dict[str, Block], grids: dict[str, Grid], *, policy: Policy, desk: Desk, found: Walk
) -> None:
    for kind, block in blocks.items():
        _remember(found, block, grids[kind], policy.horizon / DAY)
    for position in range(len(next(iter(blocks.values())).features.origins)):
        _decide_day(model, blocks, grids, position, policy=policy, desk=desk, found=found)


def _remember(found: Walk, block: Block, grid: Grid, horizon_days: float) -> None:
    for name in block.p:
        key = (grid.kind, name)
        kept = found.predictions.setdefault(key, Predictions(grid.kind, name, grid.assets))
        whole = np.where(block.observed[name], block.within(name, horizon_days), np.nan).astype(np.float32)
        kept.p.append(whole)
        kept.days += [grid.time_of(int(origin)) for origin in block.features.origins]


def _decide_day(
    model: Model,
    blocks: dict[str, Block],
    grids: dict[str, Grid],
    position: int,
    *,
    policy: Policy,
    desk: Desk,
    found: Walk,
) -> None:
    kind = next(iter(blocks))
    now = grids[kind].time_of(int(blocks[kind].features.origins[position]))
    desk.pass_to(now)
    if not model.opens_tickets:
        return
    risks: list[Risk] = []
    for kind, block in blocks.items():
        floor = {name: WATCHED_FROM * policy.bar(kind, name) for name in block.p}
        risks += risks_of(model.kinds[kind], block, grids[kind], position=position, floor=floor)
    decisions = decide(
        risks, policy=policy, as_of=now, open_problems=desk.open_until.keys(), recently_closed=desk.closed_at
    )
    for decision in decisions:
        if isinstance(decision, OpenTicket):
            desk.open(decision, now)
            found.tickets.append(_ticket(model, blocks, grids, decision, position))


def _ticket(
    model: Model, blocks: dict[str, Block], grids: dict[str, Grid], decision: OpenTicket, position: int
) -> Ticket:
    kind = decision.risk.kind
    reasons = explain(model.kinds[kind], blocks[kind], grids[kind], [decision.risk], position=position)[0]
    risk = replace(decision.risk, reasons=reasons)
    return Ticket(
        asset_id=risk.asset_id,
        kind=kind,
        component=risk.component,
        opened_at=risk.as_of,
        expires_at=decision.expires_at,
        probability=decision.probability,
        reasons=tuple(reason.en for reason in reasons),
    )
