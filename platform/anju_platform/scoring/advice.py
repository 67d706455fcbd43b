"""What a crew should bring to a foreseen failure: the table in advice.toml."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import msgspec


class Advice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The likely part, and the skill the work asks for."""

    part_zh: str
    part_en: str
    skill_zh: str
    skill_en: str


@cache
def _table() -> Mapping[str, Mapping[str, Advice]]:
    text = files(__package__).joinpath("advice.toml").read_bytes()
    return msgspec.toml.decode(text, type=dict[str, dict[str, Advice]])


def advice_for(kind: str, component: str) -> Advice | None:
    """None for what the table doesn't know."""
    return _table().get(kind, {}).get(component)
