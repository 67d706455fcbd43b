"""Columns out of PostgreSQL at the speed of the wire: COPY in binary, read by numpy without a loop over rows."""

from collections.abc import Mapping
from typing import Any, Final, LiteralString

import numpy as np
import numpy.typing as npt
import psycopg

_HEADER: Final = 19
"""Signature, flags and the length of an extension that PostgreSQL doesn't use."""
_TRAILER: Final = 2


def copy_columns(
    conn: psycopg.Connection, query: LiteralString, parameters: Mapping[str, Any], fields: Mapping[str, str]
) -> npt.NDArray[np.void]:
    """The rows of a COPY … TO STDOUT (FORMAT binary) as a structured array.

    `fields` gives names and big-endian numpy types (`>i4`, `>i8`, `>f8`) of the columns, which may not be null.
    """
    row = np.dtype(
        [("columns", ">i2"), *((part, kind) for name, kind in fields.items() for part in _parts(name, kind))]
    )
    with conn.cursor() as cur, cur.copy(query, dict(parameters)) as copy:
        data = bytearray()
        for block in copy:
            data += block
    body = memoryview(data)[_HEADER : len(data) - _TRAILER]
    if len(body) % row.itemsize:
        raise ValueError(
            f"COPY gave {len(body)} bytes, no multiple of {row.itemsize}: a column is null or of another type"
        )
    return np.frombuffer(body, row)


def _parts(name: str, kind: str) -> tuple[tuple[str, str], tuple[str, str]]:
    return (f"{name}_bytes", ">i4"), (name, kind)
