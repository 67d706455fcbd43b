"""A plain MQTT client for what isn't measured: births, devices that speak now and then."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

WITHIN_S = 30.0


@contextmanager
def client_on(port: int) -> Iterator[Client]:
    """A connected client whose loop runs in a thread of its own."""
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        yield client
    finally:
        client.disconnect()
        client.loop_stop()


def publish_retained(port: int, messages: Mapping[str, bytes]) -> None:
    """Return when the broker has all of them; an empty payload takes one back."""
    with client_on(port) as client:
        for sent in [client.publish(topic, payload, qos=1, retain=True) for topic, payload in messages.items()]:
            sent.wait_for_publish(WITHIN_S)
