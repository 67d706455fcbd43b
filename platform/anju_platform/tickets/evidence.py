"""Evidence from what is stored: alarms, complaints, predictions. Pure."""

from datetime import datetime
from typing import Any

from anju_contracts.codes import code_label
from anju_contracts.kinds import Label
from anju_platform.tickets.alarms import alarm_table
from anju_platform.tickets.models import Evidence, EvidenceKind, Priority


def event_evidence(
    kind: str, event_id: int, *, code: str, severity: str, state: str, at: datetime, value: float | None = None
) -> Evidence:
    """An alarm of an asset of `kind`; the alarm table tells its priority and component."""
    table = alarm_table()
    label = code_label(code)
    return Evidence(
        EvidenceKind.EVENT,
        event_id,
        at,
        table.rule(kind, code, severity).priority,
        label.zh,
        label.en,
        table.component(kind, code),
        {"code": code, "severity": str(severity), "state": str(state), "value": value},
    )


def complaint_evidence(
    complaint_id: int, *, at: datetime, category: str, label: Label, priority: Priority, component: str | None
) -> Evidence:
    """A resident's report. Its text stays in the complaint, where it can be erased."""
    return Evidence(
        EvidenceKind.COMPLAINT, complaint_id, at, priority, label.zh, label.en, component, {"category": category}
    )


def prediction_evidence(
    prediction_id: int, *, as_of: datetime, component: str, priority: Priority, probability: float, data: dict[str, Any]
) -> Evidence:
    """A foreseen failure; `probability` is of the 30-day horizon, `data` what an engineer should see."""
    share = f"{probability:.0%}"
    return Evidence(
        EvidenceKind.PREDICTION,
        prediction_id,
        as_of,
        priority,
        f"30 天内故障概率 {share}",
        f"{share} likely to fail within 30 days",
        component,
        data,
    )
