"""A device model's JSON over MQTT: which topics, where the values stand, how it writes time, what its codes mean."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from anju_edge_agent.actions import ActionSpec
from anju_edge_agent.rules import EventRule
from anju_edge_agent.samples import us_of

DEVICE: Final = "{device}"
TIME_FORMS: Final = ("ms", "s", "us", "rfc3339")
_US_A_UNIT: Final = MappingProxyType({"us": 1, "ms": 1_000, "s": 1_000_000})
_MOST_US: Final = 2**62

Path = tuple[str | int, ...]
"""Keys and list indices from the root of a document."""


@dataclass(frozen=True, slots=True)
class TimeField:
    """Where a message says when it was true, and in which of TIME_FORMS."""

    path: Path
    form: str


@dataclass(frozen=True, slots=True)
class ValueField:
    """`path` leads to a number, a boolean, or one of the words in `words`; `point` is the profile's index."""

    point: int
    path: Path
    words: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class JsonMessage:
    """One kind of message. The device's id stands in the topic's `{device}` level, or at `device`. A message with
    `code` reports an event: `active` leads to true, false, or null for one without duration; `codes` are the
    model's own codes as text."""

    name: str
    topic: str
    device: Path | None = None
    time: TimeField | None = None
    values: tuple[ValueField, ...] = ()
    code: Path | None = None
    active: Path | None = None
    codes: Mapping[str, EventRule] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JsonCommand:
    """How an action is told: `payload` goes to `topic`, with `{id}` in it for a fresh id and `{<parameter>}` for a
    number. The answer comes on `answer_topic` with that id at `answer_id`, true at `done` when it was done, and maybe
    a text at `reason` when not."""

    spec: ActionSpec
    topic: str
    payload: Mapping[str, object]
    answer_topic: str
    answer_id: Path
    done: Path
    reason: Path | None = None


@dataclass(frozen=True, slots=True)
class JsonDialect:
    messages: tuple[JsonMessage, ...]
    commands: Mapping[str, JsonCommand] = field(default_factory=dict)


def parse_path(text: str) -> Path:
    """`d.temp.motor` or `channels.0.value`; ValueError for an empty step."""
    steps = text.split(".")
    if not all(steps):
        raise ValueError(text)
    return tuple(int(step) if step.isdecimal() else step for step in steps)


def pick(document: object, path: Path) -> object:
    """What stands at `path`; None where nothing does."""
    for step in path:
        if isinstance(document, dict):
            document = document.get(str(step))
        elif isinstance(document, list) and isinstance(step, int) and step < len(document):
            document = document[step]
        else:
            return None
    return document


def number_of(found: object, words: Mapping[str, float]) -> float | None:
    """The finite number that a JSON value stands for; None when there is none."""
    if isinstance(found, str):
        return words.get(found)
    return float(found) if isinstance(found, bool | int | float) and _is_finite(found) else None


def time_us(found: object, form: str) -> int | None:
    """Microseconds since 1970 in UTC that a JSON value stands for; None when it can't be told. A time in RFC 3339
    without a zone is none: it could be anywhere."""
    if form == "rfc3339":
        return _rfc3339_us(found) if isinstance(found, str) else None
    if isinstance(found, bool) or not isinstance(found, int | float) or not abs(found) < _MOST_US:
        return None
    at_us = round(found * _US_A_UNIT[form])
    return at_us if abs(at_us) < _MOST_US else None


def _rfc3339_us(text: str) -> int | None:
    try:
        at = datetime.fromisoformat(text)
        return None if at.tzinfo is None else us_of(at.astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def _is_finite(number: float) -> bool:
    """JSON may hold a whole number that no float can."""
    try:
        return math.isfinite(number)
    except OverflowError:
        return False


def topic_filter(topic: str) -> str:
    """The MQTT subscription for a topic pattern: `liftmon/{device}/status` -> `liftmon/+/status`."""
    return topic.replace(DEVICE, "+")


def topic_regex(topic: str) -> re.Pattern[str]:
    """Matches the topics of a pattern; the group `device` is the id, where the pattern has one."""
    levels = [_level_regex(level) for level in topic.split("/")]
    return re.compile("/".join(levels))


def _level_regex(level: str) -> str:
    if level == DEVICE:
        return "(?P<device>[^/]+)"
    return "[^/]+" if level == "+" else re.escape(level)
