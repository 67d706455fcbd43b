"""Columns out of PostgreSQL at the speed of the wire: COPY in binary, read by numpy without a loop over rows."""

from collections.abc import Mapping
from typing import Any, Final, LiteralString

import numpy as np
import numpy.typing as npt
import psycopg
from psycopg.sql import SQL

_HEADER: Final = 19
"""Signature, flags and the length of an extension that PostgreSQL doesn't use."""
_TRAILER: Final = 2


def copy_columns(
    conn: psycopg.Connection, query: LiteralString, parameters: Mapping[str, Any], fields: Mapping[str, str]
) -> npt.NDArray[np.void]:
    """The rows of a SELECT as a structured array.

    `fields` gives names and big-endian numpy types (`>i4`, `>i8`, `>f8`) of the columns, which may not be null.
    """
    pairs = [((f"{name}_bytes", ">i4"), (name, kind)) for name, kind in fields.items()]
    row = np.dtype([("columns", ">i2"), *(part for pair in pairs for part in pair)])
    statement = SQL("COPY ({}) TO STDOUT (FORMAT binary)").format(SQL(query))
    data = bytearray()
    with conn.cursor() as cur, cur.copy(statement, parameters) as copy:
        for block in copy:
            data += block
    body = memoryview(data)[_HEADER : len(data) - _TRAILER]
    if len(body) % row.itemsize:
        raise ValueError(f"{len(body)} bytes are no whole rows of {row.itemsize}: a column is null or of another type")
    return np.frombuffer(body, row)
