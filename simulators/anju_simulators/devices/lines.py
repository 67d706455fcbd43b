"""Lines on which simulated devices can be reached: a TCP port, as a serial server has, or a serial port."""

import asyncio
import os
import tty
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

Send = Callable[[bytes], None]
Serve = Callable[[asyncio.StreamReader, Send], Awaitable[None]]
"""Answers whatever comes from the reader, by the given function, until the reader is at its end."""

Converse = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Line(Protocol):
    async def start(self) -> str:
        """Listen, and tell where: `host:port`, or the path of a serial port."""

    async def stop(self) -> None: ...


class TcpPort:
    """`converse` is called for each client, until it is at its end or the port is closed. Port 0 takes any free one."""

    def __init__(self, converse: Converse, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._converse = converse
        self._host = host
        self._port = port
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()

    async def open(self) -> tuple[str, int]:
        """Listen, and tell host and port."""
        self._server = await asyncio.start_server(self._client, self._host, self._port)
        return self._host, int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for client in tuple(self._clients):
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._clients.add(task)
        task.add_done_callback(self._clients.discard)
        try:
            with suppress(ConnectionError, asyncio.CancelledError):
                await self._converse(reader, writer)
        finally:
            writer.close()


class TcpLine:
    """Port 0 takes any free one. Bytes are passed on as they are, as a transparent serial server does."""

    def __init__(self, serve: Serve, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._port = TcpPort(lambda reader, writer: serve(reader, writer.write), host=host, port=port)

    async def start(self) -> str:
        host, port = await self._port.open()
        return f"{host}:{port}"

    async def stop(self) -> None:
        await self._port.close()


class SerialLine:
    """A pseudo-terminal; `link` is a stable name for it, replaced if it is there."""

    def __init__(self, serve: Serve, *, link: Path | None = None) -> None:
        self._serve = serve
        self._link = link
        self._near = self._far = -1
        self._task: asyncio.Task[None] | None = None
        self._transport: asyncio.BaseTransport | None = None

    async def start(self) -> str:
        self._near, self._far = os.openpty()
        tty.setraw(self._far)
        reader = asyncio.StreamReader()
        pipe = os.fdopen(os.dup(self._near), "rb", buffering=0)
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        self._task = asyncio.create_task(self._run(reader))
        path = os.ttyname(self._far)
        if self._link is None:
            return path
        self._link.unlink(missing_ok=True)
        self._link.symlink_to(path)
        return str(self._link)

    async def stop(self) -> None:
        if self._task is None or self._transport is None:
            return
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._transport.close()
        for handle in (self._near, self._far):
            os.close(handle)
        if self._link is not None:
            self._link.unlink(missing_ok=True)

    async def _run(self, reader: asyncio.StreamReader) -> None:
        await self._serve(reader, self._send)

    def _send(self, data: bytes) -> None:
        """Nobody may be reading; then it is lost, as on a real line."""
        with suppress(BlockingIOError):
            os.write(self._near, data)
