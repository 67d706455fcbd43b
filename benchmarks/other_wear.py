"""Lives of the parts of the other fleet: how wear grows by each law, when a part fails, and who renews it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.other_kinds import Part

Floats = npt.NDArray[np.float64]
SUDDEN_SHARE: Final = 0.18
"""Of the lives of parts that wear. Rounds keep some worn ones from failing, and some parts give no warning at all, so
of failures it is about a quarter."""
SHOWS_FROM: Final = 0.15
"""Share of the full symptom from which a crew would see the wear."""
ROUND_DAYS: Final = 120
FOUND_ON_ROUND: Final = 0.35
"""Chance that a round sees and renews a part that shows."""
CRACK_AT_FIRST: Final = 0.001
SHOCKS: Final = 6
DAYS_BETWEEN_SHOCKS: Final = 9
GAMMA_STEPS: Final = 30.0


@dataclass(frozen=True)
class Life:
    """Days since the start of the record; `wear` [day] from `began` on, up to 1. `ended` is the end of the record's
    days for a life that goes on; `failed` and `renewed` (on a round) say how else it ended, `closed` when it was put
    right."""

    part: Part
    began: float
    ended: float
    closed: float
    wear: Floats
    mode: str
    failed: bool
    renewed: bool
    action: str

    def symptom(self, hours: Floats) -> Floats:
        """Share of the full symptom at each of `hours` (since the start of the record), 0 outside this life."""
        days = hours / 24
        worn = np.interp(days - self.began, np.arange(len(self.wear)), self.wear) ** self.part.power
        return np.where((days >= self.began) & (days < self.ended), worn, 0.0)

    def shows_from(self) -> float | None:
        """Day on which the symptom first reached SHOWS_FROM, if it did before the end."""
        reached = np.flatnonzero(self.wear**self.part.power >= SHOWS_FROM)
        day = self.began + float(reached[0]) if len(reached) else self.ended
        return day if day < self.ended else None


def rounds(days: int, rng: np.random.Generator) -> Floats:
    """Days of preventive rounds to one machine."""
    return np.arange(rng.uniform(0, ROUND_DAYS), days, ROUND_DAYS)


@dataclass(frozen=True)
class Setting:
    """`days` of the record, the machine's share of usual `use`, the days of its preventive `visits`."""

    days: int
    use: float
    visits: Floats


def lives(part: Part, setting: Setting, rng: np.random.Generator) -> Iterator[Life]:
    """All lives of one part that touch the record, in order."""
    began, worn = -rng.uniform(0, 1.2 * part.life_days), 0.0
    while began < setting.days:
        life = _life(part, began, worn, setting, rng)
        if life.ended > 0:
            yield life
        began = life.closed
        worn = 0.0 if life.action == "replace" else float(rng.uniform(0, 0.3))


def _life(part: Part, began: float, worn: float, setting: Setting, rng: np.random.Generator) -> Life:
    days, use = setting.days, setting.use
    sudden = part.law == "none" or rng.random() < SUDDEN_SHARE
    span = int(days - began) + 2
    if sudden:
        fails_at = began + float(rng.exponential(part.life_days / use))
        wear = np.zeros(span)
    else:
        wear = worn + (1 - worn) * _WEAR[part.law](rng, part.life_days / use, span)
        fails_at = began + _reaches_one(wear, rng)
    life = Life(part, began, min(fails_at, days), 0.0, wear, "sudden" if sudden else part.law, False, False, "replace")
    renewed = _renewal(life, setting.visits, rng)
    ended = life.ended if renewed is None else renewed
    out_of_service = rng.uniform(0.05, 0.2) if renewed is not None else rng.lognormal(-0.5, 0.7)
    action = str(rng.choice(["replace", "repair", "adjust"], p=[0.6, 0.25, 0.15]))
    failed = renewed is None and fails_at < days
    return Life(part, began, ended, ended + float(out_of_service), wear, life.mode, failed, renewed is not None, action)


def _reaches_one(wear: Floats, rng: np.random.Generator) -> float:
    over = np.flatnonzero(wear >= 1.0)
    return float(over[0]) + float(rng.random()) if len(over) else np.inf


def _renewal(life: Life, visits: Floats, rng: np.random.Generator) -> float | None:
    """The first round on which the crew saw the wear and put it right."""
    shows = life.shows_from()
    if shows is None:
        return None
    for day in visits[(visits >= shows) & (visits < life.ended)]:
        if rng.random() < FOUND_ON_ROUND:
            return float(day)
    return None


def _gamma(rng: np.random.Generator, life_days: float, span: int) -> Floats:
    """Many small steps that never go back."""
    return np.minimum(np.cumsum(rng.gamma(GAMMA_STEPS / life_days, 1 / GAMMA_STEPS, span)), 1.0)


def _crack(rng: np.random.Generator, life_days: float, span: int) -> Floats:
    """Grows in proportion to what it is."""
    rate = np.log(1 / CRACK_AT_FIRST) / life_days * rng.lognormal(0, 0.35)
    drawn = rng.gamma(4.0, rate / 4.0, span)
    return np.minimum(CRACK_AT_FIRST * np.exp(np.minimum(np.cumsum(drawn), 20.0)), 1.0)


def _shocks(rng: np.random.Generator, life_days: float, span: int) -> Floats:
    """Sound until a first blow; what is loose then takes further ones."""
    struck = np.arange(span) >= rng.exponential(life_days)
    hit = struck & (rng.random(span) < 1 / DAYS_BETWEEN_SHOCKS)
    return np.minimum(np.cumsum(hit * rng.exponential(1 / SHOCKS, span)), 1.0)


def _intermittent(rng: np.random.Generator, life_days: float, span: int) -> Floats:
    """Sound until a moment, then worse and worse over some weeks."""
    sound = rng.exponential(life_days)
    return np.clip((np.arange(span) - sound) / rng.uniform(12, 70), 0.0, 1.0)


_WEAR: Final = {"gamma": _gamma, "crack": _crack, "shocks": _shocks, "intermittent": _intermittent}
