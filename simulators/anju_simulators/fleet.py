"""The assets of a scenario: names, models, places and dates of installation."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from anju_contracts.kinds import Label
from anju_simulators.randomness import stream
from anju_simulators.scenario import MODELS, OTHER_METERS, Scenario


@dataclass(frozen=True, slots=True)
class AssetSpec:
    """An asset as its nameplate and the community's books describe it."""

    asset_id: str
    kind: str
    model: str
    installed_on: date
    label: Label
    location: str
    attributes: dict[str, str | float] = field(default_factory=dict)


_NAMES: Final = {
    "lift": ("lift-{:02d}", "{}号电梯", "lift {}"),
    "door": ("door-{:02d}", "{}号门", "door {}"),
    "electric_meter": ("em-{:03d}", "{}号电表", "electric meter {}"),
    "water_meter": ("wm-{:03d}", "{}号水表", "water meter {}"),
}
_OLDEST_YEARS: Final = {"lift": 16.0, "door": 8.0, "electric_meter": 8.0, "water_meter": 7.0}
_PER_BUILDING: Final = {"lift": 2, "door": 5, "electric_meter": 10, "water_meter": 7}


def fleet(scenario: Scenario) -> tuple[AssetSpec, ...]:
    """All assets; one asset's data don't depend on how many others there are."""
    return tuple(
        _asset(scenario, kind, number) for kind, count in scenario.counts.items() for number in range(1, count + 1)
    )


def _asset(scenario: Scenario, kind: str, number: int) -> AssetSpec:
    pattern, zh, en = _NAMES[kind]
    asset_id = pattern.format(number)
    random = stream(scenario.seed, asset_id, "nameplate")
    models = MODELS[kind]
    second = len(models) > 1 and random.random() >= scenario.first_lift_model_share
    age_days = int(365.25 * (0.7 + (_OLDEST_YEARS[kind] - 0.7) * random.random()))
    building = 1 + (number - 1) // _PER_BUILDING[kind]
    storeys = int(stream(scenario.seed, "building", building).integers(11, 34))
    return AssetSpec(
        asset_id,
        kind,
        _other_meter(scenario, kind, number) or models[1 if second else 0],
        scenario.start.date() - timedelta(days=age_days),
        Label(zh.format(number), en.format(number)),
        f"{building}栋",
        {"building": float(building), "storeys": float(storeys)},
    )


def _other_meter(scenario: Scenario, kind: str, number: int) -> str | None:
    """The model of every so-manieth electric meter, by its number alone: what else is drawn stays the same."""
    before, upto = (int(count * scenario.other_meter_share) for count in (number - 1, number))
    return OTHER_METERS[upto % len(OTHER_METERS)] if kind == "electric_meter" and upto > before else None
