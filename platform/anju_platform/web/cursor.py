"""Opaque cursors of keyset pagination: the sort key of the last row that was given, bound to its list."""

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import UTC, datetime

from anju_platform.errors import Invalid

EXPECTED = "the `next` of an earlier answer of this list, unchanged"
MAX_LENGTH = 400
_MAX_ID = 2**63 - 1


def encode_cursor(list_name: str, key: Sequence[str | int | datetime]) -> str:
    """The cursor after the row of `list_name` whose sort key is `key`."""
    parts = [value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value for value in key]
    text = json.dumps([list_name, *parts], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_text_cursor(list_name: str, cursor: str | None) -> str | None:
    """The sort key of a list that is ordered by one text; Invalid for a cursor of anything else."""
    if cursor is None:
        return None
    parts = _parts(list_name, cursor, 1)
    if not isinstance(parts[0], str) or "\x00" in parts[0]:
        raise Invalid("cursor", cursor, EXPECTED)
    return parts[0]


def decode_id_cursor(list_name: str, cursor: str | None) -> int | None:
    """The sort key of a list that is ordered by id; Invalid for a cursor of anything else."""
    if cursor is None:
        return None
    return _checked_id(_parts(list_name, cursor, 1)[0], cursor)


def decode_moment_cursor(list_name: str, cursor: str | None) -> tuple[datetime | None, int | None]:
    """The sort key of a list that is ordered by moment and id; Invalid for a cursor of anything else."""
    if cursor is None:
        return None, None
    moment, row_id = _parts(list_name, cursor, 2)
    try:
        at = datetime.fromisoformat(str(moment))
    except ValueError as exc:
        raise Invalid("cursor", cursor, EXPECTED) from exc
    if at.tzinfo is None or not 1970 <= at.year <= 9000:
        raise Invalid("cursor", cursor, EXPECTED)
    return at, _checked_id(row_id, cursor)


def _checked_id(value: object, cursor: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MAX_ID:
        raise Invalid("cursor", cursor, EXPECTED)
    return value


def _parts(list_name: str, cursor: str, count: int) -> list[object]:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        parts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError) as exc:
        raise Invalid("cursor", cursor, EXPECTED) from exc
    if not isinstance(parts, list) or len(parts) != count + 1 or parts[0] != list_name:
        raise Invalid("cursor", cursor, EXPECTED)
    return parts[1:]
