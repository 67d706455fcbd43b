"""The connection to the broker: MQTT 5, acknowledged by hand, so that nothing leaves the broker before the commit."""

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from anju_contracts.clock import Clock
from anju_contracts.receipt import Receipt, encode_receipt
from anju_contracts.topics import Channel, GatewayAddress, filter_for
from anju_platform.errors import ConfigurationError
from anju_platform.ingest.models import Arrival

RECEIVE_MAXIMUM: Final = 1_000
"""Unacknowledged messages that the broker may have with us: with MAX_PACKET_BYTES the bound of our memory."""
MAX_PACKET_BYTES: Final = 2 * 1024 * 1024
SESSION_EXPIRY_S: Final = 24 * 3600
"""How long the broker keeps messages for an ingest that is alone and away."""
KEEPALIVE_S: Final = 30
SHARE: Final = "ingest"
SHARED_CHANNELS: Final = (Channel.TELEMETRY, Channel.EVENT)
"""Spread over all ingests. The others go to each of them: a shared subscription gets no retained messages."""
OWN_CHANNELS: Final = (Channel.BIRTH, Channel.STATE, Channel.ACCOUNT)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BrokerUrl:
    """`mqtt://[user:password@]host[:port]`, or `mqtts://` for TLS by the system's certificates."""

    host: str
    port: int
    tls: bool
    username: str | None
    password: str | None


def parse_broker_url(url: str) -> BrokerUrl:
    """ConfigurationError when `url` is none."""
    wrong = ConfigurationError(f"ANJU_MQTT_URL: got {url!r}, expected mqtt://[user:password@]host[:port] or mqtts://…")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        raise wrong from exc
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
        raise wrong
    tls = parts.scheme == "mqtts"
    username = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    return BrokerUrl(parts.hostname, port or (8883 if tls else 1883), tls, username, password)


class Link:
    """Delivers arrivals from paho's thread; acknowledges and sends receipts from any other."""

    def __init__(self, url: BrokerUrl, *, shared: bool, clock: Clock, deliver: Callable[[Arrival], None]) -> None:
        self._url = url
        self._shared = shared
        self._clock = clock
        self._deliver = deliver
        self._session = 0
        self._client = self._make_client()
        self.subscribed = Event()
        self.refused: str | None = None
        """Why the broker does not let us subscribe; nothing will arrive then."""

    def start(self) -> None:
        """Connect in the background, and again whenever the connection is lost."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.ReceiveMaximum = RECEIVE_MAXIMUM
        properties.MaximumPacketSize = MAX_PACKET_BYTES
        properties.SessionExpiryInterval = 0 if self._shared else SESSION_EXPIRY_S
        self._client.connect_async(
            self._url.host,
            self._url.port,
            keepalive=KEEPALIVE_S,
            clean_start=self._shared,
            properties=properties,
        )
        self._client.loop_start()

    def stop(self) -> None:
        """Say goodbye; what was not acknowledged the broker delivers again."""
        self._client.disconnect()
        self._client.loop_stop()

    def acknowledge(self, arrival: Arrival) -> None:
        """Only to the session that delivered it: in another one the number means another message."""
        if arrival.qos > 0 and arrival.session == self._session:
            self._client.ack(arrival.mid, arrival.qos)

    def send_receipt(self, address: GatewayAddress, receipt: Receipt) -> None:
        """A receipt that gets lost is sent again when the gateway repeats the batch."""
        self._client.publish(address.topic(Channel.RECEIPT), encode_receipt(receipt), qos=1)

    def _make_client(self) -> mqtt.Client:
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"anju-ingest-{uuid.uuid4().hex[:12]}" if self._shared else "anju-ingest",
            protocol=mqtt.MQTTv5,
            manual_ack=True,
        )
        if self._url.username is not None:
            client.username_pw_set(self._url.username, self._url.password)
        if self._url.tls:
            client.tls_set()
        client.reconnect_delay_set(min_delay=1, max_delay=10)
        client.max_queued_messages_set(10_000)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        return client

    def _on_connect(
        self, client: mqtt.Client, _data: Any, _flags: mqtt.ConnectFlags, reason: ReasonCode, _more: Any
    ) -> None:
        if reason.is_failure:
            _log.error("broker refuses the connection", extra={"reason": str(reason)})
            return
        self._session += 1
        share = SHARE if self._shared else None
        options = SubscribeOptions(qos=1)
        shared = [(filter_for(channel, share=share), options) for channel in SHARED_CHANNELS]
        client.subscribe([(filter_for(channel), options) for channel in OWN_CHANNELS] + shared)

    def _on_disconnect(
        self, _client: mqtt.Client, _data: Any, _flags: mqtt.DisconnectFlags, reason: ReasonCode, _more: Any
    ) -> None:
        self.subscribed.clear()
        _log.warning("disconnected from the broker", extra={"reason": str(reason)})

    def _on_subscribe(self, _client: mqtt.Client, _data: Any, _mid: int, reasons: list[ReasonCode], _more: Any) -> None:
        failed = [str(reason) for reason in reasons if reason.is_failure]
        if failed:
            self.refused = "; ".join(failed)
            _log.error("broker refuses the subscription", extra={"reason": self.refused})
            return
        self.subscribed.set()
        _log.info("subscribed", extra={"shared": self._shared})

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        arrival = Arrival(
            message.topic, bytes(message.payload), self._clock.now(), message.mid, message.qos, self._session
        )
        self._deliver(arrival)
