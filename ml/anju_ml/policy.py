"""What things cost, in yuan (CNY), and how cautious to be: the table that turns probabilities into tickets."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

import msgspec

from anju_contracts.kinds import is_safety_relevant
from anju_ml.errors import PolicyRefused

PLANNED_SHARE: Final = 0.4
NEEDED_WITHIN: Final = timedelta(days=60)
"""A ticket earns its money when the component would have failed so soon."""
YEAR_DAYS: Final = 365


@dataclass(frozen=True, slots=True)
class FailureCost:
    """`reactive`: repair after the failure, call-out included; `planned`: the same work on an agreed visit;
    `downtime_h`: usual hours out of service; `downtime_per_h`: what an hour of it costs the residents' side."""

    reactive: float
    planned: float
    downtime_h: float = 4.0
    downtime_per_h: float = 50.0

    @property
    def failure(self) -> float:
        """The whole cost of one failure that nobody prevented."""
        return self.reactive + self.downtime_h * self.downtime_per_h


def _cost(reactive: float, downtime_h: float, downtime_per_h: float) -> FailureCost:
    return FailureCost(reactive, round(reactive * PLANNED_SHARE), downtime_h, downtime_per_h)


DEFAULT_COSTS: Final = MappingProxyType(
    {
        "": _cost(1000, 4, 50),
        "lift": _cost(2500, 6, 150),
        "lift/door_operator": _cost(1800, 4, 150),
        "lift/brake": _cost(4000, 8, 150),
        "lift/traction_bearing": _cost(6000, 24, 150),
        "door": _cost(600, 8, 20),
        "electric_meter": _cost(300, 24, 2),
        "water_meter": _cost(300, 24, 2),
    }
)


@dataclass(frozen=True, slots=True)
class Replacement:
    """A new asset in CNY, work included, and the years it usually serves; `limit_years`: the time of use that rules
    prescribe (JJG 162: water meters up to DN25 6 years; JJG 596 and grid practice: electronic meters 8 years)."""

    price: float
    life_years: float
    limit_years: float | None = None


DEFAULT_REPLACEMENTS: Final = MappingProxyType(
    {
        "lift": Replacement(250_000, 15),
        "door": Replacement(6_000, 10),
        "electric_meter": Replacement(350, 8, 8),
        "water_meter": Replacement(300, 6, 6),
    }
)


@dataclass(frozen=True, slots=True)
class Policy:
    """`costs` maps "kind/component", "kind" or "" (everything else) to what its failure costs.

    `effectiveness`: share of failures that a visit in time prevents; `false_visit`: a visit that finds nothing,
    the crew's faith included; `least_probability`: no ticket below it, however dear the failure, since a crew that
    finds nothing three times in four stops going;
    `tickets_per_day`: the crew's capacity for proactive work (None: no limit); `cool_down`: after a closed
    ticket, the same problem is opened again within this time only when its probability is clearly higher.
    """

    costs: Mapping[str, FailureCost] = field(default_factory=lambda: DEFAULT_COSTS)
    visit: float = 200.0
    false_visit: float = 400.0
    least_probability: float = 0.25
    entrapment: float = 5000.0
    effectiveness: float = 0.85
    horizon: timedelta = timedelta(days=30)
    lead: timedelta = timedelta(hours=24)
    tickets_per_day: int | None = None
    cool_down: timedelta = timedelta(days=14)
    reopen_margin: float = 0.15
    trust: float = 0.35
    """Share of tickets that must come to a failure within the horizon for the crew to go on believing them, as a single
    member says of assets that it never saw."""
    needed: float = 0.8
    """Share of tickets after which the component must fail or be found worn within NEEDED_WITHIN for the same."""
    safety_factor: float = 1.5
    """Prevented failures of safety-relevant components count this much more."""
    held_out_share: float = 0.0
    """Share of borderline tickets that are not opened, drawn at random, so that what tickets keep can be told without
    bias from what becomes of these. Never of safety-relevant components."""
    borderline: float = 0.15
    """A ticket whose probability lies less than this above its bar is borderline."""
    safety: frozenset[str] = frozenset()
    """Further safety-relevant "kind/component" beyond those that contracts name."""
    replacements: Mapping[str, Replacement] = field(default_factory=lambda: DEFAULT_REPLACEMENTS)
    """By kind; of others nothing is said about replacing."""

    def cost_of(self, kind: str, component: str) -> FailureCost:
        for key in (f"{kind}/{component}", kind, ""):
            if key in self.costs:
                return self.costs[key]
        return DEFAULT_COSTS[""]

    def replacement_of(self, kind: str) -> Replacement | None:
        return self.replacements.get(kind)

    def is_safety(self, kind: str, component: str) -> bool:
        return is_safety_relevant(kind, component) or f"{kind}/{component}" in self.safety

    def benefit(self, kind: str, component: str) -> float:
        """Money kept by a visit in time before a failure of this component."""
        cost = self.cost_of(kind, component)
        weight = self.safety_factor if self.is_safety(kind, component) else 1.0
        return weight * self.effectiveness * max(cost.failure - cost.planned, 0.0)

    def bar(self, kind: str, component: str) -> float:
        """The probability of a failure within the horizon from which a ticket pays and is believed. It pays when
        q * benefit > (1 - q) * false visit, where q is the probability within NEEDED_WITHIN, by constant hazard."""
        benefit = self.benefit(kind, component)
        pays = self.false_visit / (self.false_visit + benefit) if benefit > 0 else 1.0
        survived = float((1.0 - pays) ** (self.horizon / max(NEEDED_WITHIN, self.horizon)))
        return max(1.0 - survived, self.least_probability)


