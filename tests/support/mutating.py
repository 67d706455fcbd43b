"""Messages of a broken or hostile gateway: good ones, damaged at random, the same again for the same seed."""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

Sent = tuple[str, bytes]
"""Topic and payload."""
ODD_VALUES = (
    None, True, -1, 0, 2**63, -(2**70), 1e308, -1e308, 5e-324, 1e400, "", "\0", "\ud800", "a/b", "../..", "x" * 70_000,
    "+", "#", "$SYS", "安居", "2999-01-01T00:00:00Z", "0001-01-01T00:00:00Z", [], {}, [[]], {"n": {}},
)  # fmt: skip
ODD_BYTES = (b"", b"\0", b"\xff\xfe", b'"', b"\\u0000", b"[" * 3_000, b"{", b"NaN", b"1e999", b"-", b",", b"9" * 400)


def mutated(good: Sequence[Sent], *, seed: int, count: int) -> Iterator[Sent]:
    """`count` damaged versions of `good`; one in twenty stays as it is, one in twenty comes by a wrong topic."""
    chance = random.Random(seed)
    for _ in range(count):
        topic, payload = chance.choice(good)
        for _ in range(chance.choice((0, 1, 1, 1, 2, 3)) if chance.random() < 0.95 else 0):
            payload = chance.choice(DAMAGES)(payload, chance)
        if chance.random() < 0.05:
            topic = _other_topic(topic, chance)
        yield topic, payload


def _flip(payload: bytes, chance: random.Random) -> bytes:
    if not payload:
        return payload
    at = chance.randrange(len(payload))
    return payload[:at] + bytes([payload[at] ^ (1 << chance.randrange(8))]) + payload[at + 1 :]


def _cut(payload: bytes, chance: random.Random) -> bytes:
    start, end = sorted(chance.randrange(len(payload) + 1) for _ in range(2))
    return payload[:start] if chance.random() < 0.5 else payload[:start] + payload[end:]


def _repeat(payload: bytes, chance: random.Random) -> bytes:
    start, end = sorted(chance.randrange(len(payload) + 1) for _ in range(2))
    return payload[:end] + payload[start:end] * chance.randrange(1, 4) + payload[end:]


def _insert(payload: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(payload) + 1)
    return payload[:at] + chance.choice(ODD_BYTES) + payload[at:]


def _replace_value(payload: bytes, chance: random.Random) -> bytes:
    """One value of the document by an odd one, or by another of its own."""
    try:
        document = json.loads(payload)
    except (ValueError, RecursionError):
        return payload
    places = list(_places(document))
    if places:
        holder, key = chance.choice(places)
        other, other_key = chance.choice(places)
        holder[key] = chance.choice(ODD_VALUES) if chance.random() < 0.7 else other[other_key]
    try:
        return json.dumps(document).encode()
    except (ValueError, RecursionError):
        return payload


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in list(items):
        yield node, key
        yield from _places(value)


def _other_topic(topic: str, chance: random.Random) -> str:
    levels = topic.split("/")
    levels[chance.randrange(len(levels))] = chance.choice(
        ("", "other", "telemetry", "event", "x y", "9", "安居", "a" * 99)
    )
    return "/".join(levels)


DAMAGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _flip, _cut, _repeat, _insert, _replace_value, _replace_value, _replace_value,
)  # fmt: skip
