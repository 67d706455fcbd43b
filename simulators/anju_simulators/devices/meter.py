"""A meter on the bus, whose communication module answers, answers late, fails or is silent as its wear has it."""

import math
from collections.abc import Callable, Mapping
from datetime import datetime

from anju_simulators.devices.converter import Answer
from anju_simulators.devices.publication import PublicationLog
from anju_simulators.devices.registers import (
    Refused,
    RegisterMap,
    check_request,
    encode_registers,
    points_in,
    with_phases,
)

DEVICE_FAILURE = 4
MOST_FAILURES_A_POLL = 2
"""However many errors an hour has, a poll that is repeated comes through in the end, unless the module is dead."""
UNLOGGED = frozenset({"power_l1_w", "power_l2_w", "power_l3_w", "export_kwh"})
"""Registers that no profile of Anju's reads."""


class MeterUnit:
    """Answers the requests to one unit id.

    `read` gives the meter's values at a moment of the device clock, None while it is silent. The world counts
    `comm_errors` and `comm_latency_ms` among them: each further error fails one request (the first of a
    reading, so that a reading is never half done), by turns with an exception and with silence.
    """

    def __init__(
        self,
        asset: str,
        registers: RegisterMap,
        read: Callable[[str, datetime], Mapping[str, float] | None],
        now: Callable[[], datetime],
        publications: PublicationLog,
    ) -> None:
        self._asset = asset
        self._registers = registers
        self._read = read
        self._now = now
        self._publications = publications
        self._errors_seen: float | None = None
        self._failures_due = 0

    def __call__(self, function: int, address: int, count: int) -> Answer | None:
        check_request(self._registers, function, address, count)
        at = self._now()
        found = self._read(self._asset, at)
        if found is None:
            return None
        if address == min(self._registers.points) and self._fails(found.get("comm_errors", 0.0)):
            return None
        values = with_phases(found) if "power_w" in found else found
        registers = encode_registers(self._registers, values, address, count)
        points = [point for point in points_in(self._registers, values, address, count) if point not in UNLOGGED]

        def sent() -> None:
            for point in points:
                self._publications.reading(self._asset, point, at, values[point])

        return Answer(registers, found.get("comm_latency_ms", 0.0) / 1000, sent)

    def _fails(self, errors: float) -> bool:
        """Whether this request is one of those that the module spoils; raises Refused for every second of them."""
        if self._errors_seen is not None and errors > self._errors_seen:
            self._failures_due = min(math.ceil(errors - self._errors_seen), MOST_FAILURES_A_POLL)
        self._errors_seen = errors
        if not self._failures_due:
            return False
        self._failures_due -= 1
        if self._failures_due % 2 == 0:
            raise Refused(DEVICE_FAILURE)
        return True