class _CostRow(msgspec.Struct, forbid_unknown_fields=True):
    reactive: float
    planned: float | None = None
    downtime_h: float = 4.0
    downtime_per_h: float = 50.0


class _ReplacementRow(msgspec.Struct, forbid_unknown_fields=True):
    price: float
    life_years: float
    limit_years: float | None = None


_DEFAULT: Final = Policy()


class _PolicyFile(msgspec.Struct, forbid_unknown_fields=True):
    visit: float = _DEFAULT.visit
    false_visit: float = _DEFAULT.false_visit
    least_probability: float = _DEFAULT.least_probability
    entrapment: float = _DEFAULT.entrapment
    effectiveness: float = _DEFAULT.effectiveness
    tickets_per_day: int | None = None
    cool_down_days: float = _DEFAULT.cool_down / timedelta(days=1)
    reopen_margin: float = _DEFAULT.reopen_margin
    trust: float = _DEFAULT.trust
    needed: float = _DEFAULT.needed
    safety_factor: float = _DEFAULT.safety_factor
    held_out_share: float = _DEFAULT.held_out_share
    borderline: float = _DEFAULT.borderline
    safety: list[str] = []
    costs: dict[str, _CostRow] = {}
    replacements: dict[str, _ReplacementRow] = {}


def parse_policy(text: bytes | str) -> Policy:
    """The policy of a TOML text; what it leaves out keeps its default. PolicyRefused names the wrong field."""
    try:
        found = msgspec.toml.decode(text, type=_PolicyFile)
    except msgspec.ValidationError as exc:
        raise PolicyRefused("policy", str(exc), "the fields of docs/reference/policy.md") from exc
    except msgspec.DecodeError as exc:
        raise PolicyRefused("policy", str(exc), "a TOML document") from exc
    _check(found)
    costs = dict(DEFAULT_COSTS)
    for key, row in found.costs.items():
        planned = row.reactive * PLANNED_SHARE if row.planned is None else row.planned
        costs[key] = FailureCost(row.reactive, planned, row.downtime_h, row.downtime_per_h)
    plain: dict[str, Any] = {
        name: getattr(found, name)
        for name in (f.name for f in fields(Policy))
        if hasattr(found, name) and name not in ("costs", "safety", "replacements")
    }
    new = {kind: Replacement(row.price, row.life_years, row.limit_years) for kind, row in found.replacements.items()}
    return Policy(
        costs=costs,
        cool_down=timedelta(days=found.cool_down_days),
        safety=frozenset(found.safety),
        replacements={**DEFAULT_REPLACEMENTS, **new},
        **plain,
    )


def _check(found: _PolicyFile) -> None:
    for name in ("visit", "false_visit", "entrapment", "safety_factor"):
        _hold(name, getattr(found, name), 0 <= getattr(found, name) < math.inf, "a finite number, 0 or more")
    for name in ("least_probability", "trust", "needed", "held_out_share", "borderline", "reopen_margin"):
        _hold(name, getattr(found, name), 0 <= getattr(found, name) <= 1, "a share, 0 to 1")
    _hold("effectiveness", found.effectiveness, 0 < found.effectiveness <= 1, "a share above 0, at most 1")
    _hold("cool_down_days", found.cool_down_days, 0 <= found.cool_down_days <= YEAR_DAYS, "days, 0 to 365")
    if found.tickets_per_day is not None:
        _hold("tickets_per_day", found.tickets_per_day, found.tickets_per_day >= 0, "0 or more; left out for no limit")
    for key, row in found.costs.items():
        for name in row.__struct_fields__:
            value = getattr(row, name)
            _hold(f"costs.{key}.{name}", value, value is None or 0 <= value < math.inf, "a finite number, 0 or more")
    for kind, new in found.replacements.items():
        right = 0 <= new.price < math.inf and 0 < new.life_years < math.inf
        _hold(f"replacements.{kind}", (new.price, new.life_years), right, "a price and a life in years")


def _hold(name: str, value: object, right: bool, expected: str) -> None:
    if not right:
        raise PolicyRefused(name, value, expected)
