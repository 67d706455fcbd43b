"""What people call the sources of risk: points, event codes, and what an asset's history gives."""

from types import MappingProxyType
from typing import Final

from anju_contracts.codes import CODES
from anju_contracts.kinds import Label
from anju_contracts.points import point_title

_OTHERS: Final = MappingProxyType(
    {
        "age": Label("使用年限", "age"),
        "complaints": Label("居民报事", "complaints"),
        "events": Label("告警次数", "number of alarms"),
        "missing": Label("缺失的数据", "missing data"),
        "repairs": Label("维修记录", "repairs"),
    }
)


def source_title(source: str) -> Label:
    """Its own name where Anju doesn't know it."""
    if source in _OTHERS:
        return _OTHERS[source]
    return CODES[source].label if source in CODES else point_title(source).label
