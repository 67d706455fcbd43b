"""Kinds of asset that Anju knows, and the components that repairs and predictions name.

Other kinds and components are welcome everywhere (names.py says what they may be called); a page shows
them by their name, and prediction treats them like any other.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Label:
    """A title in Chinese and English."""

    zh: str
    en: str

    def of(self, language: str) -> str:
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Component:
    """A part of an asset that wears by itself and is repaired by itself."""

    name: str
    label: Label
    safety: bool = False


@dataclass(frozen=True, slots=True)
class AssetKind:
    name: str
    label: Label
    components: tuple[Component, ...]


def _component(name: str, zh: str, en: str, *, safety: bool = False) -> Component:
    return Component(name, Label(zh, en), safety)


_METER_COMPONENTS = (
    _component("comm_module", "通信模块", "communication module"),
    _component("battery", "电池", "battery"),
    _component("register", "计量机芯", "register"),
)

KINDS: Final = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            AssetKind(
                "lift",
                Label("电梯", "lift"),
                (
                    _component("door_operator", "门机", "door operator"),
                    _component("door_lock", "层门锁", "landing door lock", safety=True),
                    _component("brake", "制动器", "brake", safety=True),
                    _component("traction_bearing", "曳引机轴承", "traction bearing"),
                    _component("controller", "控制系统", "controller"),
                    _component("drive", "变频器", "drive"),
                    _component("guide_shoe", "导靴", "guide shoe"),
                ),
            ),
            AssetKind(
                "door",
                Label("门禁", "door"),
                (
                    _component("lock", "门锁", "lock"),
                    _component("closer", "闭门器", "closer"),
                    _component("reader", "读卡器", "reader"),
                    _component("battery", "后备电池", "backup battery"),
                ),
            ),
            AssetKind("electric_meter", Label("电表", "electric meter"), _METER_COMPONENTS),
            AssetKind("water_meter", Label("水表", "water meter"), _METER_COMPONENTS),
        )
    }
)

SHARED_COMPONENTS: Final = MappingProxyType(
    {
        component.name: component
        for component in (
            _component("monitor", "监测装置", "monitoring device"),
            _component("pipework", "管路", "pipework"),
            _component("mains", "供电", "mains supply"),
            _component("misuse", "使用不当", "misuse"),
        )
    }
)
"""What may be pointed at besides the parts of an asset: what watches it, serves it or harms it."""


def kind_label(kind: str) -> Label:
    """The title of a kind; its own name where Anju doesn't know it."""
    known = KINDS.get(kind)
    return known.label if known else Label(kind, kind)


def component_label(kind: str, component: str) -> Label:
    """The title of a component of a kind; its own name where Anju doesn't know it."""
    known = KINDS.get(kind)
    for candidate in known.components if known else ():
        if candidate.name == component:
            return candidate.label
    shared = SHARED_COMPONENTS.get(component)
    return shared.label if shared else Label(component, component)


def is_safety_relevant(kind: str, component: str) -> bool:
    known = KINDS.get(kind)
    return any(candidate.name == component and candidate.safety for candidate in (known.components if known else ()))
