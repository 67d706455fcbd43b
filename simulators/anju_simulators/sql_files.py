"""SQL in files, one query each: they are files of our own packages, never built from input."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import LiteralString


@cache
def sql_files(package: str) -> Mapping[str, LiteralString]:
    """The queries of the folder `sql` of `package`, by name."""
    folder = files(package).joinpath("sql")
    return MappingProxyType(
        {
            entry.name.removesuffix(".sql"): entry.read_text(encoding="utf-8")
            for entry in folder.iterdir()
            if entry.name.endswith(".sql")
        }
    )
