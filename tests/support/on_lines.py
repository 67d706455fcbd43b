"""Simulated lines in a thread of their own, for tests of drivers, which block."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from anju_simulators.devices.converter import Answer, Unit
from anju_simulators.devices.lines import Line
from anju_simulators.devices.registers import RegisterMap, check_request, encode_registers


class OnLines:
    """Starts lines and stops them all at the end. Its loop runs until then."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._lines: list[Line] = []

    def start(self, line: Line) -> str:
        """Where the line is."""
        where = str(self._call(line.start()))
        self._lines.append(line)
        return where

    def stop(self) -> None:
        while self._lines:
            self._call(self._lines.pop().stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def stop_line(self, line: Line) -> None:
        self._lines.remove(line)
        self._call(line.stop())

    def _call(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(20)


def steady_unit(registers: RegisterMap, values: dict[str, float], asked: Callable[[], None] = lambda: None) -> Unit:
    """A meter that always shows `values`."""

    def answer(function: int, address: int, count: int) -> Answer:
        asked()
        check_request(registers, function, address, count)
        return Answer(encode_registers(registers, values, address, count), 0.0, lambda: None)

    return answer


def deaf_unit(_function: int, _address: int, _count: int) -> None:
    """A meter whose communication module is dead."""
