"""From risks to tickets: expected money, capacity, cool-down, minimum lead, a share held out. Pure."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from anju_ml.hazard import TOLD_DAYS
from anju_ml.policy import NEEDED_WITHIN, Policy
from anju_ml.risk import Risk

__all__ = ["Decision", "OpenTicket", "Policy", "Watch", "decide", "judge", "probability_by"]

HELD_OUT_DAYS = 91
_KNOTS = (0.0, *TOLD_DAYS.tolist())


@dataclass(frozen=True, slots=True)
class OpenTicket:
    """`probability` is that of a failure within the horizon; `gain` is what the visit is expected to keep, in money."""

    risk: Risk
    probability: float
    gain: float
    expires_at: datetime
    safety: bool


@dataclass(frozen=True, slots=True)
class Watch:
    """Worth an eye, not a visit; `why` is `probability`, `cool_down`, `beside` (another ticket of the asset),
    `capacity`, `too_late` or `held_out`."""

    risk: Risk
    probability: float
    why: str


Decision = OpenTicket | Watch


def decide(
    risks: Sequence[Risk],
    *,
    policy: Policy,
    as_of: datetime,
    open_problems: Collection[tuple[str, str | None]],
    recently_closed: Mapping[tuple[str, str], datetime],
) -> list[Decision]:
    """Tickets to open, best first (safety-relevant components before all), then what to watch.

    `open_problems` are (asset, component or None where unknown) that already have a ticket; nothing is said of
    these, and of other components of their assets only where it is far clearer. `recently_closed` gives when the last
    ticket of a problem was served or withdrawn.
    """
    taken = set(open_problems)
    chosen: list[OpenTicket] = []
    watched: list[Watch] = []
    for risk in risks:
        if (risk.asset_id, risk.component) in taken or (risk.asset_id, None) in taken:
            continue
        closed_at = recently_closed.get((risk.asset_id, risk.component))
        decision = judge(risk, policy=policy, as_of=as_of, closed_at=closed_at)
        if isinstance(decision, OpenTicket):
            chosen.append(decision)
        elif decision is not None:
            watched.append(decision)
    held = [ticket for ticket in chosen if is_held_out(ticket, policy=policy)]
    watched += [Watch(ticket.risk, ticket.probability, "held_out") for ticket in held]
    chosen = [ticket for ticket in chosen if ticket not in held]
    chosen, beside = _one_visit_an_asset(chosen, {asset for asset, _ in taken}, policy)
    watched += [Watch(ticket.risk, ticket.probability, "beside") for ticket in beside]
    chosen.sort(key=lambda ticket: (not ticket.safety, -ticket.gain, ticket.risk.asset_id, ticket.risk.component))
    kept = chosen[: policy.tickets_per_day]
    watched += [Watch(ticket.risk, ticket.probability, "capacity") for ticket in chosen[len(kept) :]]
    return [*kept, *watched]


def _one_visit_an_asset(
    tickets: list[OpenTicket], visited: set[str], policy: Policy
) -> tuple[list[OpenTicket], list[OpenTicket]]:
    """Tickets to open and those to leave: of an asset the most probable, and beside a ticket that is there already only
    what is relevant to safety or halfway from its bar to certain. Signs of one fault are easily taken for those of
    another, and a crew comes anyway."""
    kept: list[OpenTicket] = []
    left: list[OpenTicket] = []
    visited = set(visited)
    for ticket in sorted(tickets, key=lambda ticket: (not ticket.safety, -ticket.probability)):
        clear = ticket.safety or ticket.probability >= (1.0 + bar_of(ticket.risk, policy)) / 2
        (kept if clear or ticket.risk.asset_id not in visited else left).append(ticket)
        visited.add(ticket.risk.asset_id)
    return kept, left


def bar_of(risk: Risk, policy: Policy) -> float:
    """The probability from which a ticket pays and the model's own experience trusts it."""
    return max(policy.bar(risk.kind, risk.component), risk.threshold)


def is_held_out(ticket: OpenTicket, *, policy: Policy) -> bool:
    """Whether a borderline ticket is one of those that are not opened, to see what would have come. The draw is the
    same for a quarter of a year, so that what is held out today isn't opened tomorrow at the same probability."""
    risk = ticket.risk
    if ticket.safety or ticket.probability >= bar_of(risk, policy) + policy.borderline:
        return False
    quarter = risk.as_of.toordinal() // HELD_OUT_DAYS
    drawn = hashlib.sha256(f"{risk.asset_id}/{risk.component}/{quarter}".encode()).digest()
    return int.from_bytes(drawn[:8], "big") < policy.held_out_share * 2**64


def judge(risk: Risk, *, policy: Policy, as_of: datetime, closed_at: datetime | None) -> Decision | None:
    """One risk by itself, capacity apart; None when it is not even worth watching."""
    within = probability_by(risk, policy.horizon)
    sooner_or_later = probability_by(risk, max(NEEDED_WITHIN, policy.horizon))
    useful = max(sooner_or_later - probability_by(risk, policy.lead), 0.0)
    benefit = policy.benefit(risk.kind, risk.component)
    gain = useful * benefit - (1.0 - sooner_or_later) * policy.false_visit
    bar = bar_of(risk, policy)
    cooling = closed_at is not None and as_of - closed_at < policy.cool_down
    needed = min(bar + policy.reopen_margin, (1.0 + bar) / 2) if cooling else bar
    if within >= needed and gain > 0:
        return OpenTicket(risk, within, gain, as_of + policy.horizon, policy.is_safety(risk.kind, risk.component))
    if within < bar / 2:
        return None
    if within >= needed:
        return Watch(risk, within, "too_late")
    return Watch(risk, within, "cool_down" if cooling and within >= bar else "probability")


def probability_by(risk: Risk, span: timedelta) -> float:
    """P(failure within `span`), between the stated horizons by constant hazard, beyond 30 days by the last one."""
    known = (0.0, risk.p_24h, risk.p_72h, risk.p_7d, risk.p_30d)
    days = span / timedelta(days=1)
    for start, end, p_start, p_end in zip(_KNOTS, _KNOTS[1:], known, known[1:], strict=False):
        if days <= end or end == _KNOTS[-1]:
            if p_end >= 1.0:
                return 1.0 if days >= end else p_start + (1.0 - p_start) * (days - start) / (end - start)
            survived = (1.0 - p_end) / (1.0 - p_start)
            return float(1.0 - (1.0 - p_start) * survived ** ((days - start) / (end - start)))
    raise AssertionError("the last horizon ends the loop")
