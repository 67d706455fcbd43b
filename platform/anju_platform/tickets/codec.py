"""Log entries as JSON and back."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from anju_platform.tickets.models import Action
from anju_platform.tickets.rules import ACTION_NAMES

_ACTIONS: Final = {name: kind for kind, name in ACTION_NAMES.items()}


def action_to_json(action: Action) -> tuple[str, dict[str, Any]]:
    """The name of an action and its details as plain JSON values."""
    return ACTION_NAMES[type(action)], msgspec.to_builtins(action)


def action_from_json(name: str, detail: Mapping[str, Any]) -> Action:
    """The inverse of `action_to_json`."""
    action: Action = msgspec.convert(detail, _ACTIONS[name])
    return action
