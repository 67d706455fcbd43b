"""What the API and the pages show of communities, assets, readings, events, repairs and gateways."""

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, Field, computed_field

from anju_contracts.codes import code_label
from anju_contracts.event import EventState
from anju_contracts.kinds import component_label, kind_label
from anju_contracts.points import point_title
from anju_contracts.units import SHOWN_AS
from anju_platform.web.fields import Titles, titles


class CommunityView(BaseModel):
    """A residential community. `data_until` is the event time of its newest reading."""

    id: str = Field(examples=["jinxiu"])
    label: Titles
    timezone: str = Field(examples=["Asia/Shanghai"])
    data_until: datetime | None
    assets: int
    open_tickets: int
    gateways: int
    gateways_online: int


class PointView(BaseModel):
    """A point of an asset with its newest reading; `unit` is a UCUM code."""

    id: int = Field(exclude=True)
    code: str = Field(examples=["door_motor_a"])
    unit: str = Field(examples=["A"])
    kind: str = Field(examples=["gauge"])
    label: Titles | None
    at: datetime | None = Field(description="When the newest reading was taken")
    value: float | None
    quality: int | None = Field(description="0 good, 1 uncertain, 2 bad")

    @property
    def unit_shown(self) -> str:
        return SHOWN_AS.get(self.unit, self.unit)

    @property
    def title(self) -> Titles:
        """Its own label, else the title that Anju knows of that code, else the code."""
        return self.label or titles(point_title(self.code).label)


class AssetView(BaseModel):
    """A lift, a door, a meter, or anything else that has points."""

    id: int = Field(exclude=True)
    key: str = Field(examples=["jinxiu:lift-01"])
    community: str = Field(examples=["jinxiu"])
    code: str = Field(examples=["lift-01"])
    kind: str = Field(examples=["lift"])
    model: str = Field(examples=["shengtong-lm3"])
    label: Titles
    location: str | None
    installed_on: date | None
    gateway: str | None
    attributes: dict[str, Any]

    @computed_field
    def kind_label(self) -> Titles:
        return titles(kind_label(self.kind))


class AssetDetail(AssetView):
    """An asset with its points and their newest readings."""

    points: list[PointView]


class RawReading(BaseModel):
    """One reading as it was taken."""

    point: str = Field(examples=["door_motor_a"])
    at: datetime
    value: float
    quality: int = Field(description="0 good, 1 uncertain, 2 bad")
    point_id: int = Field(exclude=True)


class HourReading(BaseModel):
    """One hour of a point: statistics over its readings that are not bad."""

    point: str = Field(examples=["door_motor_a"])
    at: datetime = Field(description="The beginning of the hour")
    n: int
    mean: float
    min: float
    max: float
    first: float
    last: float
    point_id: int = Field(exclude=True)


class EventView(BaseModel):
    """Something that happened to an asset."""

    id: int
    asset: str = Field(examples=["jinxiu:lift-01"])
    community: str = Field(exclude=True)
    at: datetime
    code: str = Field(examples=["lift.door_close_fault"])
    state: EventState
    severity: str = Field(examples=["minor"])
    value: float | None
    vendor_code: str | None
    text: str | None
    cleared_at: datetime | None = Field(description="When what was raised here was cleared")

    @computed_field
    def label(self) -> Titles:
        return titles(code_label(self.code))


class RepairView(BaseModel):
    """A visit that worked on a component. `fault_found` is null where nobody wrote it down."""

    id: int
    asset: str = Field(examples=["jinxiu:lift-01"])
    kind: str = Field(exclude=True)
    opened_at: datetime
    closed_at: datetime | None
    component: str = Field(examples=["door_operator"])
    action: str = Field(examples=["replace"])
    cause: str = Field(examples=["corrective"])
    fault_code: str | None
    fault_found: bool | None
    ticket_id: int | None

    @computed_field
    def component_label(self) -> Titles:
        return titles(component_label(self.kind, self.component))


class GatewayView(BaseModel):
    """A gateway box. `watermark_at` is the event time up to which its live readings are committed."""

    community: str = Field(examples=["jinxiu"])
    id: str = Field(examples=["gw-1"])
    state: str = Field(examples=["online"])
    state_at: datetime | None
    software: str | None
    epoch: str | None
    birth_at: datetime | None
    watermark_at: datetime | None
    account: dict[str, Any] | None = Field(description="Its latest account of what it took, as it told it")
    account_at: datetime | None
    clock_offset_s: float | None = Field(description="Its clock minus the platform's, in real seconds")
    clock_is_wrong: bool
    faults: int = Field(description="What is wrong with it now and nobody has acknowledged, its own faults included")


class Series(BaseModel):
    """One point over time, in buckets of `step_s`, for a chart.

    `at` are the buckets' beginnings, in seconds since 1970. Of a counter, `value` is its increase in the bucket
    and `low` and `high` are null; of anything else the mean, the least and the greatest reading.
    """

    point: str = Field(examples=["door_motor_a"])
    label: Titles
    unit: str = Field(examples=["A"], description="As shown to people")
    kind: str
    step_s: int
    at: list[float]
    value: list[float | None]
    low: list[float | None]
    high: list[float | None]
