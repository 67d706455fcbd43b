"""Typed records of commands."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from anju_contracts.command import Param


class State(StrEnum):
    """What is known of a command. `EXPIRED`: nobody answered in its time, so it may have been done or not."""

    ASKED = "asked"
    SENT = "sent"
    DELIVERED = "delivered"
    EXPIRED = "expired"
    REFUSED = "refused"
    DONE = "done"


class Act(StrEnum):
    """What the log tells. `UNDELIVERED`: the broker had nobody to give it to; it is sent again in its time. `REPEATED`:
    the gateway says that it had the command before, which changes nothing."""

    ASKED = "asked"
    SENT = "sent"
    UNDELIVERED = "undelivered"
    DELIVERED = "delivered"
    REPEATED = "repeated"
    EXPIRED = "expired"
    REFUSED = "refused"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody asks for. `actor` is who, `why` the reason that stays on record."""

    action: str
    params: dict[str, Param]
    actor: str
    why: str
    valid_for_s: float


@dataclass(frozen=True, slots=True)
class Target:
    """Whom an order is for; `asset_id` and `asset` are None where it is the gateway itself."""

    community_id: str
    gateway_id: str
    asset_id: int | None = None
    asset: str | None = None


@dataclass(frozen=True, slots=True)
class OpenCommand:
    """A command that is neither answered nor expired; `asset` is its name in the community."""

    id: int
    wire_id: str
    community_id: str
    gateway_id: str
    asset: str | None
    action: str
    params: dict[str, Any]
    issued_at: datetime
    expires_at: datetime
    state: str
