"""How residents use an asset, hour by hour: daily and weekly rhythm, holidays, heating and cooling, chance."""

from typing import Final

import numpy as np

from anju_simulators.hours import BLOCK, LOCAL_OFFSET
from anju_simulators.physics.model import Kind
from anju_simulators.randomness import Floats, stream, wander
from anju_simulators.weather import day_types, temperature

_HOLIDAY: Final = {"lift": 0.85, "door": 0.85, "electric_meter": 0.9, "water_meter": 0.85}
_COMFORT_C: Final = (10.0, 25.0)
_PER_DEGREE: Final = 0.045
_FEW_USES: Final = 12.0


def expected_use(kind: Kind, seed: int, block: int, *, load: float) -> Floats:
    """Expected use in each hour of a block, relative to the kind's average hour; `load` is the asset's own."""
    clock = (block * BLOCK + np.arange(BLOCK) + LOCAL_OFFSET) % 24
    at_home, holiday = day_types(block)
    weekday, restday = (np.array(profile) * 24 / sum(profile) for profile in (kind.weekday, kind.restday))
    use = np.where(at_home > 0, restday[clock], weekday[clock])
    use = use * np.where(holiday > 0, _HOLIDAY.get(kind.name, 1.0), 1.0)
    if kind.climate:
        degrees = temperature(seed, block)
        strain = np.maximum(_COMFORT_C[0] - degrees, 0.0) + np.maximum(degrees - _COMFORT_C[1], 0.0)
        use = use * (1.0 + kind.climate * _PER_DEGREE * strain)
    return np.asarray(use * load)


def drawn_use(kind: Kind, seed: int, asset_id: str, block: int, expected: Floats) -> Floats:
    """What really happens in each hour, relative to the kind's average hour: days differ, hours too.

    Kinds with whole uses get whole numbers of them.
    """
    random = stream(seed, asset_id, "residents", block)
    day = wander(seed, (asset_id, "residents"), block, 1, days=1, hours=BLOCK)[0]
    chance = random.standard_normal(BLOCK)
    use = expected * np.exp(0.1 * day + kind.use_sd * chance - 0.5 * kind.use_sd**2)
    if not kind.whole_uses:
        return np.asarray(use)
    per_hour = kind.use_per_day / 24.0
    mean = use * per_hour
    spread = np.sqrt(mean) * random.standard_normal(BLOCK)
    whole = np.maximum(np.rint(mean + np.where(mean > _FEW_USES, spread, 0.5 * spread)), 0.0)
    return np.asarray(whole / per_hour)
