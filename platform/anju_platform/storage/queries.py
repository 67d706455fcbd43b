"""SQL lives in `<step>/sql/*.sql`, one query a file, named after what it answers."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import LiteralString


@cache
def load_queries(package: str) -> Mapping[str, LiteralString]:
    """The queries of one step by name: `load_queries("anju_platform.tickets")["open_tickets"]`.

    They are files of this package, never built from input, so they count as literals for psycopg.
    """
    folder = files(package).joinpath("sql")
    return MappingProxyType(
        {
            entry.name.removesuffix(".sql"): entry.read_text(encoding="utf-8")
            for entry in folder.iterdir()
            if entry.name.endswith(".sql")
        }
    )
