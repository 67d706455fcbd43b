"""A meter on the bus, whose communication module answers, answers late, fails or is silent as its wear has it."""

import random
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

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
from anju_simulators.records import Link

DEVICE_FAILURE = 4
UNREAD = frozenset({"power_l1_w", "power_l2_w", "power_l3_w", "export_kwh"})
"""Registers that no profile of Anju's reads."""


class MeterWorld(Protocol):
    """What a meter shows at a moment, by point, and how its communication module answers then."""

    def readings(self, asset_id: str, at: datetime) -> Mapping[str, float | None]: ...

    def link(self, asset_id: str, at: datetime) -> Link: ...


class MeterUnit:
    """Answers the requests to one unit id at the moments of the device clock `now`.

    A module that errs spoils the first request of a reading, so that no reading is half done; half of the time
    it does so with an exception, half of the time with silence.
    """

    def __init__(
        self,
        asset: str,
        registers: RegisterMap,
        world: MeterWorld,
        now: Callable[[], datetime],
        publications: PublicationLog,
    ) -> None:
        self._asset = asset
        self._registers = registers
        self._world = world
        self._now = now
        self._publications = publications
        self._chance = random.Random(asset)  # noqa: S311  the luck of a simulated line

    def __call__(self, function: int, address: int, count: int) -> Answer | None:
        check_request(self._registers, function, address, count)
        at = self._now()
        link = self._world.link(self._asset, at)
        if link.silent:
            return None
        if min(self._registers.points) in range(address, address + count) and self._chance.random() < link.error_share:
            if self._chance.random() < 0.5:
                raise Refused(DEVICE_FAILURE)
            return None
        found = known(self._world.readings(self._asset, at))
        values = with_phases(found) if self._registers.has_phases else found
        points = [point for point in points_in(self._registers, values, address, count) if point not in UNREAD]

        def sent() -> None:
            for point in points:
                self._publications.reading(self._asset, point, at, self._registers.told(point, values[point]))

        registers = encode_registers(self._registers, values, address, count)
        return Answer(registers, link.latency_ms / 1000, sent)


def known(values: Mapping[str, float | None]) -> dict[str, float]:
    """The points that have a value."""
    return {point: value for point, value in values.items() if value is not None}
