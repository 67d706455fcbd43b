"""SQL lives in `sql/*.sql`, one statement a file, named after what it does or answers."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType


@cache
def load_queries() -> Mapping[str, str]:
    folder = files("anju_gateway").joinpath("sql")
    return MappingProxyType(
        {
            entry.name.removesuffix(".sql"): entry.read_text(encoding="utf-8")
            for entry in folder.iterdir()
            if entry.name.endswith(".sql")
        }
    )
