import pytest
from arriving import NOON, events, telemetry

from anju_contracts.event import Event
from anju_platform.errors import ConfigurationError
from anju_platform.ingest.decode import decode
from anju_platform.ingest.link import BrokerUrl, parse_broker_url
from anju_platform.ingest.receipts import receipts_for


def test_receipts_are_ranges_by_gateway_epoch_and_stream() -> None:
    reading = ("lift-01/trips", NOON, 1.0)
    arrivals = [telemetry([reading], seq=seq) for seq in (3, 1, 2, 7)]
    arrivals += [telemetry([reading], seq=1, epoch="e2"), telemetry([reading])]
    arrivals.append(events([Event("lift-01", "lift.tilt", NOON)], seq=4))
    found = receipts_for(decode(one, lambda _: {}, telemetry_days=30) for one in arrivals)
    assert sorted((str(to), receipt.epoch, str(receipt.stream), receipt.ranges) for to, receipt in found) == [
        ("jinxiu/gw-1", "e1", "event", [(4, 4)]),
        ("jinxiu/gw-1", "e1", "telemetry", [(1, 3), (7, 7)]),
        ("jinxiu/gw-1", "e2", "telemetry", [(1, 1)]),
    ]


def test_a_broker_url_has_defaults_and_may_have_credentials() -> None:
    assert parse_broker_url("mqtt://broker") == BrokerUrl("broker", 1883, False, None, None)
    assert parse_broker_url("mqtts://u%40x:p@broker") == BrokerUrl("broker", 8883, True, "u@x", "p")


@pytest.mark.parametrize("url", ["http://broker", "mqtt://", "broker:1883", "mqtt://broker:port"])
def test_any_other_broker_url_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="ANJU_MQTT_URL: got"):
        parse_broker_url(url)
