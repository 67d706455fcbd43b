"""Reading secret keys, which stand in files of their own and never in the configuration."""

from pathlib import Path
from typing import Final

from anju_edge_agent.tables import Table

KEY_BYTES: Final = 16
_EXPECTED: Final = f"a file of {2 * KEY_BYTES} hex digits"


def read_key(table: Table, key: str, folder: Path) -> bytes:
    """The key in the file that `key` names, relative to `folder`; zeros stand in for one that is wrong. What the file
    holds is never part of a message."""
    name = table.text(key, required=True)
    if not name:
        return bytes(KEY_BYTES)
    try:
        text = (folder / name).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "no hex digits"
        table.problem(key, f"{name} ({reason})", _EXPECTED)
        return bytes(KEY_BYTES)
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != KEY_BYTES or len(text) != 2 * KEY_BYTES:
        table.problem(key, f"{name} ({len(text)} characters)", _EXPECTED)
        return bytes(KEY_BYTES)
    return found
