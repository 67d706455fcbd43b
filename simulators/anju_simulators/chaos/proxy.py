"""A TCP proxy that can go bad: the line between a gateway and its broker."""

import asyncio
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum

from anju_simulators.services.ports import LOOPBACK

CHUNK = 65_536


class Line(StrEnum):
    """How the line is."""

    GOOD = "good"
    DELAY = "delay"
    """Every piece arrives late."""
    CUT = "cut"
    """Connections end at once, and new ones are refused."""
    HOLE = "hole"
    """Nothing gets through in either direction, and nobody is told; new connections are made and lead nowhere."""
    HALF_OPEN = "half_open"
    """The far end is gone and the near end does not know: what it sends is swallowed."""
    DEAF = "deaf"
    """What is sent arrives; nothing comes back: acknowledgements and receipts are lost."""


@dataclass(eq=False)
class _Call:
    """One connection through the proxy; `spoilt` once bytes of it were held back, for they can't be made good."""

    near: asyncio.StreamWriter
    far: asyncio.StreamWriter
    spoilt: bool = False
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def end(self) -> None:
        for writer in (self.near, self.far):
            writer.transport.abort()


class Proxy:
    """Listens on a free port of its own and passes everything on to `target_port`. It runs in a thread of its own;
    every method may be called from any thread."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._line = Line.GOOD
        self._delay_s = 0.0
        self._calls: set[_Call] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self.port = 0

    def __enter__(self) -> "Proxy":
        self._thread.start()
        self.port = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    def __exit__(self, *_exc: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def set(self, line: Line, *, delay_s: float = 0.0) -> None:
        """From now on the line is like that. What was held back or swallowed before is lost with its connection."""
        self._loop.call_soon_threadsafe(self._set, line, delay_s)

    def _set(self, line: Line, delay_s: float) -> None:
        self._line, self._delay_s = line, delay_s
        for call in tuple(self._calls):
            if line is Line.CUT or (call.spoilt and line in {Line.GOOD, Line.DELAY}):
                call.end()
            elif line is Line.HALF_OPEN:
                call.spoilt = True
                call.far.transport.abort()

    async def _listen(self) -> int:
        self._server = await asyncio.start_server(self._serve, LOOPBACK, 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def _close(self) -> None:
        self._server.close()
        for call in tuple(self._calls):
            call.end()
        running = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        if self._line is Line.CUT:
            near.transport.abort()
            return
        try:
            far_reader, far = await asyncio.open_connection(LOOPBACK, self._target_port)
        except OSError:
            near.transport.abort()
            return
        call = _Call(near, far)
        self._calls.add(call)
        try:
            await self._carry(call, reader, far_reader)
        finally:
            self._calls.discard(call)
            call.end()

    async def _carry(self, call: _Call, reader: asyncio.StreamReader, far_reader: asyncio.StreamReader) -> None:
        """Until either side ends, or, once the line spoilt the connection, until the line is set anew."""
        up = asyncio.create_task(self._pass(call, reader, call.far, up=True))
        down = asyncio.create_task(self._pass(call, far_reader, call.near, up=False))
        await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
        if call.spoilt:
            await asyncio.wait({up, down})
        for task in (up, down):
            task.cancel()
        await asyncio.gather(up, down, return_exceptions=True)

    async def _pass(self, call: _Call, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, up: bool) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                if self._line is Line.DELAY:
                    await asyncio.sleep(self._delay_s)
                if self._swallows(up=up):
                    call.spoilt = True
                    continue
                writer.write(data)
                await writer.drain()

    def _swallows(self, *, up: bool) -> bool:
        return self._line in {Line.HOLE, Line.HALF_OPEN} or (self._line is Line.DEAF and not up)
