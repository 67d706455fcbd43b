"""The demo's own look into the database: SQL in files, one query each, all of them read-only."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import LiteralString


@cache
def queries() -> Mapping[str, LiteralString]:
    """The queries of `sql/` by name. They are files of this package, never built from input."""
    folder = files(__package__).joinpath("sql")
    return MappingProxyType(
        {
            entry.name.removesuffix(".sql"): entry.read_text(encoding="utf-8")
            for entry in folder.iterdir()
            if entry.name.endswith(".sql")
        }
    )
