"""What is simulated: a community, its assets, its seed and how hard its life is."""

import tomllib
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, Final

from anju_contracts.names import check_name

MODELS: Final = {
    "lift": ("shengtong-lm3", "hengan-lm10"),
    "door": ("kaixin-dc2",),
    "electric_meter": ("eastron-sdm630",),
    "water_meter": ("huayi-wm1",),
}

OTHER_METERS: Final = ("chint-dtsu666", "dlt645-three-phase")
"""Electric meters that show what the usual model shows, over other protocols."""


class ScenarioError(ValueError):
    """A scenario that can't be simulated; the message names field, value and what would be right."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """Rates are multipliers of the physics' own tables: 1 is the community that DOMAIN's figures describe."""

    community: str = "jinxiu"
    label_zh: str = "锦绣花园"
    label_en: str = "Jinxiu Garden"
    seed: int = 1
    start: datetime = datetime(2025, 1, 1, tzinfo=UTC)
    lifts: int = 12
    doors: int = 30
    electric_meters: int = 60
    water_meters: int = 40
    first_lift_model_share: float = 0.6
    """Share of the lifts that are of the first model of `MODELS`."""
    other_meter_share: float = 0.0
    """Share of the electric meters that are of `OTHER_METERS`, in turns; the others are of the model of `MODELS`."""
    failures: float = 1.0
    sudden: float = 1.0
    lookalikes: float = 1.0
    drifts: float = 1.0
    gaps: float = 1.0
    complaints: float = 1.0
    entrapments: float = 1.0

    def __post_init__(self) -> None:
        check_name(self.community, message="scenario", field="community")
        if self.start.tzinfo is None or self.start != self.start.replace(minute=0, second=0, microsecond=0):
            raise ScenarioError(f"field start: got {self.start}, expected a full hour with a time zone")
        for name in ("lifts", "doors", "electric_meters", "water_meters", "other_meter_share", *RATES):
            if getattr(self, name) < 0:
                raise ScenarioError(f"field {name}: got {getattr(self, name)}, expected 0 or more")

    @property
    def counts(self) -> dict[str, int]:
        return {
            "lift": self.lifts,
            "door": self.doors,
            "electric_meter": self.electric_meters,
            "water_meter": self.water_meters,
        }


RATES: Final = ("failures", "sudden", "lookalikes", "drifts", "gaps", "complaints", "entrapments")


def read_scenario(path: Path) -> Scenario:
    """The scenario of a TOML file whose keys are the fields of `Scenario`; ScenarioError names a wrong one."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as exc:
        raise ScenarioError(f"{path}: no TOML ({exc})") from exc
    return with_values(Scenario(), table)


def with_values(scenario: Scenario, values: dict[str, Any]) -> Scenario:
    """`scenario` with some fields changed; ScenarioError for a field that there isn't or a value of another type."""
    known = {field.name: type(getattr(scenario, field.name)) for field in fields(scenario)}
    checked: dict[str, Any] = {}
    for name, value in values.items():
        if name not in known:
            raise ScenarioError(f"field {name}: got {value!r}, expected one of {', '.join(known)}")
        checked[name] = _converted(name, value, known[name])
    return replace(scenario, **checked)


def _converted(name: str, value: object, wanted: type) -> object:
    if wanted is datetime and isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time(), UTC)
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, wanted) or isinstance(value, bool):
        raise ScenarioError(f"field {name}: got {value!r}, expected {wanted.__name__}")
    return value
