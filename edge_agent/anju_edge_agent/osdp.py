"""OSDP readers: what a profile says about them, and how a card becomes a pseudonym. Pure."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from anju_edge_agent.actions import Action, ActionSpec

SOURCES: Final = ("online", "tamper", "power_lost", "card_reads", "comm_losses")
"""What is known of a reader: 1 or 0 for states, counts since the agent began for the last two. It is online when the
secure channel is there."""
KINDS: Final = ("output", "buzzer", "led")
COLORS: Final = MappingProxyType(
    {"none": 0, "red": 1, "green": 2, "amber": 3, "blue": 4, "magenta": 5, "cyan": 6, "white": 7}
)
MOST_PULSE_S: Final = 25
"""The timer of an output counts tenths of a second in one byte of the library's command."""


@dataclass(frozen=True, slots=True)
class OsdpCommand:
    """How an action is told to a reader: `number` of the output or lamp; `color` of the lamp; a pulse or blink for
    the action's `seconds`, or for ever without; `times` for the buzzer."""

    spec: ActionSpec
    kind: str
    number: int = 0
    color: str = "green"
    on: bool = True


@dataclass(frozen=True, slots=True)
class OsdpMap:
    """`sources[i]` is what the profile's point i shows."""

    sources: tuple[str, ...]
    commands: Mapping[str, OsdpCommand] = field(default_factory=dict)


def pseudonym(key: bytes, card_format: int, bits: int, data: bytes) -> str:
    """An id for a card that is always the same under one key, and tells nothing about the card without it."""
    whole = hmac.new(key, b"%d:%d:" % (card_format, bits) + data, hashlib.sha256)
    return f"credential:{whole.hexdigest()[:20]}"


def command_fields(command: OsdpCommand, action: Action) -> dict[str, int | bool]:
    """The fields of the library's command, but for its code; times are tenths of a second."""
    tenths = round(float(action.params.get("seconds", 0.0)) * 10)
    if command.kind == "output":
        return {"output_no": command.number, "control_code": _output_code(command, tenths), "timer_count": tenths}
    if command.kind == "buzzer":
        times = round(float(action.params.get("times", 1.0)))
        return {"reader": 0, "control_code": 2, "on_count": 2, "off_count": 2, "rep_count": times}
    color = COLORS[command.color]
    lamp = {"reader": 0, "led_number": command.number, "on_count": 5, "off_count": 5, "on_color": color}
    if not tenths:
        return {**lamp, "off_color": color, "control_code": 1, "temporary": False}
    return {**lamp, "off_color": 0, "control_code": 2, "temporary": True, "timer_count": tenths}


def _output_code(command: OsdpCommand, tenths: int) -> int:
    """The output's control code: on or off for a while (5, 6), or until told otherwise (2, 1)."""
    if tenths:
        return 5 if command.on else 6
    return 2 if command.on else 1
