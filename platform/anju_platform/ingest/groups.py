"""From arrivals to groups of decoded messages: everything that came within a moment is committed together."""

import time
from collections.abc import Iterator, Sequence
from threading import Thread
from typing import Final

from anju_platform.ingest.basket import Basket
from anju_platform.ingest.decode import decode_all
from anju_platform.ingest.directory import PointDirectory
from anju_platform.ingest.limits import MESSAGE_BYTES, Limits
from anju_platform.ingest.models import Arrival, Deferred, Message, TelemetryBatch
from anju_platform.ingest.rates import Rates

DECODE_AFTER_S: Final = 0.005
"""How long an arrival waits at most for others to be decoded with."""
GATHER_S: Final = 0.02
"""How long a message waits at most for others to be committed with, unless the database has the group before."""
GROUP_ROWS: Final = 50_000
INBOX_BYTES: Final = 64 * 1024 * 1024
PORTION_BYTES: Final = 256 * 1024
"""Decoded at once, so that the database can begin before all of it is decoded."""
TOO_FAST: Final = "too_fast"
_IDLE_S: Final = 1.0


class Gatherer:
    """Decodes in a thread of its own, while the database takes the group before."""

    def __init__(self, directory: PointDirectory, *, telemetry_days: int, limits: Limits) -> None:
        self._directory = directory
        self._rates = Rates(limits.bytes_per_s)
        self._telemetry_days = telemetry_days
        self._inbox: Basket[Arrival] = Basket(INBOX_BYTES)
        self._decoded: Basket[list[Message]] = Basket(GROUP_ROWS)
        self._thread = Thread(target=self._run, name="gatherer", daemon=True)
        self._failed: BaseException | None = None

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._inbox.close()
        self._decoded.close()
        if self._thread.is_alive():
            self._thread.join()

    def deliver(self, arrival: Arrival) -> None:
        """Take `arrival` in; waits while too much waits already, and with that the broker."""
        self._inbox.put(arrival, len(arrival.payload) + MESSAGE_BYTES)

    def take(self, timeout_s: float) -> list[Message]:
        """The next group, in the order of arrival; empty when nothing came in time. Raises what ended the decoding: an
        ingest that only seemed to work would hold its share of the messages for ever."""
        if self._failed is not None:
            raise self._failed
        return [message for part in self._decoded.take_all(timeout_s, gather_s=GATHER_S) for message in part]

    def queued_bytes(self) -> float:
        return self._inbox.weight

    def _run(self) -> None:
        try:
            self._decode_all()
        except BaseException as exc:  # it is raised where the group is taken
            self._failed = exc
            self._decoded.close()

    def _decode_all(self) -> None:
        while not self._inbox.closed:
            arrivals = self._inbox.take_all(_IDLE_S, gather_s=DECODE_AFTER_S)
            for some in portions(arrivals):
                messages = self._decode(some, now_s=time.monotonic())
                self._decoded.put(messages, sum(map(_rows, messages)))

    def _decode(self, arrivals: Sequence[Arrival], *, now_s: float) -> list[Message]:
        """In their order; what is over the rate of its gateway stays unread."""
        admitted = [arrival for arrival in arrivals if self._admits(arrival, now_s)]
        messages = decode_all(admitted, self._directory.of, telemetry_days=self._telemetry_days)
        if len(admitted) == len(arrivals):
            return messages
        read = {id(arrival): message for arrival, message in zip(admitted, messages, strict=True)}
        return [read.get(id(arrival)) or Deferred(arrival, TOO_FAST) for arrival in arrivals]

    def _admits(self, arrival: Arrival, now_s: float) -> bool:
        """Each topic has a rate of its own: a flood of events must not drown the birth, which nobody sends again."""
        return self._rates.admit(arrival.topic, len(arrival.payload) + MESSAGE_BYTES, now_s)


def portions(arrivals: Sequence[Arrival]) -> Iterator[list[Arrival]]:
    """`arrivals` in pieces of about PORTION_BYTES: many small messages or some large ones."""
    some: list[Arrival] = []
    size = 0
    for arrival in arrivals:
        some.append(arrival)
        size += len(arrival.payload) + MESSAGE_BYTES
        if size >= PORTION_BYTES:
            yield some
            some, size = [], 0
    if some:
        yield some


def _rows(message: Message) -> int:
    return message.size if isinstance(message, TelemetryBatch) else 1
