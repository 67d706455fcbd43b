"""What a kind of asset is made of, as rows: points, components that wear, symptoms, event codes, nuisances.

Rates a day hold at average use. Effects are at full wear (1) for a typical unit; each unit shows them
more or less strongly.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

from anju_simulators.randomness import Floats


@dataclass(frozen=True, slots=True)
class Gauge:
    """base + per_use * (use - 1) + per_degree * (outdoor temperature - mean), noises and symptoms.

    `use` is relative, 1 on average; `scale_sd` spreads units of one model, `noise_sd` is new each hour,
    `wander_sd` moves over days.
    """

    name: str
    base: float
    unit_sd: float
    noise_sd: float
    wander_sd: float
    per_use: float = 0.0
    per_degree: float = 0.0
    decimals: int = 2
    floor: float = -inf
    model_shift: float = 0.0
    """How much higher the kind's second model reads."""


@dataclass(frozen=True, slots=True)
class Counter:
    """Counts per_use for each use and per_hour; or integrates the gauge `of` times `scale`."""

    name: str
    per_use: float = 0.0
    per_hour: float = 0.0
    of: str | None = None
    scale: float = 1.0
    decimals: int = 0
    most: float = inf
    """At most so many in an hour."""
    by_agent: bool = False
    """Counted by the reader of the device, so that it goes on when the device is silent."""


@dataclass(frozen=True, slots=True)
class Symptom:
    """What wear adds to a point: gain * wear ** power. For an integrating counter the gain is relative."""

    point: str
    gain: float
    power: float = 1.0
    either_sign: bool = False
    settles: bool = True
    """Whether a new unit has a level of its own and shows a little of the symptom until it is run in."""


@dataclass(frozen=True, slots=True)
class Precursor:
    """What wear adds to the rate of an event code: per_day * wear ** power."""

    code: str
    per_day: float
    power: float = 1.5


@dataclass(frozen=True, slots=True)
class Code:
    """An event code that occurs without wear, too. `minutes` is its median duration; None for momentary ones."""

    name: str
    per_day: float
    minutes: float | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """How a failure shows: the alarm that is raised until the repair, what residents do, what readings do.

    Crews write `code` into their book; devices raise it only where `alarm` holds.
    """

    code: str
    category: str
    complaint_share: float
    """Share of failures that somebody reports at once, about `complaint_after_h` later; most others come late."""
    complaint_after_h: float
    use_factor: float = 1.0
    shifts: tuple[tuple[str, float], ...] = ()
    silent: bool = False
    alarm: bool = True
    entraps: float = 0.0


@dataclass(frozen=True, slots=True)
class Component:
    """A part that wears. `warning_days` is the median from the first wear to failure at average use."""

    name: str
    per_year: float
    warning_days: float
    fault: Fault
    symptoms: tuple[Symptom, ...] = ()
    precursors: tuple[Precursor, ...] = ()
    sudden_share: float = 0.2
    warning_sigma: float = 0.35
    ageing: float = 1.8
    """Weibull shape of the time without wear."""
    use_weight: float = 0.7
    """0: wears by the calendar, 1: by use alone."""
    per_degree: float = 0.0
    """Relative acceleration of wear by each degree above the yearly mean."""
    detectable: float = 0.1
    """The wear from which a crew that looks at it finds it."""
    early_category: str = "noise"
    early_share: float = 0.15
    """Share of the wearing lives about which residents complain before failure."""
    actions: tuple[tuple[str, float], ...] = (("replace", 0.55), ("repair", 0.3), ("adjust", 0.15))


@dataclass(frozen=True, slots=True)
class Episode:
    """A nuisance that isn't wear: it comes, stays for hours or days and goes.

    `shifts` are (point, size); `ramp` lets them grow from zero, as a drifting sensor does; `pick_one` takes one
    of them at random with a random sign. `missing` lists points without values meanwhile (`*`: all).
    """

    name: str
    per_year: float
    hours: float
    sigma: float = 0.6
    shifts: tuple[tuple[str, float], ...] = ()
    rates: tuple[tuple[str, float], ...] = ()
    missing: tuple[str, ...] = ()
    pick_one: bool = False
    ramp: bool = False
    use_factor: float = 1.0
    code: str | None = None
    category: str = "other"
    complaint_share: float = 0.0
    family: str = "lookalikes"
    """The multiplier of the scenario that it obeys."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Everything about a kind of asset."""

    name: str
    use_per_day: float
    """How often it is used on a typical day."""
    weekday: tuple[float, ...]
    restday: tuple[float, ...]
    """Relative use in each local hour, of any sum."""
    use_sd: float
    """Spread (log) of an hour's use around what its hour leads to expect."""
    gauges: tuple[Gauge, ...]
    counters: tuple[Counter, ...]
    codes: tuple[Code, ...]
    components: tuple[Component, ...]
    episodes: tuple[Episode, ...]
    maintenance_days: float
    crew_after_h: float
    whole_uses: bool = True
    """Whether uses come in whole numbers (trips, openings)."""
    climate: float = 0.0
    """How much more it is used when residents heat or cool."""
    mains_code: str | None = None
    idle_complaints_per_year: float = 0.0
    """Complaints about nothing that a crew can find."""
    couple: Callable[[dict[str, Floats]], None] | None = None
    """Makes points agree with each other (current = power / voltage), in place."""
