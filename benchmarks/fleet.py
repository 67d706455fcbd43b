"""Synthetic communities: what their gateways announce and publish, and the same readings as columns.

The readings of a gateway are one endless sequence: reading `j` is of point `j % points`, `j // points` steps after the
start. Batch `k` of size `s` holds readings `k*s` to `k*s + s - 1`. So one rule gives batches of any size.
"""

from datetime import datetime

import msgspec
import numpy as np
from numpy.typing import NDArray

from anju_contracts.birth import Asset, Birth, Point
from anju_contracts.envelope import Envelope
from anju_contracts.senml import Pack, encode_pack
from anju_contracts.topics import Channel, GatewayAddress

EPOCH = "bench"
_US = 1_000_000
_BETWEEN_ASSETS_US = 13_000
"""Assets report one after the other, so most records of a batch carry a time of their own."""
_SEQ, _BASE_S = 777_777_777, 1_111_111_111
"""Marks in a template that no other number of it equals."""


class Fleet(msgspec.Struct, frozen=True, tag=True):
    """`batch` is how many readings a batch holds; it divides, or is a multiple of, the points of a gateway.
    `start_s` is seconds since 1970; a point is read every `step_s` whole seconds."""

    gateways: int
    assets: int
    points: int
    batch: int
    start_s: int
    step_s: int = 1
    historical: bool = False
    name: str = "bench"

    @property
    def points_of_gateway(self) -> int:
        return self.assets * self.points

    def address(self, gateway: int) -> GatewayAddress:
        return GatewayAddress(f"{self.name}-{gateway:04}", "gw-1")


def birth_of(fleet: Fleet, gateway: int, *, at: datetime) -> Birth:
    address = fleet.address(gateway)
    points = [Point(f"p{number}") for number in range(fleet.points)]
    assets = [Asset(f"m{number:03}", "electric_meter", "bench", points) for number in range(fleet.assets)]
    return Birth(address.community, address.gateway, EPOCH, "bench", at, assets)


class Batches:
    """The batches of a fleet, round robin over its gateways, made from templates: publishing costs next to nothing."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._a_turn = max(1, fleet.points_of_gateway // fleet.batch)
        """Batches after which a gateway's first point comes again."""
        self._steps = max(1, fleet.batch // fleet.points_of_gateway)
        self._templates = [_template(fleet, turn) for turn in range(self._a_turn)]
        self._topics = [fleet.address(number).topic(Channel.TELEMETRY) for number in range(fleet.gateways)]

    def message(self, number: int) -> tuple[str, bytes]:
        """Topic and payload of the `number`th batch of all, from 0; its seq is `number // gateways + 1`."""
        of_gateway, gateway = divmod(number, self._fleet.gateways)
        turn, place = divmod(of_gateway, self._a_turn)
        base_s = self._fleet.start_s + turn * self._steps * self._fleet.step_s
        payload = self._templates[place].replace(b"%d" % _SEQ, b"%d" % (of_gateway + 1), 1)
        return self._topics[gateway], payload.replace(b"%d" % _BASE_S, b"%d" % base_s, 1)


def _template(fleet: Fleet, place: int) -> bytes:
    pack = Pack(Envelope(EPOCH, _SEQ, historical=fleet.historical))
    for reading in range(place * fleet.batch, (place + 1) * fleet.batch):
        step, point = divmod(reading, fleet.points_of_gateway)
        asset, number = divmod(point, fleet.points)
        at_us = (_BASE_S + step * fleet.step_s) * _US + asset * _BETWEEN_ASSETS_US
        pack.append(f"m{asset:03}/p{number}", at_us, value_of(point))
    text = encode_pack(pack)
    base = f'"bt":{pack.at_us[0] // _US}'.encode()
    return text.replace(base, b'"bt":%d' % _BASE_S, 1)


def value_of(point: int) -> float:
    return 200.0 + point % 97 + 0.25


def columns_of(fleet: Fleet, batches: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Point number (from 1 over all gateways), microseconds since 1970 and value of every reading of the first
    `batches` batches, in the order of publishing."""
    number = np.repeat(np.arange(batches, dtype=np.int64), fleet.batch)
    of_gateway, gateway = np.divmod(number, fleet.gateways)
    reading = of_gateway * fleet.batch + np.tile(np.arange(fleet.batch, dtype=np.int64), batches)
    step, point = np.divmod(reading, fleet.points_of_gateway)
    at_us = (fleet.start_s + step * fleet.step_s) * _US + point // fleet.points * _BETWEEN_ASSETS_US
    return gateway * fleet.points_of_gateway + point + 1, at_us, 200.0 + point % 97 + 0.25
