"""Power cuts of a community: they come from outside, for every asset at the same time."""

from functools import lru_cache
from typing import Final

from anju_simulators.hours import BLOCK, YEAR
from anju_simulators.randomness import lognormal, stream

CUTS_PER_YEAR: Final = 3.0
_MEDIAN_HOURS: Final = 0.6


@lru_cache(maxsize=64)
def power_cuts(seed: int, block: int) -> tuple[tuple[float, float], ...]:
    """Start and end, in hours, of the cuts that begin in a block."""
    random = stream(seed, "mains", block)
    count = int(random.poisson(CUTS_PER_YEAR * BLOCK / YEAR))
    starts = sorted((block + float(part)) * BLOCK for part in random.random(count))
    return tuple((start, start + min(lognormal(random, _MEDIAN_HOURS, 0.9), 12.0)) for start in starts)
