"""The connection to the broker: MQTT 5, acknowledged by hand, so that nothing leaves the broker before the commit."""

import logging
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Event
from typing import Any, Final

import msgspec
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from anju_contracts.clock import Clock
from anju_contracts.receipt import Receipt, encode_receipt
from anju_contracts.topics import Channel, GatewayAddress, filter_for
from anju_platform.broker import NO_CERTIFICATES, BrokerUrl, Certificates, secure
from anju_platform.errors import ConfigurationError
from anju_platform.ingest.buffered_client import BufferedClient
from anju_platform.ingest.models import Arrival

RECEIVE_MAXIMUM: Final = 1_000
"""Unacknowledged messages that the broker may have with us: with MAX_PACKET_BYTES the bound of our memory."""
MAX_PACKET_BYTES: Final = 2 * 1024 * 1024
SESSION_EXPIRY_S: Final = 24 * 3600
"""How long the broker keeps messages for an ingest that is alone and away."""
KEEPALIVE_S: Final = 15
SHARE: Final = "ingest"
NO_TOPIC: Final = ""
"""Stands for one that is not even text."""
SHARED_CHANNELS: Final = frozenset({Channel.TELEMETRY, Channel.EVENT})
"""Spread over all ingests. The others go to each of them: a shared subscription gets no retained messages."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Subscription:
    """`name` tells the connections of one ingest apart; not `shared` is for a broker that can't, and one ingest."""

    name: str
    channels: tuple[Channel, ...]
    shared: bool
    keepalive_s: int = KEEPALIVE_S

    def filters(self) -> list[tuple[str, SubscribeOptions]]:
        options = SubscribeOptions(qos=1)
        share = SHARE if self.shared else None
        return [
            (filter_for(channel, share=share if channel in SHARED_CHANNELS else None), options)
            for channel in self.channels
        ]


class Link:
    """Delivers arrivals from paho's thread; acknowledges and sends receipts from any other."""

    def __init__(
        self,
        url: BrokerUrl,
        wanted: Subscription,
        *,
        clock: Clock,
        deliver: Callable[[Arrival], None],
        on_subscribed: Callable[[], None] = lambda: None,
        certificates: Certificates = NO_CERTIFICATES,
    ) -> None:
        self._url = url
        self._wanted = wanted
        self._certificates = certificates
        self._clock = clock
        self._deliver = deliver
        self._on_subscribed = on_subscribed
        self._session = 0
        self.client = self._make_client()
        self.subscribed = Event()
        self._refused: str | None = None

    def start(self) -> None:
        """Connect in the background, and again whenever the connection is lost."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.ReceiveMaximum = RECEIVE_MAXIMUM
        properties.MaximumPacketSize = MAX_PACKET_BYTES
        properties.SessionExpiryInterval = 0 if self._wanted.shared else SESSION_EXPIRY_S
        self.client.connect_async(
            self._url.host,
            self._url.port,
            keepalive=self._wanted.keepalive_s,
            clean_start=self._wanted.shared,
            properties=properties,
        )
        self.client.loop_start()

    def stop(self) -> None:
        """Say goodbye; what was not acknowledged the broker delivers again."""
        self.client.disconnect()
        self.client.loop_stop()

    def check(self) -> None:
        """ConfigurationError when the broker does not let us subscribe: nothing would ever arrive."""
        if self._refused is not None:
            raise ConfigurationError(
                f"the broker refuses the subscription ({self._refused}); "
                "for one without shared subscriptions set ANJU_MQTT_SHARED=no"
            )

    def acknowledge(self, arrivals: Iterable[Arrival]) -> None:
        """In the order of their arrival, as MQTT 5 (4.6) demands; only to the session that delivered them: in another
        one the number means another message."""
        session = self._session
        self.client.ack_all([arrival.mid for arrival in arrivals if arrival.qos and arrival.session == session])

    def send_receipt(self, address: GatewayAddress, receipt: Receipt) -> None:
        """With the time of now, by which the gateway judges its own clock. A receipt that gets lost is sent again when
        the gateway repeats the batch."""
        dated = msgspec.structs.replace(receipt, at=self._clock.now())
        self.client.publish(address.topic(Channel.RECEIPT), encode_receipt(dated), qos=1)

    def _make_client(self) -> BufferedClient:
        client = BufferedClient(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id(),
            protocol=mqtt.MQTTv5,
            manual_ack=True,
        )
        secure(client, self._url, self._certificates)
        client.reconnect_delay_set(min_delay=1, max_delay=10)
        client.max_queued_messages_set(10_000)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.take = self._take
        return client

    def _client_id(self) -> str:
        """Of its own for each of several ingests; the same again where the broker keeps the session of the only one."""
        name = f"anju-ingest-{self._wanted.name}"
        return f"{name}-{uuid.uuid4().hex[:12]}" if self._wanted.shared else name

    def _on_connect(
        self, client: mqtt.Client, _data: Any, _flags: mqtt.ConnectFlags, reason: ReasonCode, _more: Any
    ) -> None:
        if reason.is_failure:
            _log.error("broker refuses the connection", extra={"reason": str(reason)})
            return
        self._session += 1
        client.subscribe(self._wanted.filters())

    def _on_disconnect(
        self, _client: mqtt.Client, _data: Any, _flags: mqtt.DisconnectFlags, reason: ReasonCode, _more: Any
    ) -> None:
        self._session += 1
        self.subscribed.clear()
        _log.warning("disconnected from the broker", extra={"reason": str(reason)})

    def _on_subscribe(self, _client: mqtt.Client, _data: Any, _mid: int, reasons: list[ReasonCode], _more: Any) -> None:
        failed = [str(reason) for reason in reasons if reason.is_failure]
        if failed:
            self._refused = "; ".join(failed)
            _log.error("broker refuses the subscription", extra={"reason": self._refused})
            return
        self.subscribed.set()
        self._on_subscribed()

    def _take(self, topic: bytes, payload: bytes, mid: int, qos: int) -> None:
        try:
            name = topic.decode()
        except UnicodeDecodeError:
            name = NO_TOPIC
        self._deliver(Arrival(name, payload, self._clock.now(), mid, qos, self._session))
