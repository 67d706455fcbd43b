"""What a prediction advises for the visit, as the log of its ticket keeps it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from anju_contracts.kinds import Label
from anju_platform.tickets.views import LogEntry


@dataclass(frozen=True, slots=True)
class VisitPlan:
    """The latest sensible visit, and what to bring where the table of advice knows it."""

    visit_by: datetime
    part: Label | None
    skill: Label | None


def visit_plan(log: Sequence[LogEntry]) -> VisitPlan | None:
    """By the newest prediction that opened or joined the ticket; None where none advises."""
    told = [entry.detail["evidence"]["data"] for entry in log if entry.detail.get("evidence")]
    data = next((each for each in reversed(told) if "visit_by" in each), None)
    if data is None:
        return None
    bring = data.get("bring") or {}
    return VisitPlan(datetime.fromisoformat(data["visit_by"]), _label(bring, "part"), _label(bring, "skill"))


def _label(bring: Mapping[str, str], name: str) -> Label | None:
    return Label(bring[f"{name}_zh"], bring[f"{name}_en"]) if f"{name}_zh" in bring else None
