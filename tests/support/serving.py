"""The real application under uvicorn on a free port, for tests of API and pages."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import jinxiu
import psycopg

from anju_contracts.clock import Clock, parse_clock
from anju_platform.bootstrap import open_pool
from anju_platform.config import Settings
from anju_platform.web.app import WebOptions, create_app
from anju_platform.web.server import Address, server_for
from anju_simulators.services import Postgres

NODE_MODULES = Path(__file__).parents[2] / "platform" / "node_modules"
# so slow that it stands still at the end of the planted readings
STANDING: Clock = parse_clock("scaled:2026-03-10T02:30:00Z@2026-01-01T00:00:00Z*0.0000000001")


@contextmanager
def serving(database_url: str, *, clock: Clock = STANDING, pool_timeout_s: float = 5.0) -> Iterator[str]:
    """The address of a server over `database_url`, for the time of the context."""
    settings = Settings(database_url, clock=clock)
    with socket.socket() as listener, open_pool(settings, program="test") as pool:
        pool.timeout = pool_timeout_s
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        server = server_for(create_app(pool, settings, WebOptions(NODE_MODULES)), Address("127.0.0.1", port))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.01)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.handle_exit(15, None)
            thread.join()


def planted_template(server: Postgres, migrated: str, **counts: int) -> str:
    """The name of a database that holds the planted community, to make others from."""
    name = "anju_jinxiu_" + "_".join(str(count) for count in counts.values())
    with psycopg.connect(server.create_database(name, template=migrated)) as conn:
        jinxiu.plant(conn, **counts)
    return name
