"""Whether a command is one for us, from the platform, and for now. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from anju_contracts.clock import rfc3339
from anju_contracts.command import MAX_BYTES, SIGNATURE_BYTES, Command, Refusal, decode_command, signed_part
from anju_contracts.errors import ContractError
from anju_contracts.topics import GatewayAddress

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MOST_AHEAD = timedelta(seconds=60)
"""The platform's clock may be so far ahead of ours."""


class Refused(Exception):  # noqa: N818  the word that commands answer with
    """`command_id` is known where the command could be read, so that it can be answered."""

    def __init__(self, reason: Refusal, detail: str, command_id: str | None = None) -> None:
        self.reason = reason
        self.detail = detail
        self.command_id = command_id
        super().__init__(f"{reason}: {detail}")


@dataclass(frozen=True, slots=True)
class Gate:
    """What a command has to pass; whether it was here before, the book tells."""

    address: GatewayAddress
    key: "Ed25519PublicKey"

    def admit(self, payload: bytes, *, now: datetime) -> Command:
        """The command of `payload`; Refused says why not."""
        command = _readable(payload)
        try:
            _check_address(command, self.address)
            _check_signature(command, self.key)
            _check_time(command, now)
        except Refused as exc:
            exc.command_id = command.id
            raise
        return command


def read_command_key(file: Path) -> "Ed25519PublicKey":
    """The platform's public key; ValueError or OSError when `file` holds none. The library for it is loaded only here:
    a gateway that takes no commands does without its memory."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415

    key = load_pem_public_key(file.read_bytes())
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError(f"a {type(key).__name__}")  # noqa: TRY004  the file's content is wrong, not our argument
    return key


def _readable(payload: bytes) -> Command:
    if len(payload) > MAX_BYTES:
        raise Refused(Refusal.OVERSIZED, f"got {len(payload)} bytes, expected at most {MAX_BYTES}")
    try:
        return decode_command(payload)
    except (ContractError, ValueError, RecursionError, OverflowError) as exc:
        raise Refused(Refusal.MALFORMED, str(exc)) from exc


def _check_address(command: Command, own: GatewayAddress) -> None:
    if command.community != own.community:
        raise Refused(Refusal.OTHER_COMMUNITY, f"got {command.community}, expected {own.community}")
    if command.gateway != own.gateway:
        raise Refused(Refusal.OTHER_GATEWAY, f"got {command.gateway}, expected {own.gateway}")


def _check_signature(command: Command, key: "Ed25519PublicKey") -> None:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415

    if not command.signature:
        raise Refused(Refusal.UNSIGNED, "no signature")
    try:
        signature = bytes.fromhex(command.signature)
        if len(signature) != SIGNATURE_BYTES:
            raise Refused(Refusal.WRONG_SIGNATURE, f"got {len(signature)} bytes, expected {SIGNATURE_BYTES}")
        key.verify(signature, signed_part(command))
    except (ValueError, InvalidSignature) as exc:
        raise Refused(Refusal.WRONG_SIGNATURE, "not the platform's signature of this command") from exc


def _check_time(command: Command, now: datetime) -> None:
    if command.issued_at > now + MOST_AHEAD:
        raise Refused(Refusal.EARLY, f"issued at {rfc3339(command.issued_at)}, and here it is {rfc3339(now)}")
    if now >= command.expires_at:
        raise Refused(Refusal.EXPIRED, f"it was valid to {rfc3339(command.expires_at)}, and here it is {rfc3339(now)}")
