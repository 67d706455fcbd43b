"""Commands to a gateway: signed for it, valid for a time, answered on the MQTT response topic."""

import hashlib
import hmac
from datetime import datetime
from typing import Any

import msgspec

from anju_contracts.errors import ContractError, decode_json
from anju_contracts.moments import check_moment
from anju_contracts.names import check_name

MESSAGE = "command"


class Command(msgspec.Struct, frozen=True):
    """`id` is unique for ever: a gateway refuses one it has seen. `signature` is HMAC-SHA256 in hex over
    everything else, with the key that the gateway was enrolled with."""

    id: str
    community: str
    gateway: str
    action: str
    issued_at: datetime
    expires_at: datetime
    asset: str | None = None
    params: dict[str, str | float | bool] = {}
    signature: str = ""


class CommandResponse(msgspec.Struct, frozen=True, omit_defaults=True):
    id: str
    done: bool
    at: datetime
    reason: str | None = None
    result: dict[str, Any] = {}


def decode_command(payload: bytes) -> Command:
    command = decode_json(payload, Command, MESSAGE)
    for field in ("id", "community", "gateway", "action"):
        check_name(getattr(command, field), message=MESSAGE, field=field)
    check_moment(command.issued_at, message=MESSAGE, field="issued_at")
    check_moment(command.expires_at, message=MESSAGE, field="expires_at")
    if command.expires_at <= command.issued_at:
        raise ContractError(MESSAGE, "expires_at", command.expires_at.isoformat(), "a moment after issued_at")
    return command


def encode_command(command: Command) -> bytes:
    return msgspec.json.encode(command)


def decode_response(payload: bytes) -> CommandResponse:
    return decode_json(payload, CommandResponse, "command response")


def encode_response(response: CommandResponse) -> bytes:
    return msgspec.json.encode(response)


def signed(command: Command, key: bytes) -> Command:
    return msgspec.structs.replace(command, signature=_signature(command, key))


def is_signed(command: Command, key: bytes) -> bool:
    """Whether `command` carries the signature that `key` gives, compared in constant time."""
    return hmac.compare_digest(command.signature, _signature(command, key))


def _signature(command: Command, key: bytes) -> str:
    bare = msgspec.structs.replace(command, signature="")
    return hmac.new(key, msgspec.json.encode(bare, order="sorted"), hashlib.sha256).hexdigest()
