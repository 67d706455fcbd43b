"""What every request can reach: the pool, the settings and the clock; and how endpoints ask for them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, cast

from fastapi import Depends, Request
from psycopg import Connection

from anju_platform.bootstrap import Pool
from anju_platform.config import Settings
from anju_platform.web.changes import ChangeHub


@dataclass(frozen=True, slots=True)
class WebContext:
    """One for each application; `pool` is open while the application runs."""

    pool: Pool
    settings: Settings
    changes: ChangeHub


def context_of(request: Request) -> WebContext:
    return cast("WebContext", request.app.state.anju)


def _connection(request: Request) -> Iterator[Connection[Any]]:
    """One transaction for each request: committed before the answer is sent, rolled back on any error."""
    with context_of(request).pool.connection() as conn:
        yield conn


def _now(request: Request) -> datetime:
    return context_of(request).settings.clock.now()


Conn = Annotated[Connection[Any], Depends(_connection, scope="function")]
Now = Annotated[datetime, Depends(_now)]
