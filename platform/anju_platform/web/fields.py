"""Types of parameters and fields that several steps' APIs share, with what OpenAPI says of them."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema

from anju_contracts.kinds import Label
from anju_contracts.names import NAME_PATTERN

ASSET_KEY_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}:[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
NO_CONTROL_PATTERN = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f]*$"
VISIBLE_PATTERN = r"^[^\x00-\x1f]*[^\x00-\x20][^\x00-\x1f]*$"
MAX_ID = 2**63 - 1
MAX_VERSION = 2**31 - 1

_RFC3339 = re.compile(r"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$")
_EXPECTED_MOMENT = "an ISO 8601 time with a zone, from 2000 to 2099, for example 2026-03-01T08:00:00Z"


def parse_moment(value: Any) -> datetime:
    """The moment of `value` in UTC; ValueError unless it has a zone and lies in 2000 to 2099."""
    if isinstance(value, str) and _RFC3339.match(value):
        try:
            value = datetime.fromisoformat(value.upper())
        except ValueError as exc:
            raise ValueError(_EXPECTED_MOMENT) from exc
    if not isinstance(value, datetime) or value.tzinfo is None or not 2000 <= value.year < 2100:
        raise ValueError(_EXPECTED_MOMENT)
    return value.astimezone(UTC)


Moment = Annotated[
    datetime,
    BeforeValidator(parse_moment),
    WithJsonSchema({"type": "string", "format": "date-time", "example": "2026-03-01T08:00:00Z"}),
]
"""A time that a client gives: with its zone, in 2000 to 2099."""

_ASSET = {"pattern": ASSET_KEY_PATTERN, "max_length": 129}
_NAME = {"pattern": NAME_PATTERN, "max_length": 64}

AssetKey = Annotated[str, Path(description="`community:asset`", examples=["jinxiu:lift-01"], **_ASSET)]
CommunityId = Annotated[str, Path(description="A community", examples=["jinxiu"], **_NAME)]
RowId = Annotated[int, Path(ge=1, le=MAX_ID, examples=[1])]

InCommunity = Annotated[str | None, Query(description="Only of this community", examples=["jinxiu"], **_NAME)]
OfAsset = Annotated[str | None, Query(description="Only of this asset", examples=["jinxiu:lift-01"], **_ASSET)]
Since = Annotated[Moment | None, Query(alias="from", description="Not before this moment")]
Until = Annotated[Moment | None, Query(alias="to", description="Before this moment")]


class Titles(BaseModel):
    """A title in Chinese and English."""

    zh: str = Field(examples=["锦绣花园"])
    en: str = Field(examples=["Jinxiu Garden"])

    def of(self, language: str) -> str:
        return self.zh if language == "zh" else self.en


def titles(label: Label) -> Titles:
    return Titles(zh=label.zh, en=label.en)
