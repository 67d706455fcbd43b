"""Commands as the platform makes them, with a key of the tests' own."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from anju_contracts.command import Command, encode_command
from anju_contracts.topics import GatewayAddress
from anju_platform.commands.signing import sign

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
OWN = GatewayAddress("jinxiu", "gw-1")


def key_of(name: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(sha256(name.encode()).digest())


KEY = key_of("platform")


def command(**change: Any) -> Command:
    """An order to unlock door-01, issued now and valid for half a minute."""
    whole = Command("c-1", OWN.community, OWN.gateway, "unlock", NOON, NOON + timedelta(seconds=30), "door-01")
    return msgspec.structs.replace(whole, **change)


def signed(key: Ed25519PrivateKey = KEY, **change: Any) -> bytes:
    """On the wire, signed after the change."""
    return encode_command(sign(command(**change), key))


def altered(**change: Any) -> bytes:
    """Signed, and changed afterwards."""
    return encode_command(msgspec.structs.replace(sign(command(), KEY), **change))
