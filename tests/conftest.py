"""Servers for the tests: each is started when the first test asks for it and stopped at the end of the run.

A test that takes `database_url` (or `database_server`) runs once for each flavour of PostgreSQL that this machine can
have; one that takes `broker` runs on Mosquitto where that is here; one marked `browser` or `mosquitto` runs where that
program is. What could not be covered is said in the last lines of the run. Where CI=true, everything has to be there:
the tests that need what is missing fail.
"""

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from hypothesis import settings

from anju_platform.storage.migrate import migrate
from anju_simulators.services import Broker, Flavour, Postgres, broker_kinds, flavours

# Machines are shared and noisy: how long an example takes is never a failure.
settings.register_profile("anju", deadline=None)
settings.load_profile("anju")

EVERY_FLAVOUR: tuple[Flavour, ...] = ("plain", "timescale")
IN_CI = os.environ.get("CI", "").lower() == "true"
TEMPLATE = "anju_template"
MEMORY = Path("/dev/shm")
ROOM_BYTES = 4 * 1024**3
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_numbers = itertools.count(1)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "flavour" in metafunc.fixturenames:
        metafunc.parametrize("flavour", EVERY_FLAVOUR if IN_CI else flavours(), scope="session")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    lacking = {"browser": CHROMIUM is None, "mosquitto": "mosquitto" not in broker_kinds()}
    names = [] if IN_CI else [name for name, is_lacking in lacking.items() if is_lacking]
    out = [item for item in items if any(item.get_closest_marker(name) for name in names)]
    items[:] = [item for item in items if item not in out]
    config.hook.pytest_deselected(items=out)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    missing = [f"PostgreSQL ({flavour})" for flavour in EVERY_FLAVOUR if flavour not in flavours()]
    missing += [] if "mosquitto" in broker_kinds() else ["Mosquitto (shared subscriptions)"]
    missing += [] if CHROMIUM else ["pages in Chromium"]
    if missing:
        terminalreporter.write_line(f"NOT COVERED, not on this machine: {', '.join(missing)} (make help)", red=True)


@pytest.fixture(scope="session")
def services_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the session's servers keep data, configuration and logs: in memory, where a database is made ten times as
    fast, if there is room."""
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES:
        with TemporaryDirectory(prefix="anju-", dir=MEMORY) as folder:
            yield Path(folder)
    else:
        yield tmp_path_factory.mktemp("services")


@pytest.fixture(scope="session")
def database_servers(services_folder: Path) -> Iterator[Callable[[Flavour], Postgres]]:
    """The running server of a flavour, started when it is first asked for and kept to the end of the session."""
    with ExitStack() as running:

        @cache
        def server_of(flavour: Flavour) -> Postgres:
            server = running.enter_context(Postgres(flavour, services_folder / flavour, durable=False))
            with psycopg.connect(server.create_database(TEMPLATE), autocommit=True) as conn:
                migrate(conn, flavour=flavour)
            return server

        yield server_of


@pytest.fixture(scope="session")
def database_server(flavour: Flavour, database_servers: Callable[[Flavour], Postgres]) -> Postgres:
    """A running PostgreSQL that has the migrated database TEMPLATE; it is shared, so stop or crash one of your own."""
    return database_servers(flavour)


@pytest.fixture
def database_url(database_server: Postgres) -> Iterator[str]:
    """A migrated and empty database of the test's own."""
    name = f"anju_test_{next(_numbers)}"
    yield database_server.create_database(name, template=TEMPLATE)
    database_server.drop_database(name)


@pytest.fixture(scope="session")
def broker(services_folder: Path) -> Iterator[Broker]:
    """A running MQTT 5 broker, shared by the session: use topics of your own and clear what you retain."""
    with Broker(services_folder / "broker", kind="mosquitto" if IN_CI else "auto") as running:
        yield running


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium for tests marked `browser`."""
    assert CHROMIUM is not None, "Chromium is not on this machine (on Debian: apt install chromium)"
    return CHROMIUM
