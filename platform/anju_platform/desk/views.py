"""What the API and the pages show of complaints."""

from datetime import datetime

from pydantic import BaseModel, Field


class ComplaintView(BaseModel):
    """What a resident reported, and the ticket that it opened or joined."""

    id: int
    community: str = Field(examples=["jinxiu"])
    asset: str | None = Field(examples=["jinxiu:lift-01"])
    at: datetime
    category: str = Field(examples=["noise"])
    text: str = Field(examples=["电梯关门时有异响"])
    channel: str = Field(examples=["app"])
    ticket_id: int | None
