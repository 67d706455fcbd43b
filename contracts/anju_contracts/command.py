"""Commands to a gateway: signed by the platform, for one gateway, valid for a time, done once, answered."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from anju_contracts.errors import ContractError, decode_json
from anju_contracts.moments import check_moment
from anju_contracts.names import check_name

MESSAGE = "command"
MAX_BYTES: Final = 16 * 1024
MOST_VALIDITY: Final = timedelta(hours=24)
"""A gateway has to remember what it was told for that long."""
SIGNATURE_BYTES: Final = 64
_SIGNED: Final = b"anju command 1\n"
Param = str | float | bool


class Refusal(StrEnum):
    """Why a command was not done."""

    OVERSIZED = "oversized"
    MALFORMED = "malformed"
    OTHER_COMMUNITY = "other_community"
    OTHER_GATEWAY = "other_gateway"
    UNSIGNED = "unsigned"
    WRONG_SIGNATURE = "wrong_signature"
    EARLY = "early"
    EXPIRED = "expired"
    REPLAYED = "replayed"
    BUSY = "busy"
    UNKNOWN_ASSET = "unknown_asset"
    NOT_ALLOWED = "not_allowed"
    """The model knows no such action, or not with these parameters."""
    FAILED = "failed"
    """Tried; the device or the gateway says no."""
    UNANSWERED = "unanswered"
    """The device was told and said nothing: it may have been done or not."""


class Command(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`id` is unique for ever: a gateway refuses one it has seen. Without `asset` it is for the gateway itself.
    `signature` is Ed25519 in hex over `signed_part`."""

    id: str
    community: str
    gateway: str
    action: str
    issued_at: datetime
    expires_at: datetime
    asset: str | None = None
    params: dict[str, Param] = {}
    signature: str = ""


class CommandResponse(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a command. `reason` says why it was not done, `detail` with which value."""

    id: str
    done: bool
    at: datetime
    reason: Refusal | None = None
    detail: str | None = None
    result: dict[str, Param] = {}


def decode_command(payload: bytes) -> Command:
    command = decode_json(payload, Command, MESSAGE)
    for field in ("id", "community", "gateway", "action"):
        check_name(getattr(command, field), message=MESSAGE, field=field)
    if command.asset is not None:
        check_name(command.asset, message=MESSAGE, field="asset")
    check_moment(command.issued_at, message=MESSAGE, field="issued_at")
    check_moment(command.expires_at, message=MESSAGE, field="expires_at")
    if not command.issued_at < command.expires_at <= command.issued_at + MOST_VALIDITY:
        expected = "a moment after issued_at, at most a day later"
        raise ContractError(MESSAGE, "expires_at", command.expires_at.isoformat(), expected)
    return command


def encode_command(command: Command) -> bytes:
    return msgspec.json.encode(command)


def decode_response(payload: bytes) -> CommandResponse:
    response = decode_json(payload, CommandResponse, "command response")
    check_name(response.id, message="command response", field="id")
    return response


def encode_response(response: CommandResponse) -> bytes:
    return msgspec.json.encode(response)


def signed_part(command: Command) -> bytes:
    """What the signature is over: everything else, with sorted keys, in the form in which it comes off the wire. The
    first line keeps a signature from standing for anything but a command."""
    bare = msgspec.structs.replace(command, signature="")
    read = msgspec.json.decode(msgspec.json.encode(bare), type=Command)
    return _SIGNED + msgspec.json.encode(read, order="sorted")
