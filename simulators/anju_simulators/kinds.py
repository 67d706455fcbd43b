"""The kinds of asset that can be simulated, by name."""

from types import MappingProxyType
from typing import Final

from anju_simulators.physics.door import DOOR
from anju_simulators.physics.lift import LIFT
from anju_simulators.physics.meter import ELECTRIC_METER, WATER_METER

PHYSICS: Final = MappingProxyType({kind.name: kind for kind in (LIFT, DOOR, ELECTRIC_METER, WATER_METER)})
