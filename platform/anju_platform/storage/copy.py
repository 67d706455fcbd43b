"""Binary COPY from numpy into PostgreSQL: whole columns at once, no Python object for a row.

The format is that of the PostgreSQL manual, COPY, "Binary Format". Columns without nulls; of text only the first ones.
"""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, LiteralString

import numpy as np
import psycopg
from numpy.typing import NDArray

_SIGNATURE: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER: Final = b"\xff\xff"
POSTGRES_EPOCH_US: Final = 946_684_800_000_000
"""2000-01-01, from which PostgreSQL counts its microseconds."""
_WIRE: Final = MappingProxyType({"int2": ">i2", "int4": ">i4", "int8": ">i8", "float8": ">f8", "timestamptz": ">i8"})
_CHUNK_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class CopyIn:
    """A COPY … FROM STDIN (FORMAT BINARY) and the types of its columns; timestamptz are microseconds since 1970."""

    statement: LiteralString
    types: tuple[str, ...]


TELEMETRY: Final = CopyIn(
    "COPY telemetry (point_id, at, value, quality) FROM STDIN (FORMAT BINARY)",
    ("int8", "timestamptz", "float8", "int2"),
)
STAGED_SAMPLES: Final = CopyIn(
    "COPY staged_sample (point_id, at, value, quality) FROM STDIN (FORMAT BINARY)", TELEMETRY.types
)
_ROLLUP_TYPES: Final = ("int8", "timestamptz", "int4", "float8", "float8", "float8", "float8", "float8")
ROLLUPS: Final = CopyIn(
    "COPY rollup_hour (point_id, hour, n, sum, min, max, first, last) FROM STDIN (FORMAT BINARY)", _ROLLUP_TYPES
)
STAGED_ROLLUPS: Final = CopyIn(
    "COPY staged_rollup (point_id, hour, n, sum, min, max, first, last) FROM STDIN (FORMAT BINARY)", _ROLLUP_TYPES
)


def row_type(types: Sequence[str]) -> np.dtype[np.void]:
    """The packed layout of one row: field count, then width and value of each field."""
    fields: list[tuple[str, str]] = [("fields", ">i2")]
    for index, name in enumerate(types):
        fields += [(f"width{index}", ">i4"), (f"value{index}", _WIRE[name])]
    return np.dtype(fields)


def encode_rows(types: Sequence[str], columns: Sequence[NDArray[Any]]) -> bytes:
    """The whole COPY stream of equal-length `columns`."""
    rows = np.empty(len(columns[0]), dtype=row_type(types))
    rows["fields"] = len(types)
    for index, (name, column) in enumerate(zip(types, columns, strict=True)):
        rows[f"width{index}"] = rows.dtype[f"value{index}"].itemsize
        rows[f"value{index}"] = column - POSTGRES_EPOCH_US if name == "timestamptz" else column
    return as_stream([rows.tobytes()])


def encode_texts(fields: int, texts: Iterable[str]) -> bytes:
    """The beginning of a row of `fields` columns: those that are text."""
    encoded = [text.encode() for text in texts]
    return struct.pack(">h", fields) + b"".join(struct.pack(">i", len(text)) + text for text in encoded)


def as_stream(rows: Iterable[bytes]) -> bytes:
    """The whole COPY stream of encoded `rows`."""
    return b"".join((_SIGNATURE, *rows, _TRAILER))


def copy_in(conn: psycopg.Connection, target: CopyIn, columns: Sequence[NDArray[Any]]) -> None:
    """Send `columns` into `target` within the transaction that `conn` is in."""
    send_copy(conn, target.statement, encode_rows(target.types, columns))


def send_copy(conn: psycopg.Connection, statement: LiteralString, stream: bytes) -> None:
    """Send a whole COPY stream by `statement`, a COPY … FROM STDIN (FORMAT BINARY)."""
    view = memoryview(stream)
    with conn.cursor() as cur, cur.copy(statement) as copy:
        for start in range(0, len(view), _CHUNK_BYTES):
            copy.write(view[start : start + _CHUNK_BYTES])
