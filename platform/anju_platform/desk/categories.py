"""What residents complain about: a table that gives each category its title, urgency and, where clear, component."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from anju_contracts.kinds import KINDS, Label
from anju_platform.errors import Invalid
from anju_platform.tickets.models import Priority


@dataclass(frozen=True, slots=True)
class Category:
    """`kinds` are those it is offered for (empty: all); `components` maps a kind to what it surely points at."""

    name: str
    label: Label
    kinds: frozenset[str] = frozenset()
    priority: Priority = Priority.NORMAL
    components: Mapping[str, str] = field(default_factory=dict)

    def fits(self, kind: str) -> bool:
        """True for its own kinds, and for any kind that Anju doesn't know."""
        return not self.kinds or kind in self.kinds or kind not in KINDS


_ELECTRIC, _WATER = "electric_meter", "water_meter"


def _category(
    name: str, zh: str, en: str, *kinds: str, priority: Priority = Priority.NORMAL, **components: str
) -> Category:
    return Category(name, Label(zh, en), frozenset(kinds), priority, components)


CATEGORIES: Final = MappingProxyType(
    {
        category.name: category
        for category in (
            _category("trapped", "困人", "somebody is trapped", "lift", priority=Priority.URGENT),
            _category("out_of_service", "停用", "out of service", "lift", "door", priority=Priority.HIGH),
            _category("door_problem", "门有问题", "trouble with the door", "lift", "door", lift="door_operator"),
            _category("noise", "异响", "strange noise", "lift", "door"),
            _category("shaking", "抖动", "shaking", "lift"),
            _category("slow", "运行缓慢", "slow", "lift", "door"),
            _category("cannot_enter", "门打不开", "the door won't open", "door", priority=Priority.HIGH),
            _category("does_not_close", "门关不上", "the door won't close", "door", door="closer"),
            _category("card_not_read", "刷卡无反应", "cards are not read", "door", door="reader"),
            _category(
                "billing",
                "读数有疑问",
                "reading or bill in doubt",
                _ELECTRIC,
                _WATER,
                priority=Priority.LOW,
                electric_meter="register",
                water_meter="register",
            ),
            _category("leak", "漏水", "water leak", _WATER, priority=Priority.URGENT, water_meter="pipework"),
            _category("no_power", "停电", "no power", _ELECTRIC, priority=Priority.HIGH),
            _category("no_water", "停水", "no water", _WATER, priority=Priority.HIGH),
            _category("other", "其他", "something else"),
        )
    }
)

SYNONYMS: Final = MappingProxyType(
    {
        "lift_stuck": "trapped",
        "lift_noise": "noise",
        "lift_door": "door_problem",
        "door_wont_open": "cannot_enter",
        "door_wont_close": "does_not_close",
        "meter_reading": "billing",
        "water_leak": "leak",
    }
)
"""Other names under which clients may report the same; stored under the name in CATEGORIES."""


def category_of(name: str) -> Category:
    """The category of that name or synonym; Invalid lists the names."""
    found = CATEGORIES.get(SYNONYMS.get(name, name))
    if found is None:
        raise Invalid("category", name, "one of " + ", ".join(CATEGORIES))
    return found


def categories_for(kind: str) -> list[Category]:
    """What to offer to a resident who reports an asset of `kind`; all, where no asset is known (`community`)."""
    return [category for category in CATEGORIES.values() if category.fits(kind)]
