"""What the API and the pages show of predictions and models."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field, computed_field

from anju_contracts.kinds import component_label
from anju_platform.web.fields import Titles, titles


class ReasonView(BaseModel):
    """Why a component is at risk; `since` to `until` is the stretch of readings that shows it."""

    feature: str = Field(examples=["door_motor_a.mean_7d"])
    source: str = Field(description="A point, an event code, 'repairs', 'age', …", examples=["door_motor_a"])
    zh: str
    en: str
    value: float
    usual: float | None
    since: datetime
    until: datetime

    def of(self, language: str) -> str:
        return self.zh if language == "zh" else self.en


class PredictionView(BaseModel):
    """How likely a component fails within each horizon, as far as was known at `as_of`."""

    id: int
    asset: str = Field(examples=["jinxiu:lift-01"])
    kind: str = Field(exclude=True)
    component: str = Field(examples=["door_operator"])
    as_of: datetime
    expected_at: datetime | None = Field(description="When the failure is expected (median), where it is in sight")
    p_24h: float
    p_72h: float
    p_7d: float
    p_30d: float
    low: float = Field(description="Lower end of the 95 % interval of p_30d")
    high: float = Field(description="Upper end of the 95 % interval of p_30d")
    reasons: list[ReasonView]
    model_id: int
    ticket_id: int | None

    @computed_field
    def component_label(self) -> Titles:
        return titles(component_label(self.kind, self.component))


class ModelView(BaseModel):
    """A trained model. Only the champion opens tickets; `why_not` says why one was refused."""

    id: int
    as_of: datetime
    trained_at: datetime
    role: str = Field(examples=["champion"])
    why_not: str
    metrics: Mapping[str, Any]
    artifact_bytes: int

    @property
    def figures(self) -> list[tuple[str, str]]:
        """The metrics that are a number, or a number with its interval, as text."""
        return [(name, text) for name, value in self.metrics.items() if (text := _figure(value))]


def _figure(value: object) -> str | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return f"{value:.3g}"
    if isinstance(value, Mapping) and isinstance(value.get("value"), int | float):
        ends = [value.get(end) for end in ("low", "high")]
        interval = f" ({ends[0]:.3g} – {ends[1]:.3g})" if all(isinstance(end, int | float) for end in ends) else ""
        return f"{value['value']:.3g}{interval}"
    return None
