"""Crews: what they find, what they do about it, what they write into the repair book."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from anju_contracts.kinds import component_label
from anju_simulators.physics.life import Life
from anju_simulators.records import Finding


class Workshop(StrEnum):
    """Who sends crews: residents' complaints alone, or someone outside (a ticket system).

    Maintenance goes on in both.
    """

    REACTIVE = "reactive"
    EXTERNAL = "external"


MISSED_SHARE: Final = 0.06
"""Share of first visits to a failed asset that leave without having found the fault."""
STRAY_WEAR: Final = 0.4
"""The wear from which a crew notices a component that it wasn't sent for."""
MAINTENANCE_FINDS: Final = 0.12
"""Chance that a half-monthly inspection notices a fully worn component; in proportion below that."""
MAINTENANCE_WEAR: Final = 0.35

_ACTION_ZH: Final = {"replace": "更换", "repair": "修理", "adjust": "调整", "inspect": "检查"}
_ROUNDS: Final = {
    "lift": ("door_operator", "door_lock", "brake", "guide_shoe", "door_operator", "traction_bearing", "controller"),
    "door": ("closer", "lock", "reader", "battery"),
    "electric_meter": ("comm_module",),
    "water_meter": ("comm_module", "battery"),
}
_GUESSED: Final = {
    "door_problem": {"lift": "door_operator", "door": "lock"},
    "slow": {"lift": "door_operator"},
    "noise": {"lift": "traction_bearing", "door": "closer"},
    "shaking": {"lift": "guide_shoe"},
    "out_of_service": {"lift": "controller"},
    "cannot_enter": {"door": "lock"},
    "does_not_close": {"door": "closer"},
    "card_not_read": {"door": "reader"},
    "leak": {"water_meter": "pipework"},
}


@dataclass(frozen=True, slots=True)
class Found:
    """Which component (by its place among the kind's components) a crew found at fault."""

    finding: Finding
    component: int


def inspect(
    lives: Sequence[Life], wear: Sequence[float], *, hours: float, hint: str | None, threshold: float = STRAY_WEAR
) -> Found | None:
    """What a crew finds that was sent for `hint`: a failed part before a worn one, the named part before others.

    A crew that looks for a part finds its wear from `Component.detectable` on; others' from `threshold` on.
    """
    ranked = [
        (not life.is_failed(hours), life.component.name != hint, -worn, row)
        for row, (life, worn) in enumerate(zip(lives, wear, strict=True))
        if life.is_failed(hours) or worn >= (life.component.detectable if life.component.name == hint else threshold)
    ]
    if not ranked:
        return None
    sound, stray, _, row = min(ranked)
    if stray and hint is not None:
        return Found("other_fault", row)
    return Found("worn" if sound else "confirmed", row)


def choose_action(life: Life) -> str:
    """Replace, repair or adjust, as the component's table and this life's chance say."""
    chance = float(life.chances[0])
    for action, share in life.component.actions:
        chance -= share
        if chance < 0:
            return action
    return life.component.actions[-1][0]


def written_code(life: Life) -> str | None:
    """The fault code a crew writes: the alarm, one of the part's other codes, or none."""
    chance = float(life.chances[1])
    if chance < 0.25:
        return None
    codes = [life.component.fault.code, *(precursor.code for precursor in life.component.precursors)]
    return codes[0] if chance < 0.8 else codes[-1]


def guessed_component(kind: str, category: str) -> str:
    """The component under which a visit is booked that was called for `category` and found nothing."""
    return _GUESSED.get(category, {}).get(kind) or _ROUNDS[kind][0]


def round_component(kind: str, visit: int) -> str:
    """The component that a maintenance visit's line in the book names."""
    return _ROUNDS[kind][visit % len(_ROUNDS[kind])]


def note(kind: str, finding: Finding, component: str | None, action: str | None) -> str:
    """What the crew writes in free text."""
    if component is None or action is None:
        return "现场检查未见异常"
    label = component_label(kind, component).zh
    state = "磨损老化" if finding == "worn" else "故障"
    return f"{label}{state}，已{_ACTION_ZH[action]}，试运行正常"
