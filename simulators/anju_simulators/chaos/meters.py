"""The meters, which are asked: `python -m anju_simulators.chaos.meters --help`.

A Modbus register has no acknowledgement. A gateway's agent hands over what it read before it asks the same meter again
(it gathers for a tenth of a second, in one thread), so an answer counts as handed over when the same connection asks
the same meter again in its next round. What a gateway read and had not yet handed over when it was killed was never
accepted by anybody; it may be stored or not.
"""

import asyncio
import logging
import os
import signal
import struct
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from anju_contracts.jsonlog import configure_logging
from anju_simulators.chaos.community import community
from anju_simulators.chaos.values import METER_POINTS, answer
from anju_simulators.devices.publication import PublicationLog

HEAD: Final = struct.Struct(">HHHB")
"""Transaction, protocol, bytes that follow (the unit counts), unit."""
QUESTION: Final = struct.Struct(">BHH")
VALUES: Final = struct.Struct(f">{len(METER_POINTS)}f")
READ_INPUT: Final = 4
NEXT_ROUND_S: Final = (0.3, 2.5)
"""After an answer, from the time for which an agent gathers to less than its patience with an answer that it did not
get: a question outside may be the same one again."""
FLUSH_EVERY_S: Final = 1.0
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Meter:
    """`number` is that of its next answer."""

    asset: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that has left; `at_s` is monotonic."""

    at: datetime
    at_s: float
    values: tuple[float, ...]


class Converter:
    """The meters (by unit) behind one port. It answers reads of all registers of a meter, and nothing else."""

    def __init__(self, meters: dict[int, Meter], *, answered: PublicationLog, handed_over: PublicationLog) -> None:
        self._meters = meters
        self._answered = answered
        self._handed_over = handed_over

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        open_answers: dict[int, Answered] = {}
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                while True:
                    writer.write(await self._reply(reader, open_answers))
                    await writer.drain()
        finally:
            writer.close()

    async def _reply(self, reader: asyncio.StreamReader, open_answers: dict[int, Answered]) -> bytes:
        """The answer to the next question; ConnectionError when that is none that a gateway would ask here."""
        transaction, _, length, unit = HEAD.unpack(await reader.readexactly(HEAD.size))
        function, address, count = QUESTION.unpack(await reader.readexactly(length - 1))
        if (function, address, count) != (READ_INPUT, 0, VALUES.size // 2) or unit not in self._meters:
            raise ConnectionError(f"unit {unit}, function {function}, registers {address}+{count}: no such")
        self._confirm(unit, open_answers)
        meter = self._meters[unit]
        values = answer(meter.number)
        meter.number += 1
        open_answers[unit] = Answered(datetime.now(UTC), time.monotonic(), values)
        self._note(self._answered, meter.asset, open_answers[unit])
        payload = bytes((READ_INPUT, VALUES.size)) + VALUES.pack(*values)
        return HEAD.pack(transaction, 0, len(payload) + 1, unit) + payload

    def _confirm(self, unit: int, open_answers: dict[int, Answered]) -> None:
        """The last answer was handed over, if this question is one of the next round."""
        last = open_answers.pop(unit, None)
        if last is not None and NEXT_ROUND_S[0] <= time.monotonic() - last.at_s < NEXT_ROUND_S[1]:
            self._note(self._handed_over, self._meters[unit].asset, last)

    def _note(self, into: PublicationLog, asset: str, answered: Answered) -> None:
        for point, value in zip(METER_POINTS, answered.values, strict=True):
            into.reading(asset, point, answered.at, value)


async def serve_all(count: int, first_port: int, answered: PublicationLog, handed_over: PublicationLog) -> None:
    """Converter number n of the community listens on `first_port` + n, until SIGTERM."""
    wiring = community(count).wiring
    servers = []
    for number in range(wiring.converters):
        meters = {place.unit: Meter(place.asset) for place in wiring.meters if place.converter == number}
        converter = Converter(meters, answered=answered, handed_over=handed_over)
        servers.append(await asyncio.start_server(converter.serve, "127.0.0.1", first_port + number))
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    log.info("meters answer", extra={"converters": len(servers)})
    while not stop.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), FLUSH_EVERY_S)
        answered.flush()
        handed_over.flush()
    for server in servers:
        server.close()


@click.command()
@click.option("--port", "first_port", type=int, required=True)
@click.option("--devices", "count", type=int, required=True)
@click.option("--offered", "answered_path", type=click.Path(path_type=Path), required=True)
@click.option("--handed-over", "handed_over_path", type=click.Path(path_type=Path), required=True)
def main(first_port: int, count: int, answered_path: Path, handed_over_path: Path) -> None:
    """Meters of the chaos community on Modbus TCP, until SIGTERM."""
    configure_logging("meters", level=os.environ.get("ANJU_LOG_LEVEL", "INFO"))
    with PublicationLog(answered_path) as answered, PublicationLog(handed_over_path) as handed_over:
        asyncio.run(serve_all(count, first_port, answered, handed_over))
    log.info("meters stopped")


if __name__ == "__main__":
    main()
