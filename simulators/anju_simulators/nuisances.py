"""Nuisances of an asset: look-alikes, drifting sensors, gaps. None of them is wear."""

from dataclasses import dataclass

import numpy as np

from anju_simulators.hours import BLOCK, YEAR
from anju_simulators.physics.model import Episode, Kind
from anju_simulators.randomness import Floats, lognormal, stream
from anju_simulators.scenario import Scenario

LONGEST_BLOCKS = 3
"""A nuisance is over after so many blocks."""


@dataclass(frozen=True, slots=True)
class Nuisance:
    """One occurrence of an episode; `shifts` are what it adds to points when it is full."""

    episode: Episode
    start: float
    end: float
    strength: float
    shifts: tuple[tuple[str, float], ...]
    complains: bool
    complaint_at: float

    def share(self, hours: Floats) -> Floats:
        """How much of it is there in each hour, 0 to 1."""
        inside = (hours >= self.start) & (hours < self.end)
        if not self.episode.ramp:
            return inside.astype(np.float64)
        return np.where(inside, (hours - self.start) / (self.end - self.start), 0.0)


def nuisances(kind: Kind, scenario: Scenario, asset_id: str, block: int) -> tuple[Nuisance, ...]:
    """What begins in a block; it may last into later ones."""
    random = stream(scenario.seed, asset_id, "nuisances", block)
    found: list[Nuisance] = []
    for episode in kind.episodes:
        rate = episode.per_year * float(getattr(scenario, episode.family)) * BLOCK / YEAR
        found.extend(_drawn(episode, random, block, scenario) for _ in range(int(random.poisson(rate))))
    return tuple(found)


def _drawn(episode: Episode, random: np.random.Generator, block: int, scenario: Scenario) -> Nuisance:
    start = (block + random.random()) * BLOCK
    duration = min(lognormal(random, episode.hours, episode.sigma), LONGEST_BLOCKS * BLOCK - 1.0)
    strength = lognormal(random, 1.0, 0.35)
    picked, sign = int(random.integers(max(len(episode.shifts), 1))), 1.0 if random.random() < 0.5 else -1.0
    complains = random.random() < episode.complaint_share * scenario.complaints
    shifts = tuple((point, size * strength) for point, size in episode.shifts)
    if episode.pick_one and shifts:
        point, size = shifts[picked]
        shifts = ((point, size * sign),)
    complaint_at = start + duration * random.random()
    return Nuisance(episode, start, start + duration, strength, shifts, complains, complaint_at)
