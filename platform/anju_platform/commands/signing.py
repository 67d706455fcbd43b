"""The key that commands are signed with. Gateways have its public half only."""

from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from anju_contracts.command import Command, signed_part
from anju_platform.errors import ConfigurationError


def read_signing_key(file: Path) -> Ed25519PrivateKey:
    """ConfigurationError when `file` holds no Ed25519 key."""
    try:
        key = load_pem_private_key(file.read_bytes(), None)
    except (OSError, ValueError, TypeError) as exc:
        raise ConfigurationError(f"ANJU_COMMAND_KEY: got {file}, expected an Ed25519 key in PEM ({exc})") from exc
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigurationError(f"ANJU_COMMAND_KEY: got a {type(key).__name__} in {file}, expected an Ed25519 key")
    return key


def sign(command: Command, key: Ed25519PrivateKey) -> Command:
    return msgspec.structs.replace(command, signature=key.sign(signed_part(command)).hex())
