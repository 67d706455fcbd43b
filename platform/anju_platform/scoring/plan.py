"""Which risks become tickets, given what is already known. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from anju_ml.decide import OpenTicket, Watch, decide, judge
from anju_ml.policy import Policy
from anju_ml.risk import Risk
from anju_platform.scoring.advice import advice_for
from anju_platform.scoring.models import KnownProblem
from anju_platform.tickets.models import Priority

SOON: Final = 0.5
"""With this probability within 72 h a ticket is high."""
CHEAP: Final = 500.0
"""Yuan. What costs less when it fails is low, unless it is relevant to safety."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`opening` are to be opened, best first; `joining` concern problems that have a ticket without prediction."""

    opening: list[OpenTicket]
    joining: list[OpenTicket]
    watching: list[Watch]


def make_plan(risks: Sequence[Risk], known: Iterable[KnownProblem], *, policy: Policy, as_of: datetime) -> Plan:
    """The decisions at `as_of`. Only the best prediction joins a ticket whose component nobody knows yet."""
    problems = list(known)
    closed = _last_closed(problems)
    open_now = [problem for problem in problems if problem.closed_at is None]
    taken = {(problem.asset_key, problem.component) for problem in open_now}
    decisions = decide(risks, policy=policy, as_of=as_of, open_problems=taken, recently_closed=closed)
    waiting = {(problem.asset_key, problem.component) for problem in open_now if not problem.foreseen}
    joining: dict[tuple[str, str | None], OpenTicket] = {}
    for risk in risks:
        place = _place(risk, waiting)
        decision = judge(risk, policy=policy, as_of=as_of, closed_at=closed.get((risk.asset_id, risk.component)))
        if place is None or not isinstance(decision, OpenTicket):
            continue
        if place not in joining or decision.gain > joining[place].gain:
            joining[place] = decision
    return Plan(
        opening=[one for one in decisions if isinstance(one, OpenTicket)],
        joining=list(joining.values()),
        watching=[one for one in decisions if isinstance(one, Watch)],
    )


def _place(risk: Risk, waiting: set[tuple[str, str | None]]) -> tuple[str, str | None] | None:
    """The problem without prediction that `risk` speaks of."""
    for problem in ((risk.asset_id, risk.component), (risk.asset_id, None)):
        if problem in waiting:
            return problem
    return None


def _last_closed(problems: Iterable[KnownProblem]) -> dict[tuple[str, str], datetime]:
    closed: dict[tuple[str, str], datetime] = {}
    for problem in problems:
        if problem.closed_at is not None and problem.component is not None:
            key = (problem.asset_key, problem.component)
            closed[key] = max(problem.closed_at, closed.get(key, problem.closed_at))
    return closed


def priority_of(decision: OpenTicket, *, policy: Policy) -> Priority:
    """High for what is relevant to safety or likely within 72 h, low for what is cheap."""
    risk = decision.risk
    if decision.safety or risk.p_72h >= SOON:
        return Priority.HIGH
    return Priority.LOW if policy.cost_of(risk.kind, risk.component).failure < CHEAP else Priority.NORMAL


def evidence_data(decision: OpenTicket, *, model_id: int) -> dict[str, Any]:
    """What an engineer should see of a prediction, as plain JSON values."""
    risk = decision.risk
    advice = advice_for(risk.kind, risk.component)
    data: dict[str, Any] = msgspec.to_builtins(
        {
            "p_24h": round(risk.p_24h, 4),
            "p_72h": round(risk.p_72h, 4),
            "p_7d": round(risk.p_7d, 4),
            "p_30d": round(risk.p_30d, 4),
            "low": round(risk.low, 4),
            "high": round(risk.high, 4),
            "expected_at": risk.expected_at,
            "visit_by": visit_by(decision),
            "gain": round(decision.gain, 2),
            "reasons": reasons_json(risk),
            "model_id": model_id,
            "bring": advice,
        }
    )
    return data


def visit_by(decision: OpenTicket) -> datetime:
    """The latest sensible visit: halfway to the expected failure, or a third of the horizon where none is in sight."""
    risk = decision.risk
    span = (risk.expected_at - risk.as_of) / 2 if risk.expected_at else (decision.expires_at - risk.as_of) / 3
    return risk.as_of + max(span, timedelta(hours=4))


def reasons_json(risk: Risk) -> list[dict[str, Any]]:
    reasons: list[dict[str, Any]] = msgspec.to_builtins(list(risk.reasons))
    return reasons
