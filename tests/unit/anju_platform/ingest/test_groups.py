from collections.abc import Mapping
from datetime import timedelta

import pytest
from arriving import GATEWAY, NOON, arrival, birth, events, telemetry

from anju_contracts.event import Event
from anju_contracts.topics import Channel
from anju_platform.ingest.directory import PointDirectory
from anju_platform.ingest.groups import Gatherer
from anju_platform.ingest.limits import MESSAGE_BYTES, Limits
from anju_platform.ingest.models import BirthNotice, Deferred, EventBatch, Message
from anju_platform.ingest.rates import BURST_S

LONG_S = 30.0


class Broken(PointDirectory):
    def of(self, community: str) -> Mapping[str, int]:
        raise MemoryError(community)


def test_what_ends_the_decoding_is_raised_where_the_next_group_is_taken() -> None:
    gatherer = Gatherer(Broken(), telemetry_days=30, limits=Limits())
    gatherer.start()
    gatherer.deliver(telemetry([("lift-01/trips", NOON, 1.0)], seq=1))
    with pytest.raises(MemoryError, match=GATEWAY.community):
        groups_until_the_end(gatherer)
    gatherer.stop()


def groups_until_the_end(gatherer: Gatherer) -> None:
    while True:
        gatherer.take(LONG_S)


def test_a_flood_of_events_does_not_keep_the_birth_of_its_gateway_out() -> None:
    flood = [events([Event("lift-01", "lift.tilt", NOON - timedelta(seconds=n))], seq=n) for n in range(1, 31)]
    gatherer = Gatherer(PointDirectory(), telemetry_days=30, limits=Limits(bytes_per_s=MESSAGE_BYTES // BURST_S))
    for one in (*flood, birth(), arrival(Channel.EVENT, b"[]")):
        gatherer.deliver(one)
    gatherer.start()
    found: list[Message] = []
    while len(found) < len(flood) + 2:
        found += gatherer.take(LONG_S)
    gatherer.stop()
    assert [type(message) for message in found] == [EventBatch, *[Deferred] * 29, BirthNotice, Deferred]
