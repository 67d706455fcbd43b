"""What Mosquitto reads: who may use which topic, and the listeners with their certificates. Pure."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from anju_contracts.topics import DOWNLINK, PREFIX, UPLINK

PLATFORM: Final = "platform"
"""The account of ingest and of whoever sends commands."""
GATEWAYS_PORT: Final = "8883"
PLATFORM_PORT: Final = "8884"


def access_rules(shut_out: Iterable[str]) -> str:
    """Mosquitto's acl_file. A gateway's account is called community/gateway, so the patterns keep each to its own
    topics; a denial by name outdoes them."""
    lines = [
        "# Made by `anju gateway`; changes are lost. A gateway's account is its certificate's name, community/gateway.",
        f"user {PLATFORM}",
        *(f"topic read {PREFIX}/+/+/{channel}" for channel in UPLINK),
        *(f"topic write {PREFIX}/+/+/{channel}" for channel in DOWNLINK),
        "topic read $SYS/#",
        "",
        *(f"pattern write {PREFIX}/%u/{channel}" for channel in UPLINK),
        *(f"pattern read {PREFIX}/%u/{channel}" for channel in DOWNLINK),
    ]
    for name in shut_out:
        lines += ["", f"user {name}", "topic deny #"]
    return "\n".join(lines) + "\n"


def listeners(folder: Path, *, gateways: str = GATEWAYS_PORT, platform: str = PLATFORM_PORT) -> str:
    """The part of mosquitto.conf that says who may come in; `folder` is where the broker finds its files, and the
    listeners are a port, or a port and an address to bind to.

    Two listeners, because of client ids: a gateway's is its name, whatever it asks for, so none can push another (or an
    ingest) off by using its id; several programs of the platform share one name and need ids of their own.
    """
    tls = [
        f"cafile {folder}/ca.pem",
        f"certfile {folder}/broker.pem",
        f"keyfile {folder}/broker.key",
        f"crlfile {folder}/crl.pem",
        "require_certificate true",
        "use_identity_as_username true",
    ]
    lines = [
        "# Made by `anju gateway`; changes are lost. Use it with `include_dir`, beside what else your broker needs.",
        "per_listener_settings false",
        "allow_anonymous false",
        f"acl_file {folder}/access.acl",
        "",
        "# gateways, from outside",
        f"listener {gateways}",
        *tls,
        "use_username_as_clientid true",
        "",
        "# programs of the platform: keep this port inside",
        f"listener {platform}",
        *tls,
    ]
    return "\n".join(lines) + "\n"
