"""Outdoor temperature and holidays of a city on the lower Yangtze."""

from datetime import date, timedelta
from functools import lru_cache
from typing import Final

import numpy as np

from anju_simulators.hours import BLOCK, EPOCH, LOCAL_OFFSET
from anju_simulators.randomness import Floats, wander

MEAN_C: Final = 17.0
_SEASON_C: Final = 12.0
_DAY_C: Final = 4.0
_WANDER_C: Final = 3.0
_WARMEST_DAY: Final = 205.0

_SPRING_FESTIVALS: Final = {
    2019: date(2019, 2, 5), 2020: date(2020, 1, 25), 2021: date(2021, 2, 12), 2022: date(2022, 2, 1),
    2023: date(2023, 1, 22), 2024: date(2024, 2, 10), 2025: date(2025, 1, 29), 2026: date(2026, 2, 17),
    2027: date(2027, 2, 6), 2028: date(2028, 1, 26), 2029: date(2029, 2, 13), 2030: date(2030, 2, 3),
}  # fmt: skip
_FIXED: Final = (((1, 1), 1), ((4, 4), 3), ((5, 1), 5), ((10, 1), 7))
_FESTIVAL_DAYS: Final = 8


@lru_cache(maxsize=64)
def temperature(seed: int, block: int) -> Floats:
    """Degrees Celsius for each hour of a block."""
    hours = block * BLOCK + np.arange(BLOCK)
    season = np.cos(2 * np.pi * (hours / 24.0 - _WARMEST_DAY) / 365.25)
    day = np.cos(2 * np.pi * ((hours + LOCAL_OFFSET) % 24 - 15.0) / 24.0)
    swing = wander(seed, ("weather",), block, 1, days=3, hours=BLOCK)[0]
    return np.asarray(MEAN_C + _SEASON_C * season + _DAY_C * day + _WANDER_C * swing)


@lru_cache(maxsize=64)
def holidays(year: int) -> frozenset[date]:
    """The public holidays of a year, as far as they change what residents do."""
    days = {date(year, *first) + timedelta(days=n) for first, length in _FIXED for n in range(length)}
    festival = _SPRING_FESTIVALS.get(year)
    if festival:
        days |= {festival + timedelta(days=n - 1) for n in range(_FESTIVAL_DAYS)}
    return frozenset(days)


@lru_cache(maxsize=64)
def day_types(block: int) -> tuple[Floats, Floats]:
    """For each hour of a block, on local days: whether people stay at home (1) or go to work (0), and holiday (1)."""
    hours = block * BLOCK + np.arange(BLOCK) + LOCAL_OFFSET
    first, last = int(hours[0] // 24), int(hours[-1] // 24)
    days = [EPOCH.date() + timedelta(days=n) for n in range(first, last + 1)]
    holiday = np.array([day in holidays(day.year) for day in days], dtype=np.float64)
    rest = np.array([day.weekday() >= 5 for day in days], dtype=np.float64)
    index = (hours // 24 - first).astype(np.int64)
    return np.maximum(rest, holiday)[index], holiday[index]
