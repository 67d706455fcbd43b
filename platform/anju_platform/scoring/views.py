"""What the API and the pages show of predictions and models."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field, computed_field

from anju_contracts.kinds import Label, component_label, kind_label
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


@dataclass(frozen=True, slots=True)
class ComponentFigures:
    """How many failures of a part the model learnt from, and the probability from which on a visit pays."""

    kind_label: Label
    component_label: Label
    failures: int
    threshold: float


@dataclass(frozen=True, slots=True)
class DriftFigures:
    """The last look at whether the model still fits; the lines are empty where it does."""

    until: datetime
    zh: list[str]
    en: list[str]

    @property
    def drifted(self) -> bool:
        return bool(self.en)

    def of(self, language: str) -> list[str]:
        return self.zh if language == "zh" else self.en


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
    def components(self) -> list[ComponentFigures]:
        """What was learnt of each part, most failures first; empty where the metrics don't say."""
        told = self.metrics.get("components")
        found = [_component(name, figures) for name, figures in told.items()] if isinstance(told, Mapping) else []
        return sorted((each for each in found if each), key=lambda each: (-each.failures, each.threshold))

    @property
    def drift(self) -> DriftFigures | None:
        """None where nobody has looked yet."""
        told = self.metrics.get("drift")
        return DriftFigures(datetime.fromisoformat(told["until"]), told["zh"], told["en"]) if told else None


def _component(name: str, figures: object) -> ComponentFigures | None:
    kind, slash, component = name.partition("/")
    if not (slash and isinstance(figures, Mapping)):
        return None
    failures, threshold = figures.get("failures"), figures.get("threshold")
    if not (isinstance(failures, int) and isinstance(threshold, int | float)):
        return None
    return ComponentFigures(kind_label(kind), component_label(kind, component), failures, float(threshold))
