"""What comes out of a simulated community: what devices say, residents report, crews write, and the hidden truth."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Finding = Literal["confirmed", "worn", "nothing_found", "other_fault"]
Cause = Literal["corrective", "preventive"]
Behind = Literal["failure", "wear", "outside", "nothing"]
"""`outside`: a power cut or misuse; `nothing`: no part of the asset was worn."""


@dataclass(frozen=True, slots=True)
class EventRow:
    asset_id: str
    at: datetime
    code: str
    severity: str
    state: Literal["raise", "clear", "momentary"]


@dataclass(frozen=True, slots=True)
class Complaint:
    """`behind` is hidden: what made the resident complain."""

    asset_id: str
    at: datetime
    category: str
    text: str
    behind: Behind


@dataclass(frozen=True, slots=True)
class Repair:
    """A line of the repair book. `fault_found` is false for a visit that found nothing to mend."""

    asset_id: str
    opened_at: datetime
    closed_at: datetime
    component: str
    action: str
    cause: Cause
    fault_code: str | None
    fault_found: bool | None


@dataclass(frozen=True, slots=True)
class Failure:
    """Hidden: when a component really failed, and whether it had shown wear."""

    asset_id: str
    component: str
    life: int
    at: datetime
    mode: str


@dataclass(frozen=True, slots=True)
class Entrapment:
    """Hidden: a passenger was trapped; `cause` is external, human or the failed component."""

    asset_id: str
    at: datetime
    cause: str


@dataclass(frozen=True, slots=True)
class VisitResult:
    """What a crew found and did; `component` and `action` are None when there was nothing to do."""

    finding: Finding
    component: str | None
    action: str | None
    note: str


@dataclass(frozen=True, slots=True)
class Link:
    """How a device's line to its reader is: whether it answers at all, the share of polls that fail, the delay."""

    silent: bool
    error_share: float
    latency_ms: float


@dataclass(frozen=True, slots=True)
class LifeTruth:
    """Hidden: one life of one component. Sudden ones are never detectable before they fail."""

    asset_id: str
    component: str
    life: int
    began_at: datetime
    precursor_from: datetime | None
    detectable_from: datetime | None
    fails_at: datetime
    ended_at: datetime | None
    ended_by: str
    mode: str
