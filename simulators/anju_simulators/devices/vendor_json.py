"""What all vendors' messages are made of: points at places in a JSON document, and times as devices tell them.

Readings are mappings from Anju's point names to values; a point that is not there is a sensor that gives nothing.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Field:
    """Where a point stands in the message (`path` in nested objects), and by what it is multiplied there."""

    point: str
    path: tuple[str, ...]
    scale: float = 1.0
    whole: bool = False

    def shown(self, value: float) -> float:
        return round(value * self.scale) if self.whole else round(value * self.scale, 3)


@dataclass(frozen=True, slots=True)
class Message:
    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a model of device speaks. `serial` is the pattern of its ids.

    `report` (serial, values, at) is one message; `event` (serial, code, state, at) are the messages that tell of a
    raise, a clear or something momentary: none for what the vendor has no word for.
    """

    serial: str
    fields: tuple[Field, ...]
    report: Callable[[str, Mapping[str, float], datetime], Message]
    event: Callable[[str, str, str, datetime], list[Message]]

    def shown(self, values: Mapping[str, float]) -> dict[str, float]:
        """What a report says of `values`: the points that it carries, as it rounds them."""
        return {
            field.point: field.shown(values[field.point]) / field.scale
            for field in self.fields
            if field.point in values
        }


def nested(fields: Iterable[Field], values: Mapping[str, float]) -> dict[str, object]:
    """The points that have a value, each at its place."""
    body: dict[str, object] = {}
    for field in fields:
        if field.point not in values:
            continue
        level = body
        for name in field.path[:-1]:
            level = level.setdefault(name, {})  # type: ignore[assignment]
        level[field.path[-1]] = field.shown(values[field.point])
    return body


def encode(body: Mapping[str, object]) -> bytes:
    return json.dumps(body, separators=(",", ":"), allow_nan=False).encode()


def to_milliseconds(at: datetime) -> datetime:
    """`at` as a device tells it."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
