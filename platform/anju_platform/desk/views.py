"""What the API and the pages show of complaints."""

from datetime import datetime

from pydantic import BaseModel, Field, computed_field

from anju_contracts.codes import code_label
from anju_platform.desk.categories import CATEGORIES
from anju_platform.web.fields import Titles, titles


class ComplaintView(BaseModel):
    """What a resident reported, and the ticket that it opened or joined."""

    id: int
    community: str = Field(examples=["jinxiu"])
    asset: str | None = Field(examples=["jinxiu:lift-01"])
    asset_zh: str | None = Field(exclude=True)
    asset_en: str | None = Field(exclude=True)
    at: datetime
    category: str = Field(examples=["noise"])
    text: str = Field(examples=["电梯关门时有异响"])
    channel: str = Field(examples=["app"])
    ticket_id: int | None

    @computed_field
    def category_label(self) -> Titles:
        known = CATEGORIES.get(self.category)
        return titles(known.label if known else code_label(self.category))

    @property
    def asset_label(self) -> Titles | None:
        return Titles(zh=self.asset_zh, en=self.asset_en) if self.asset_zh and self.asset_en else None
