"""One error for everything that can't be read: it names the field, the value and what would be right."""

import re
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_AT_PATH = re.compile(r"^(?P<what>.*?)(?: - at `(?P<path>[^`]+)`)?$", re.DOTALL)
_SHOWN_CHARS = 80


class ContractError(ValueError):
    """A message, a name or a setting that breaks the contract.

    `field` is a path such as `[3].v` or `assets[0].points[2].unit`; `value` is what stood there
    (None when it was missing or could not be told); `expected` says what would be right.
    """

    def __init__(self, message: str, field: str, value: object, expected: str) -> None:
        self.message = message
        self.field = field
        self.value = value
        self.expected = expected
        super().__init__(f"{message}: field {field}: got {shown(value)}, expected {expected}")


def shown(value: object) -> str:
    """`repr` of `value`, cut to a length that fits a log line."""
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 1] + "…"


def decode_json(payload: bytes, kind: type[T], message: str) -> T:
    """Decode `payload` into `kind`; whatever is wrong becomes a ContractError of `message`."""
    try:
        return msgspec.json.decode(payload, type=kind)
    except msgspec.ValidationError as exc:
        raise _as_contract_error(exc, message, payload) from exc
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise ContractError(message, "payload", payload[:_SHOWN_CHARS], f"JSON ({exc})") from exc


def _as_contract_error(exc: msgspec.ValidationError, message: str, payload: bytes) -> ContractError:
    found = _AT_PATH.match(str(exc))
    what = found["what"] if found else str(exc)
    path = (found["path"] if found else None) or "$"
    field = path.removeprefix("$").removeprefix(".") or "payload"
    missing = re.search(r"missing required field `([^`]+)`", what)
    if missing:
        field = f"{field}.{missing[1]}" if field != "payload" else missing[1]
        return ContractError(message, field, None, "a value; the field is required")
    return ContractError(message, field, _value_at(payload, path), _expectation(what))


def _expectation(what: str) -> str:
    found = re.match(r"Expected (.*?), got", what, re.DOTALL) or re.match(r"Expected (.*)", what, re.DOTALL)
    return found[1] if found else what


def _value_at(payload: bytes, path: str) -> object:
    """What stands at msgspec's `path` in `payload`; None when that can't be told."""
    if "[...]" in path:
        return None
    try:
        value: Any = msgspec.json.decode(payload)
        for key, index in re.findall(r"\.([A-Za-z0-9_]+)|\[(\d+)\]", path):
            value = value[key] if key else value[int(index)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, LookupError, TypeError):
        return None
    return value
