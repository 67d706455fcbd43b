import pytest
from arriving import NOON, events, telemetry
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from anju_contracts.clock import RealClock
from anju_contracts.event import Event
from anju_contracts.topics import Channel
from anju_platform.broker import parse_broker_url
from anju_platform.errors import ConfigurationError
from anju_platform.ingest.decode import decode
from anju_platform.ingest.link import Link, Subscription
from anju_platform.ingest.models import Arrival, Unreadable
from anju_platform.ingest.receipts import receipts_for

WANTED = Subscription("readings", (Channel.TELEMETRY,), shared=True)


def test_receipts_are_ranges_by_gateway_epoch_and_stream() -> None:
    reading = ("lift-01/trips", NOON, 1.0)
    arrivals = [telemetry([reading], seq=seq) for seq in (3, 1, 2, 7)]
    arrivals += [telemetry([reading], seq=1, epoch="e2"), telemetry([reading])]
    arrivals.append(events([Event("lift-01", "lift.tilt", NOON)], seq=4))
    found = list(receipts_for([decode(one, lambda _: {}, telemetry_days=30) for one in arrivals], at=NOON))
    assert sorted((str(to), receipt.epoch, str(receipt.stream), receipt.ranges) for to, receipt in found) == [
        ("jinxiu/gw-1", "e1", "event", [(4, 4)]),
        ("jinxiu/gw-1", "e1", "telemetry", [(1, 3), (7, 7)]),
        ("jinxiu/gw-1", "e2", "telemetry", [(1, 1)]),
    ]
    assert {receipt.at for _, receipt in found} == {NOON}


def test_a_refused_subscription_is_an_error_that_says_what_to_do() -> None:
    link = Link(parse_broker_url("mqtt://broker"), WANTED, clock=RealClock(), deliver=lambda _: None)
    link.check()
    refused = ReasonCode(PacketTypes.SUBACK, "Shared subscription not supported")
    assert link.client.on_subscribe is not None
    link.client.on_subscribe(link.client, None, 1, [refused], None)
    with pytest.raises(ConfigurationError, match=r"Shared subscription not supported.*ANJU_MQTT_SHARED=no"):
        link.check()


def test_a_topic_that_is_not_even_text_becomes_a_dead_letter() -> None:
    taken: list[Arrival] = []
    link = Link(parse_broker_url("mqtt://broker"), WANTED, clock=RealClock(), deliver=taken.append)
    link.client.take(b"anju/1/\xff", b"{}", 1, 1)
    (arrival,) = taken
    message = decode(arrival, lambda _: {}, telemetry_days=30)
    assert isinstance(message, Unreadable)
    assert message.letter.detail.startswith("topic: field topic: got ''")
