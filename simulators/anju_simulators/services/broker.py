"""An MQTT 5 broker of our own: Mosquitto where it can be had, else the broker of the iotcore wheel."""

import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from anju_simulators.services.account import unprivileged
from anju_simulators.services.errors import ServiceMissing
from anju_simulators.services.places import has_iotcore, mosquitto_program
from anju_simulators.services.ports import LOOPBACK, accepts
from anju_simulators.services.process import ServerProcess
from anju_simulators.services.server import Server

BrokerKind = Literal["mosquitto", "iotcore"]

START_WITHIN_S = 20.0
MAX_PAYLOAD_BYTES = 8 * 1024 * 1024
HOW_TO_GET = {"mosquitto": "make services", "iotcore": "pip install 'anju-simulators[services]'"}

MOSQUITTO_CONFIG = """\
{listeners}
max_inflight_messages 1000
max_queued_messages 100000
max_packet_size {max_payload}
log_type error
log_type warning
log_type notice
log_dest stderr
persistence {persistence}
persistence_location {folder}/
autosave_interval 30
"""

ANYBODY = "listener {port} {host}\nallow_anonymous true"
ACCOUNTS_ONLY = "listener {port} {host}\nallow_anonymous false\npassword_file {accounts}\nacl_file {rights}"

IOTCORE_CONFIG = """\
id = 0

[router]
id = 0
max_connections = 10010
max_outgoing_packet_count = 200
max_segment_size = 104857600
max_segment_count = 10

[v5.1]
name = "v5-1"
listen = "{host}:{port}"
next_connection_delay_ms = 1

[v5.1.connections]
connection_timeout_ms = 60000
max_payload_size = {max_payload}
max_inflight_count = 200
dynamic_filters = true
{auth}"""

CONFIG_FILES = {"mosquitto": "mosquitto.conf", "iotcore": "iotcore.toml"}
IOTCORE_PROGRAM = "import sys; from iotcore import IotCoreBroker; IotCoreBroker(config_path=sys.argv[1]).run_forever()"


def broker_kinds() -> tuple[BrokerKind, ...]:
    """The brokers that can be had on this machine, the better one first."""
    kinds: list[BrokerKind] = []
    if mosquitto_program() is not None:
        kinds.append("mosquitto")
    if has_iotcore():
        kinds.append("iotcore")
    return tuple(kinds)


@dataclass(frozen=True, slots=True)
class Access:
    """Mosquitto's files of accounts (hashed passwords) and of who may use which topic; for iotcore, which knows no
    rights, the folder of the passwords as they are, a file an account."""

    accounts: Path
    rights: Path
    passwords: Path | None = None

    @classmethod
    def in_folder(cls, folder: Path) -> Self:
        """What `anju-gateway local-broker` writes there."""
        return cls(folder / "accounts", folder / "access.acl", folder / "passwords")


class Broker(Server):
    """One broker on 127.0.0.1, with its configuration and log in `folder`.

    `access` shuts out whoever has no account; its files are read at the start. Mosquitto only: `persistent` keeps
    retained messages, sessions and what is queued over a restart, `listeners` gives instead of `access`, for the port,
    the lines of the configuration that say who may come in. Ports behave as those of `Postgres` do.
    """

    def __init__(
        self,
        folder: Path,
        *,
        kind: BrokerKind | Literal["auto"] = "auto",
        port: int = 0,
        persistent: bool = False,
        access: Access | None = None,
        listeners: Callable[[int], str] | None = None,
    ) -> None:
        have = broker_kinds()
        if not have or kind not in ("auto", *have):
            wanted = "mosquitto" if kind == "auto" else kind
            raise ServiceMissing(f"the MQTT broker {wanted} is not here; to get it: {HOW_TO_GET[wanted]}")
        self.kind: BrokerKind = have[0] if kind == "auto" else kind
        super().__init__("the broker", folder, preferred_port=port)
        self._persistent = persistent
        self._access = access
        self._listeners = listeners

    @property
    def url(self) -> str:
        return f"mqtt://{LOOPBACK}:{self.port}"

    @property
    def shared_subscriptions(self) -> bool:
        """Whether `$share/…` works: several ingest workers may then split the load."""
        return self.kind == "mosquitto"

    @property
    def log_file(self) -> Path:
        return self._folder / f"{self.kind}.log"

    def _launch(self) -> ServerProcess:
        process = ServerProcess(self._command(), log=self.log_file, stop_signal=signal.SIGTERM)
        process.await_ready(lambda: accepts(self.port), within_s=START_WITHIN_S)
        return process

    def reload(self) -> None:
        """Make Mosquitto read accounts, rights, certificates and revocation list again; connections stay."""
        assert self._process is not None, "the broker does not run"
        os.kill(self._process.pid, signal.SIGHUP)

    def _listener_lines(self) -> str:
        if self._listeners is not None:
            return self._listeners(self.port)
        if self._access is None:
            return ANYBODY.format(port=self.port, host=LOOPBACK)
        return ACCOUNTS_ONLY.format(
            port=self.port, host=LOOPBACK, accounts=self._access.accounts, rights=self._access.rights
        )

    def _auth_table(self) -> str:
        """Of iotcore. JSON's strings are TOML's, too."""
        if self._access is None or self._access.passwords is None:
            return ""
        files = sorted(self._access.passwords.iterdir())
        lines = (f"{json.dumps(file.name)} = {json.dumps(file.read_text(encoding='utf-8'))}" for file in files)
        return "\n".join(("", "[v5.1.connections.auth]", *lines, ""))

    def _command(self) -> list[str]:
        template = MOSQUITTO_CONFIG if self.kind == "mosquitto" else IOTCORE_CONFIG
        config = self._folder / CONFIG_FILES[self.kind]
        text = template.format(
            host=LOOPBACK,
            port=self.port,
            folder=self._folder,
            max_payload=MAX_PAYLOAD_BYTES,
            persistence=str(self._persistent).lower(),
            listeners=self._listener_lines(),
            auth=self._auth_table(),
        )
        config.unlink(missing_ok=True)
        config.touch(mode=0o600)
        config.write_text(text, encoding="utf-8")
        if self.kind == "iotcore":
            return [sys.executable, "-c", IOTCORE_PROGRAM, str(config)]
        return unprivileged([str(mosquitto_program()), "-c", str(config)], folder=self._folder)


def start_broker(
    folder: Path, *, kind: BrokerKind | Literal["auto"] = "auto", port: int = 0, persistent: bool = False
) -> Broker:
    """A started broker: use it in a `with`, or stop it."""
    return Broker(folder, kind=kind, port=port, persistent=persistent).start()
