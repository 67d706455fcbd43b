"""Birth (retained): what a gateway is and everything it will speak of. A sample of a point that no birth
announced waits among the dead letters until one does."""

from datetime import date, datetime
from enum import StrEnum

import msgspec

from anju_contracts.errors import ContractError, decode_json
from anju_contracts.kinds import Label
from anju_contracts.moments import check_moment
from anju_contracts.names import check_name
from anju_contracts.units import check_unit

MESSAGE = "birth"
MAX_POINTS = 50_000


class PointKind(StrEnum):
    GAUGE = "gauge"
    """A momentary value; averages make sense."""
    COUNTER = "counter"
    """Counts up; differences make sense; a fall is a reset or a replaced device, never negative use."""
    STATE = "state"
    """0 and 1, or a small enumeration."""


class Point(msgspec.Struct, frozen=True, omit_defaults=True):
    id: str
    unit: str = "1"
    kind: PointKind = PointKind.GAUGE
    label: Label | None = None


class Asset(msgspec.Struct, frozen=True, omit_defaults=True):
    """`attributes` are free (storeys, rated load, entrance…); `installed_on` is when the asset went into service."""

    id: str
    kind: str
    model: str
    points: list[Point]
    label: Label | None = None
    location: str | None = None
    installed_on: date | None = None
    attributes: dict[str, str | float] = {}


class Birth(msgspec.Struct, frozen=True, omit_defaults=True):
    community: str
    gateway: str
    epoch: str
    software: str
    at: datetime
    assets: list[Asset]
    label: Label | None = None
    """The community's title, for the first birth that names it."""


def decode_birth(payload: bytes) -> Birth:
    """The birth of `payload`; ContractError names the field, for example `assets[0].points[2].unit`."""
    birth = decode_json(payload, Birth, MESSAGE)
    for field in ("community", "gateway", "epoch"):
        check_name(getattr(birth, field), message=MESSAGE, field=field)
    check_moment(birth.at, message=MESSAGE, field="at")
    total = sum(len(asset.points) for asset in birth.assets)
    if total > MAX_POINTS:
        raise ContractError(MESSAGE, "assets", total, f"at most {MAX_POINTS} points")
    _check_unique([asset.id for asset in birth.assets], "assets")
    for index, asset in enumerate(birth.assets):
        _check_asset(asset, f"assets[{index}]")
    return birth


def encode_birth(birth: Birth) -> bytes:
    return msgspec.json.encode(birth)


def _check_asset(asset: Asset, path: str) -> None:
    for field in ("id", "kind", "model"):
        check_name(getattr(asset, field), message=MESSAGE, field=f"{path}.{field}")
    _check_unique([point.id for point in asset.points], f"{path}.points")
    for index, point in enumerate(asset.points):
        check_name(point.id, message=MESSAGE, field=f"{path}.points[{index}].id")
        check_unit(point.unit, message=MESSAGE, field=f"{path}.points[{index}].unit")


def _check_unique(ids: list[str], path: str) -> None:
    seen: set[str] = set()
    for index, name in enumerate(ids):
        if name in seen:
            raise ContractError(MESSAGE, f"{path}[{index}].id", name, "an id that occurs once")
        seen.add(name)
