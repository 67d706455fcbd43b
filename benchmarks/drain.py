"""A process that is the reference for small messages: a bare paho subscriber that acknowledges each by hand.

`python -m benchmarks.drain PORT FILTER COUNT` says `ready` when it is subscribed and, when COUNT messages are
acknowledged, the moment of the monotonic clock.
"""

import sys
import time
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

RECEIVE_MAXIMUM = 1_000
"""As our ingest has it."""


def main() -> None:
    port, topic_filter, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    client = Client(
        CallbackAPIVersion.VERSION2, client_id="bench-drain", protocol=MQTTProtocolVersion.MQTTv5, manual_ack=True
    )
    taken = 0

    def on_message(client: Client, _data: Any, message: MQTTMessage) -> None:
        nonlocal taken
        client.ack(message.mid, message.qos)
        taken += 1
        if taken == count:
            print(time.monotonic(), flush=True)
            client.disconnect()

    client.on_connect = lambda client, *_: client.subscribe(topic_filter, options=SubscribeOptions(qos=1))
    client.on_subscribe = lambda *_: print("ready", flush=True)
    client.on_message = on_message
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.ReceiveMaximum = RECEIVE_MAXIMUM
    client.connect("127.0.0.1", port, clean_start=True, properties=properties)
    client.loop_forever()


if __name__ == "__main__":
    main()
