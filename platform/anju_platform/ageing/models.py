"""What the API and the page show of an asset's ageing."""

from datetime import date, datetime

from pydantic import BaseModel, Field, computed_field

from anju_contracts.kinds import component_label, kind_label
from anju_platform.web.fields import Titles, titles


class ComponentLifeView(BaseModel):
    """Life that is left, in days from `as_of`: less than `median_days` in one case of two, between `low_days` and
    `high_days` in four of five."""

    kind: str = Field(exclude=True)
    component: str = Field(examples=["door_operator"])
    median_days: float
    low_days: float
    high_days: float
    renewed_at: datetime | None = Field(description="Its last repair on record; null: before the record")
    failures: int = Field(description="Of this component over its kind: what the estimate stands on")

    @computed_field
    def component_label(self) -> Titles:
        return titles(component_label(self.kind, self.component))


class BudgetYearView(BaseModel):
    """CNY expected in a calendar year; the rest of it, for the first."""

    year: int
    repairs: float
    replacement: float


class AgeingView(BaseModel):
    """How an asset ages, as far as its repair book tells."""

    asset: str = Field(examples=["jinxiu:lift-01"])
    kind: str
    label: Titles
    location: str | None
    installed_on: date | None
    failures: int = Field(description="On record")
    failures_a_year: float = Field(description="The rate at the end of the record")
    growth_a_year: float = Field(description="Of that rate: 0.2 is 20 % more each year", examples=[0.2])
    growth_low: float = Field(description="Lower end of its 95 % interval")
    growth_high: float
    replace_at: date | None = Field(description="From when a new one is cheaper; null: not within 30 years")
    replace_earliest: date | None = Field(description="The same, were the trend the upper end of its interval")
    replace_latest: date | None
    limit_at: date | None = Field(description="When the prescribed time of use ends")
    components: list[ComponentLifeView]
    budget: list[BudgetYearView]

    @computed_field
    def kind_label(self) -> Titles:
        return titles(kind_label(self.kind))

    @property
    def due_at(self) -> date | None:
        """When to replace it, for either reason."""
        return min((day for day in (self.replace_at, self.limit_at) if day is not None), default=None)


class AgeingOfCommunity(BaseModel):
    """All assets of a community, those that are due first; `why_not` says what is missing where there are none."""

    community: str
    as_of: datetime
    why_not: str = ""
    items: list[AgeingView]
    budget: list[BudgetYearView] = Field(description="The sums over all assets")
