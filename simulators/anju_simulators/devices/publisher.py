"""A connection of devices to the gateway's local broker: publishes at QoS 1 and notes what was acknowledged.

It has no thread of its own, so that hundreds of devices can have one each: whoever owns it calls `settle` often.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from anju_simulators.devices.vendor_json import Message

log = logging.getLogger(__name__)
NO_MATCHING_SUBSCRIBERS = 0x10
CONNECT_WITHIN_S = 10.0
CONNECT_AGAIN_AFTER_S = 1.0
Answer = Callable[[Message], Message | None]


@dataclass(frozen=True, slots=True)
class Account:
    """Who a device is to the broker."""

    name: str
    password: str = field(repr=False)


class Publisher:
    """A connection to `url` (mqtt://host:port), as `account` or without one. Only one thread may call its methods."""

    def __init__(self, url: str, account: Account | None = None) -> None:
        self._address = urlsplit(url)
        self._account = account
        self._waiting: dict[int, Callable[[], None]] = {}
        self._answers: dict[str, Answer] = {}
        self._asked: list[tuple[Answer, Message]] = []
        self._again_at_s = 0.0
        self._is_in = False
        self._subscribing: set[int | None] = set()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.max_inflight_messages_set(500)
        self._client.on_publish = self._on_publish
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        if account is not None:
            self._client.username_pw_set(account.name, account.password)
        self.turned_away = False
        """The broker ended the last connection before it let us in."""
        self.unheard = 0
        """Messages that nobody was subscribed to, as far as the broker says so."""
        self.refused = 0
        """Messages that the broker did not take, because the topic is not ours for example."""

    @property
    def waiting(self) -> int:
        """Messages that the broker has not acknowledged yet."""
        return len(self._waiting)

    def connect(self) -> None:
        """Connect and subscribe (OSError when nobody listens). Where the broker turns us away, and when the connection
        is lost later, `settle` goes on trying."""
        self._client.connect(self._address.hostname or "127.0.0.1", self._address.port or 1883)
        deadline = time.monotonic() + CONNECT_WITHIN_S
        while not (self._is_in and not self._subscribing) and not self.turned_away and time.monotonic() < deadline:
            self._client.loop(timeout=0.05)

    def publish(self, message: Message, sent: Callable[[], None]) -> None:
        """Publish `message`; `sent` is called by `settle` once the broker has it and somebody listens."""
        info = self._client.publish(message.topic, message.payload, qos=1)
        self._waiting[info.mid] = sent

    def listen(self, topics: str, answer: Answer) -> None:
        """Before `connect`: whatever comes on `topics` (an MQTT filter) is answered by `settle`."""
        self._answers[topics] = answer

    def settle(self) -> None:
        """Take note of the acknowledgements that have come in, and answer what was asked."""
        if self._client.loop(timeout=0.0) != MQTTErrorCode.MQTT_ERR_SUCCESS:
            self._connect_again()
        asked, self._asked = self._asked, []
        for answer, question in asked:
            said = answer(question)
            if said is not None:
                self._client.publish(said.topic, said.payload, qos=1)

    def close(self, *, timeout_s: float = 10.0) -> int:
        """Wait for what is still unacknowledged, disconnect, and return how many messages never were."""
        deadline = time.monotonic() + timeout_s
        self.settle()
        while self._waiting and time.monotonic() < deadline:
            time.sleep(0.02)
            self.settle()
        self._client.disconnect()
        return len(self._waiting)

    def _connect_again(self) -> None:
        now_s = time.monotonic()
        if now_s < self._again_at_s:
            return
        self._again_at_s = now_s + CONNECT_AGAIN_AFTER_S
        try:
            self._client.reconnect()
        except OSError as exc:
            log.info("the box's broker can't be reached", extra={"reason": str(exc)})

    def _on_connect(self, client: mqtt.Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any) -> None:
        if reason.is_failure:
            return
        self._is_in, self.turned_away = True, False
        self._subscribing = {client.subscribe(topics, qos=1)[1] for topics in self._answers}

    def _on_disconnect(self, _client: mqtt.Client, _data: Any, _flags: Any, reason: ReasonCode, _: Any) -> None:
        if not self._is_in and not self.turned_away:
            name = self._account.name if self._account else ""
            log.error("the box's broker turns us away", extra={"account": name, "reason": str(reason)})
            self.turned_away = True
        self._is_in = False

    def _on_subscribe(self, _client: mqtt.Client, _data: Any, mid: int, _reasons: Any, _properties: Any) -> None:
        self._subscribing.discard(mid)

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        for topics, answer in self._answers.items():
            if mqtt.topic_matches_sub(topics, message.topic):
                self._asked.append((answer, Message(message.topic, bytes(message.payload))))

    def _on_publish(self, _client: mqtt.Client, _data: Any, mid: int, reason: ReasonCode, _properties: Any) -> None:
        sent = self._waiting.pop(mid, None)
        if reason.is_failure:
            self.refused += 1
        elif reason.value == NO_MATCHING_SUBSCRIBERS:
            self.unheard += 1
        elif sent is not None:
            sent()
