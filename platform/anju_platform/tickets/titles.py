"""Titles of tickets in Chinese and English, from what they are about and their gravest evidence."""

from collections.abc import Sequence
from datetime import datetime

from anju_contracts.kinds import Label, component_label
from anju_platform.tickets.models import Evidence, Subject


def ticket_title(subject: Subject, component: str | None, evidence: Sequence[Evidence]) -> Label:
    """For example `3号楼电梯 · 门机：关门故障` and `Lift 3 · door operator: door failed to close`.

    The gravest evidence heads the title, the earliest of equals, so that the order of arrival doesn't matter.
    """
    head = min(evidence, key=_weight)
    part = component_label(subject.kind, component) if component else None
    return Label(
        f"{subject.label_zh}{f' · {part.zh}' if part else ''}：{head.label_zh}",
        f"{subject.label_en}{f' · {part.en}' if part else ''}: {head.label_en}",
    )


def _weight(evidence: Evidence) -> tuple[int, bool, datetime, str, str]:
    return -evidence.priority.rank, not evidence.is_report, evidence.at, evidence.kind, evidence.label_en
