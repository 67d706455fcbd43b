"""The one place where the platform's programs make their database connections and pools."""

import os
from typing import Any, Final

import psycopg
from psycopg_pool import ConnectionPool

from anju_platform.config import Settings, settings_from
from anju_platform.errors import StorageUnavailable

Pool = ConnectionPool[psycopg.Connection]
_SESSION: Final = "-c TimeZone=UTC"
CONNECT_TIMEOUT_S: Final = 10
_NOTICED_DEAD: Final[dict[str, Any]] = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
"""A server that vanished without a word (a failover) is given up within half a minute; the last is in milliseconds."""


def settings_of_this_process() -> Settings:
    """Settings from the environment of this process."""
    return settings_from(os.environ)


def connect(settings: Settings, *, program: str, autocommit: bool = False) -> psycopg.Connection:
    """A connection of its own, times in UTC; StorageUnavailable when the database can't be reached."""
    try:
        return psycopg.connect(
            settings.database_url,
            autocommit=autocommit,
            application_name=f"anju {program}",
            options=_SESSION,
            connect_timeout=CONNECT_TIMEOUT_S,
            **_NOTICED_DEAD,
        )
    except psycopg.OperationalError as exc:
        raise StorageUnavailable(f"database: {exc}") from exc


def open_pool(settings: Settings, *, program: str, size: int = 4) -> Pool:
    """A pool of at most `size` connections, opened in the background; the caller closes it."""
    return ConnectionPool(
        settings.database_url,
        min_size=1,
        max_size=size,
        open=True,
        check=ConnectionPool.check_connection,
        name=program,
        kwargs={"application_name": f"anju {program}", "options": _SESSION, "connect_timeout": CONNECT_TIMEOUT_S},
    )
