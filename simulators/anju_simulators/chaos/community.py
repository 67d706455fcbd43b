"""The community of a chaos run: who lives where, the same for devices, gateway and audit."""

from dataclasses import dataclass, replace
from functools import cache

from anju_simulators.devices.wiring import Wiring, wire
from anju_simulators.fleet import AssetSpec, fleet
from anju_simulators.scenario import Scenario, with_values

METERS_A_CONVERTER = 12
METER_PROFILE = "./chaos-meter.toml"
SHARES = {"lifts": 0.1, "doors": 0.3, "electric_meters": 0.6}
"""Of the devices of a residential community, roughly."""


@dataclass(frozen=True, slots=True)
class Community:
    scenario: Scenario
    specs: tuple[AssetSpec, ...]
    wiring: Wiring


@cache
def community(devices: int) -> Community:
    """A community of about so many devices. Its meters are of a model that counts its answers."""
    counts = {name: max(1, round(devices * share)) for name, share in SHARES.items()}
    named = Scenario(community="chaos", label_zh="混沌花园", label_en="Chaos Garden", water_meters=0)
    scenario = with_values(named, counts)
    specs = fleet(scenario)
    wiring = wire(specs, meters_a_converter=METERS_A_CONVERTER)
    meters = {place.asset for place in wiring.meters}
    models = tuple(replace(spec, model=METER_PROFILE) if spec.asset_id in meters else spec for spec in specs)
    return Community(scenario, models, wiring)
