"""How good the live tickets were, judged by the hidden truth. Pure; the definitions are those of the evaluation page.

A life's `fails_at` is when it would fail if nobody touched it, so a prevented failure counts like one that came.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from anju_simulators.records import LifeTruth

LEAD = timedelta(hours=24)
HORIZON = timedelta(days=30)
CREW_WITHIN = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class LiveTicket:
    """A ticket as the database has it; `asset` is None for a matter of the whole community."""

    id: int
    asset: str | None
    component: str | None
    origin: str
    opened_at: datetime
    expires_at: datetime | None = None
    done_at: datetime | None = None
    """When it was resolved or closed, whichever came first."""


@dataclass(frozen=True, slots=True)
class LiveComplaint:
    asset: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """`needed` and `hits` count among `proactive` tickets; `precision` is None without any; leads are hours."""

    proactive: int
    needed: int
    hits: int
    lead_hours: tuple[float, ...]
    failures: int
    eligible: int
    ahead: int

    @property
    def precision(self) -> float | None:
        return self.hits / self.proactive if self.proactive else None


def judge(
    tickets: Sequence[LiveTicket],
    complaints: Sequence[LiveComplaint],
    lives: Iterable[LifeTruth],
    *,
    since: datetime,
    until: datetime,
) -> Verdict:
    """The verdict on the tickets that were opened from `since` to `until`."""
    of_asset: dict[str, list[LifeTruth]] = {}
    for life in lives:
        of_asset.setdefault(life.asset_id, []).append(life)
    proactive = [ticket for ticket in tickets if ticket.origin == "proactive" and ticket.asset is not None]
    leads = [lead_of(ticket, of_asset.get(ticket.asset or "", [])) for ticket in proactive]
    failed = [life for group in of_asset.values() for life in group if has_failed(life, since=since, until=until)]
    reported = [(life, first) for life in failed if (first := first_complaint(life, complaints, until=until))]
    return Verdict(
        proactive=len(proactive),
        needed=sum(is_needed(ticket, of_asset.get(ticket.asset or "", [])) for ticket in proactive),
        hits=sum(lead is not None for lead in leads),
        lead_hours=tuple(sorted(lead / timedelta(hours=1) for lead in leads if lead is not None)),
        failures=len(failed),
        eligible=len(reported),
        ahead=sum(any(_is_open(ticket, life, first) for ticket in proactive) for life, first in reported),
    )


def is_needed(ticket: LiveTicket, lives: Iterable[LifeTruth]) -> bool:
    """Whether a crew sent within two days would have found the ticket's component worn or failed."""
    by = ticket.opened_at + CREW_WITHIN
    return any(
        life.component == ticket.component
        and _runs_at(life, ticket.opened_at)
        and min(life.detectable_from or life.fails_at, life.fails_at) <= by
        for life in lives
    )


def lead_of(ticket: LiveTicket, lives: Iterable[LifeTruth]) -> timedelta | None:
    """How long after the ticket a failure of the asset would begin: at least the lead, within the horizon; else None.

    The ticket's own component counts first.
    """
    end = ticket.expires_at or ticket.opened_at + HORIZON
    due = [
        life for life in lives if _runs_at(life, ticket.opened_at) and ticket.opened_at + LEAD <= life.fails_at <= end
    ]
    if not due:
        return None
    first = min(due, key=lambda life: (life.component != ticket.component, life.fails_at))
    return first.fails_at - ticket.opened_at


def has_failed(life: LifeTruth, *, since: datetime, until: datetime) -> bool:
    """Whether it really failed in that span: nobody had ended it before."""
    return since <= life.fails_at <= until and (life.ended_at is None or life.ended_at > life.fails_at)


def first_complaint(life: LifeTruth, complaints: Iterable[LiveComplaint], *, until: datetime) -> datetime | None:
    """The first complaint about the asset from the moment that the wear could be noticed to the repair."""
    begin = min(life.detectable_from or life.fails_at, life.fails_at)
    end = life.ended_at or until
    return min((one.at for one in complaints if one.asset == life.asset_id and begin <= one.at <= end), default=None)


def percentile(ascending: Sequence[float], share: float) -> float | None:
    """The value below which `share` (0 to 1) of them lie, between neighbours by proportion; None for none."""
    if not ascending:
        return None
    place = share * (len(ascending) - 1)
    left = int(place)
    right = min(left + 1, len(ascending) - 1)
    return ascending[left] + (ascending[right] - ascending[left]) * (place - left)


def _runs_at(life: LifeTruth, at: datetime) -> bool:
    return life.began_at <= at and (life.ended_at is None or life.ended_at > at)


def _is_open(ticket: LiveTicket, life: LifeTruth, at: datetime) -> bool:
    """Whether the ticket about the failing asset was open before `at`."""
    still = ticket.done_at is None or ticket.done_at >= at
    return ticket.asset == life.asset_id and ticket.opened_at < at and still
