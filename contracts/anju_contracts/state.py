"""State (retained, and the gateway's will): online, offline or lost, on one ordered topic."""

from datetime import datetime
from enum import StrEnum

import msgspec

from anju_contracts.errors import decode_json
from anju_contracts.moments import check_moment
from anju_contracts.names import check_name

MESSAGE = "state"


class Presence(StrEnum):
    ONLINE = "online"
    OFFLINE = "offline"
    """Said goodbye."""
    LOST = "lost"
    """The broker said so, by the will."""


class GatewayState(msgspec.Struct, frozen=True, omit_defaults=True):
    """`at` is when the session began for `ONLINE` and its `LOST` will, and when it ended for `OFFLINE`."""

    state: Presence
    epoch: str
    at: datetime


def decode_state(payload: bytes) -> GatewayState:
    state = decode_json(payload, GatewayState, MESSAGE)
    check_name(state.epoch, message=MESSAGE, field="epoch")
    check_moment(state.at, message=MESSAGE, field="at")
    return state


def encode_state(state: GatewayState) -> bytes:
    return msgspec.json.encode(state)
