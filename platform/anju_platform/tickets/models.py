"""Typed records of tickets: the row, the entries of its log, and the evidence that opened or joined it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

SYSTEM = "system"
"""The actor of whatever no person did."""


class State(StrEnum):
    NEW = "new"
    ACCEPTED = "accepted"
    RESOLVED = "resolved"
    CLOSED = "closed"


OPEN_STATES = (State.NEW, State.ACCEPTED)


class Origin(StrEnum):
    """What opened the ticket; what joined later doesn't change it."""

    PROACTIVE = "proactive"
    ALARM = "alarm"
    COMPLAINT = "complaint"
    REQUEST = "request"


class Priority(StrEnum):
    URGENT = "urgent"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"

    @property
    def rank(self) -> int:
        """3 for urgent down to 0 for low."""
        return len(_ASCENDING) - 1 - _ASCENDING[::-1].index(self)


_ASCENDING = (Priority.LOW, Priority.NORMAL, Priority.HIGH, Priority.URGENT)


class Finding(StrEnum):
    """What the visit found, in view of what the ticket said."""

    CONFIRMED = "confirmed"
    WORN = "worn"
    NOTHING_FOUND = "nothing_found"
    OTHER_FAULT = "other_fault"


class RepairAction(StrEnum):
    REPLACE = "replace"
    REPAIR = "repair"
    ADJUST = "adjust"
    INSPECT = "inspect"


class CloseReason(StrEnum):
    """`DONE` and `AUTO` (nobody objected in time) follow a resolution; the others end a ticket without a visit."""

    DONE = "done"
    AUTO = "auto"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"
    DUPLICATE = "duplicate"


class EvidenceKind(StrEnum):
    EVENT = "event"
    COMPLAINT = "complaint"
    PREDICTION = "prediction"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something stored elsewhere that speaks of the problem: row `id` of the table that `kind` names.

    `at` is when it happened (of a prediction: its as_of); `component` is None where it doesn't tell;
    `data` are plain JSON values. What a resident wrote is not copied here: a log is never erased.
    """

    kind: EvidenceKind
    id: int
    at: datetime
    priority: Priority
    label_zh: str
    label_en: str
    component: str | None = None
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def is_report(self) -> bool:
        """True for what says that the problem is there, False for what says that it may come."""
        return self.kind is not EvidenceKind.PREDICTION


@dataclass(frozen=True, slots=True)
class Subject:
    """What a ticket is about: an asset, or (asset_id None) just a community."""

    community_id: str
    kind: str
    label_zh: str
    label_en: str
    asset_id: int | None = None
    asset_key: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    subject: Subject
    origin: Origin
    priority: Priority
    evidence: Evidence
    expires_at: datetime | None = None
    previous_id: int | None = None
    """The ticket of the same problem that was resolved before."""


@dataclass(frozen=True, slots=True)
class Joined:
    evidence: Evidence
    since: datetime | None = None
    """When the evidence would have opened a ticket of its own."""


@dataclass(frozen=True, slots=True)
class Escalated:
    priority: Priority
    why: str


@dataclass(frozen=True, slots=True)
class Accepted:
    note: str = ""


@dataclass(frozen=True, slots=True)
class Resolved:
    """`component` is what was worked on; None only where nothing was found."""

    finding: Finding
    action: RepairAction
    component: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Closed:
    reason: CloseReason
    note: str = ""


@dataclass(frozen=True, slots=True)
class Noted:
    """Worth knowing, changes nothing: an alarm cleared, late evidence, a remark."""

    text: str
    evidence: Evidence | None = None


Action = Opened | Joined | Escalated | Accepted | Resolved | Closed | Noted


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log. `at` is data time; `version` counts from 1 without gaps."""

    version: int
    at: datetime
    actor: str
    action: Action


@dataclass(frozen=True, slots=True)
class Ticket:
    """The fold of a ticket's log, as its row holds it."""

    id: int
    community_id: str
    asset_id: int | None
    component: str | None
    origin: Origin
    state: State
    priority: Priority
    title_zh: str
    title_en: str
    opened_at: datetime
    version: int
    expires_at: datetime | None = None
    accepted_at: datetime | None = None
    assignee: str | None = None
    resolved_at: datetime | None = None
    finding: Finding | None = None
    closed_at: datetime | None = None
    close_reason: CloseReason | None = None
    previous_id: int | None = None

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES
