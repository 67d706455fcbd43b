"""The devices' MQTT side: publishes at QoS 1 to the gateway's local broker and notes what it acknowledged."""

import logging
import queue
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from anju_simulators.devices.vendor_json import Message

log = logging.getLogger(__name__)
NO_MATCHING_SUBSCRIBERS = 0x10
Answer = Callable[[Message], Message | None]


class Publisher:
    """A connection to `url` (mqtt://host:port). Only the thread that made it may call its methods."""

    def __init__(self, url: str) -> None:
        self._address = urlsplit(url)
        self._acknowledged: queue.SimpleQueue[tuple[int, int]] = queue.SimpleQueue()
        self._waiting: dict[int, Callable[[], None]] = {}
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.max_inflight_messages_set(500)
        self._client.on_publish = self._on_publish
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message
        self._answers: dict[str, Answer] = {}
        self._asked: queue.SimpleQueue[tuple[Answer, Message]] = queue.SimpleQueue()
        self.unheard = 0
        """Messages that nobody was subscribed to, as far as the broker says so."""

    def connect(self) -> None:
        """Connect now (OSError when nobody listens); a connection that is lost later comes back by itself."""
        self._client.connect(self._address.hostname or "127.0.0.1", self._address.port or 1883)
        self._client.loop_start()

    def publish(self, message: Message, sent: Callable[[], None]) -> None:
        """Publish `message`; `sent` is called by `settle` once the broker has it and somebody listens."""
        info = self._client.publish(message.topic, message.payload, qos=1)
        self._waiting[info.mid] = sent

    def listen(self, topics: str, answer: Answer) -> None:
        """Before `connect`: whatever comes on `topics` (an MQTT filter) is answered by `settle`."""
        self._answers[topics] = answer

    def settle(self) -> None:
        """Answer what was asked, and take note of the acknowledgements that have come in."""
        while not self._asked.empty():
            answer, question = self._asked.get()
            said = answer(question)
            if said is not None:
                self._client.publish(said.topic, said.payload, qos=1)
        while not self._acknowledged.empty():
            mid, reason = self._acknowledged.get()
            sent = self._waiting.pop(mid, None)
            if reason == NO_MATCHING_SUBSCRIBERS:
                self.unheard += 1
            elif sent is not None:
                sent()

    def close(self, *, timeout_s: float = 10.0) -> int:
        """Wait for what is still unacknowledged, disconnect, and return how many messages never were."""
        deadline = time.monotonic() + timeout_s
        self.settle()
        while self._waiting and time.monotonic() < deadline:
            time.sleep(0.02)
            self.settle()
        self._client.disconnect()
        self._client.loop_stop()
        return len(self._waiting)

    def _on_connect(self, client: mqtt.Client, *_details: Any) -> None:
        for topics in self._answers:
            client.subscribe(topics, qos=1)

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        for topics, answer in self._answers.items():
            if mqtt.topic_matches_sub(topics, message.topic):
                self._asked.put((answer, Message(message.topic, bytes(message.payload))))

    def _on_publish(self, _client: mqtt.Client, _data: Any, mid: int, reason: Any, _properties: Any) -> None:
        self._acknowledged.put((mid, int(reason.value)))
