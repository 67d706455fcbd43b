"""Serves the application with uvicorn until a signal comes, and stops without waiting for its watchers."""

import logging
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI

from anju_platform.bootstrap import open_pool
from anju_platform.config import Settings
from anju_platform.web.app import WebOptions, create_app
from anju_platform.web.context import WebContext
from anju_platform.web.render import assets_dir
from anju_platform.web.security import LOOPBACK

POOL_SIZE = 10
POOL_WAIT_S = 5.0
"""How long a request waits for a connection before it is told that the database can't be reached."""
GRACE_S = 5
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Address:
    """Port 0 takes a free one."""

    host: str
    port: int


class Server(uvicorn.Server):
    """Ends the live streams as soon as it is asked to stop; they would keep it for ever."""

    def __init__(self, config: uvicorn.Config, close_streams: Callable[[], None]) -> None:
        super().__init__(config)
        self._close_streams = close_streams

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for server in getattr(self, "servers", ()):
            for listener in server.sockets:
                host, port = listener.getsockname()[:2]
                _LOG.info("serving", extra={"url": f"http://{host}:{port}"})

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Here rather than on the signal, which may come in the middle of anything, or from another thread."""
        self._close_streams()
        await super().shutdown(sockets)


def options_from(environment: Mapping[str, str], *, host: str, hosts: Sequence[str] = ()) -> WebOptions:
    """`hosts` where given; else this machine's own names, or any where `host` is more than this machine."""
    own = LOOPBACK if host in {"127.0.0.1", "localhost", "::1"} else ("*",)
    return WebOptions(assets_dir=assets_dir(environment.get("ANJU_ASSETS_DIR")), hosts=tuple(hosts) or own)


def server_for(app: FastAPI, address: Address) -> Server:
    context: WebContext = app.state.anju
    config = uvicorn.Config(
        app,
        host=address.host,
        port=address.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    return Server(config, context.changes.close)


def serve(settings: Settings, options: WebOptions, address: Address) -> None:
    """Until SIGINT or SIGTERM."""
    with open_pool(settings, program="api", size=POOL_SIZE) as pool:
        pool.timeout = POOL_WAIT_S
        logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
        server_for(create_app(pool, settings, options), address).run()
