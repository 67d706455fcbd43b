"""What the API and the pages show of tickets."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field, computed_field

from anju_contracts.kinds import component_label
from anju_platform.desk.views import ComplaintView
from anju_platform.scoring.views import PredictionView
from anju_platform.tickets.models import CloseReason, Finding, Origin, Priority, State
from anju_platform.web.fields import Titles, titles


class TicketView(BaseModel):
    """One problem. `version` counts the entries of its log."""

    id: int
    community: str = Field(examples=["jinxiu"])
    asset: str | None = Field(examples=["jinxiu:lift-01"])
    kind: str | None = Field(examples=["lift"])
    asset_label: Titles | None
    location: str | None
    component: str | None = Field(examples=["door_operator"])
    origin: Origin
    state: State
    priority: Priority
    title: Titles
    probability: float | None = Field(description="Of a failure within 30 days, by the newest prediction about it")
    expected_at: datetime | None = Field(description="When that prediction expects the failure, where it is in sight")
    opened_at: datetime
    expires_at: datetime | None = Field(description="A proactive ticket that nobody served by then lapses")
    accepted_at: datetime | None
    assignee: str | None
    resolved_at: datetime | None
    finding: Finding | None
    closed_at: datetime | None
    close_reason: CloseReason | None
    previous_id: int | None = Field(description="The ticket of the same problem that was resolved before")
    version: int

    @computed_field
    def component_label(self) -> Titles | None:
        return titles(component_label(self.kind or "", self.component)) if self.component else None


class LogEntry(BaseModel):
    """One line of a ticket's log; nothing in it is ever changed."""

    version: int
    at: datetime
    actor: str = Field(examples=["wang"])
    action: str = Field(examples=["opened"])
    detail: dict[str, Any]


class TicketDetail(TicketView):
    """A ticket with its log, and the predictions and complaints that opened or joined it."""

    log: list[LogEntry]
    predictions: list[PredictionView]
    complaints: list[ComplaintView]
