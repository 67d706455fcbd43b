"""Random numbers by name: every draw has a key of its own, so that no visit, chunk or neighbour changes another's.

A key is the seed and a path such as (`lift-03`, `door_operator`, 2, `life`).
"""

import zlib

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_FEW = 40


def stream(seed: int, *key: str | int) -> np.random.Generator:
    """The generator of this key; the same key always gives the same numbers."""
    words = [part if isinstance(part, int) else zlib.crc32(part.encode()) for part in (seed, *key)]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([word & 0xFFFFFFFF for word in words])))


def lognormal(random: np.random.Generator, median: float, sigma: float) -> float:
    return float(median * np.exp(sigma * random.standard_normal()))


def poisson(uniform: Floats, mean: Floats) -> Floats:
    """Counts with these means, by inversion: the same uniform number with a greater mean never counts less."""
    term = np.exp(-np.minimum(mean, _FEW))
    reached = term.copy()
    count = np.zeros_like(mean)
    for k in range(1, 4 * _FEW):
        more = uniform > reached
        if not more.any():
            break
        count += more
        term *= mean / k
        reached += term
    return count


def wander(seed: int, key: tuple[str | int, ...], block: int, channels: int, *, days: int, hours: int) -> Floats:
    """Slow noise of unit variance at its knots, (channels, hours): linear between knots `days` apart.

    A block holds a whole number of knots, and the first knot of the next block ends this one.
    """
    per_block = hours // (24 * days)
    here, after = (
        stream(seed, *key, "wander", index).standard_normal((channels, per_block)) for index in (block, block + 1)
    )
    knots = np.concatenate([here, after[:, :1]], axis=1)
    at = np.arange(hours) / (24.0 * days)
    left = at.astype(np.int64)
    part = at - left
    return np.asarray(knots[:, left] * (1.0 - part) + knots[:, left + 1] * part)
