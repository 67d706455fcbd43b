"""Accounts and rights for the broker on the box's own network: each device is kept to its own topics.

Mosquitto's files, written into one folder. Passwords that are there already stay, so a device is added by writing the
files again.
"""

import base64
import hashlib
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from anju_edge_agent.dialect import DEVICE, JsonDialect, topic_filter
from anju_gateway.config import ConfiguredDevice, GatewayConfig
from anju_gateway.errors import GatewayError

GATEWAY = "_gateway"
"""The account of the gateway's own agents. A device's account is called like its asset, and no name begins so."""
ITERATIONS = 101
"""Mosquitto's own number; the passwords are random, so more would not make them harder to guess."""
LISTENER = """\
# Made by `anju-gateway local-broker`; changes are lost. Use it with `include_dir`.
listener {port}
allow_anonymous false
password_file {folder}/accounts
acl_file {folder}/access.acl
max_queued_messages {most_queued}
"""
MOST_QUEUED = 100_000
"""What devices say while the gateway is away waits in the broker; beyond, it is dropped. Mosquitto's own is 1,000."""


@dataclass(frozen=True, slots=True)
class Right:
    """`write` is what the account publishes to, `read` what it hears."""

    account: str
    write: tuple[str, ...] = ()
    read: tuple[str, ...] = ()


def rights_of(config: GatewayConfig) -> list[Right]:
    """The gateway first, then every device that speaks over a broker. Pure.

    A model whose id stands only in the payload has one topic for all devices: there the broker can't tell them apart.
    """
    devices = list(_on_broker(config))
    said = sorted({topic_filter(topic) for _, dialect in devices for topic in _topics(dialect)})
    told = sorted({topic_filter(topic) for _, dialect in devices for topic in _command_topics(dialect)})
    own = [
        Right(
            device.device.asset,
            tuple(topic.replace(DEVICE, _level(device)) for topic in _topics(dialect)),
            tuple(topic.replace(DEVICE, _level(device)) for topic in _command_topics(dialect)),
        )
        for device, dialect in devices
    ]
    return [Right(GATEWAY, write=tuple(told), read=tuple(said)), *own]


def access_rules(rights: list[Right]) -> str:
    """Mosquitto's acl_file."""
    lines = ["# Made by `anju-gateway local-broker`; changes are lost."]
    for right in rights:
        lines += ["", f"user {right.account}"]
        lines += [f"topic write {topic}" for topic in right.write]
        lines += [f"topic read {topic}" for topic in right.read]
    return "\n".join(lines) + "\n"


def write_local_broker(config: GatewayConfig, folder: Path, *, port: int) -> list[str]:
    """Write everything and tell the accounts. Passwords are for their owner only, in `passwords/<account>`; their
    hashes may be read by Mosquitto's account, which is another one."""
    rights = rights_of(config)
    lines = [f"{right.account}:{hashed(password_of(right.account, folder))}\n" for right in rights]
    _write(folder / "accounts", "".join(lines), mode=0o644)
    _write(folder / "access.acl", access_rules(rights), mode=0o644)
    listener = LISTENER.format(port=port, folder=folder.absolute(), most_queued=MOST_QUEUED)
    _write(folder / "mosquitto.conf", listener, mode=0o644)
    return [right.account for right in rights]


def password_of(account: str, folder: Path) -> str:
    """The one in `folder`, made where there is none: a file for its owner only."""
    file = folder / "passwords" / account
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not file.exists():
        _write(file, secrets.token_urlsafe(24), mode=0o600)
    return file.read_text(encoding="utf-8")


def hashed(password: str) -> str:
    """As mosquitto_passwd writes it: $7$iterations$salt$hash, PBKDF2 with SHA-512."""
    salt = os.urandom(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    return f"$7${ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def _on_broker(config: GatewayConfig) -> Iterator[tuple[ConfiguredDevice, JsonDialect]]:
    for agent in config.agents:
        for device in agent.devices:
            dialect = device.device.profile.protocol
            if isinstance(dialect, JsonDialect):
                yield device, dialect


def _level(configured: ConfiguredDevice) -> str:
    """The device's id as one level of a topic; GatewayError where it would open others' topics."""
    address = configured.device.address
    if not address or any(char in "/+#" or char.isspace() or not char.isprintable() for char in address):
        raise GatewayError(
            f"device of {configured.device.asset}: got {address!r}, expected an id without / + # or space"
        )
    return address


def _topics(dialect: JsonDialect) -> list[str]:
    """What a device says: reports, events, and answers to commands."""
    answers = dict.fromkeys(command.answer_topic for command in dialect.commands.values())
    return [*(message.topic for message in dialect.messages), *answers]


def _command_topics(dialect: JsonDialect) -> list[str]:
    return list(dict.fromkeys(command.topic for command in dialect.commands.values()))


def _write(file: Path, text: str, *, mode: int) -> None:
    new = file.with_name(file.name + ".new")
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "w", encoding="utf-8") as target:
        os.fchmod(handle, mode)
        target.write(text)
    new.replace(file)
