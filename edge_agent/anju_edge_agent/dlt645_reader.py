"""Reading the part of a profile that the DL/T 645 driver knows."""

import re
from collections.abc import Sequence

from anju_edge_agent.dlt645 import MOST_BYTES, Dlt645Map, Field
from anju_edge_agent.tables import Table

_IDENTIFIER = re.compile(r"[0-9A-Fa-f]{8}")


def read_dlt645_map(_root: Table, points: Sequence[Table], _ids: Sequence[str]) -> Dlt645Map:
    """identifier, length, at and signed of every point."""
    return Dlt645Map(tuple(_read_field(point) for point in points))


def _read_field(point: Table) -> Field:
    identifier = point.text("identifier", required=True)
    if identifier and not _IDENTIFIER.fullmatch(identifier):
        point.problem("identifier", identifier, "8 hex digits, such as 00010000 for imported energy")
    return Field(
        identifier=identifier.upper(),
        at=point.integer("at", 0, least=0, most=200),
        length=point.integer("length", 4, required=True, least=1, most=MOST_BYTES),
        signed=point.flag("signed"),
    )
