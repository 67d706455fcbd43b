"""The connection to the broker: MQTT 5, acknowledged by hand, so that nothing leaves the broker before the commit."""

import logging
import uuid
from collections import deque
from collections.abc import Callable
from threading import Event, Lock
from typing import Any, Final

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


class InOrder:
    """Acknowledgements leave in the order in which the messages came, as MQTT 5 (4.6) demands: some brokers
    disconnect whoever does it otherwise. Alarms are committed before readings that came earlier."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._session = 0
        self._waiting: deque[int] = deque()
        self._done: set[int] = set()

    def begin(self, session: int) -> None:
        with self._lock:
            self._session = session
            self._waiting.clear()
            self._done.clear()

    def arrived(self, mid: int) -> None:
        with self._lock:
            self._waiting.append(mid)

    def done(self, session: int, mid: int) -> list[int]:
        """What may be acknowledged now that `mid` of `session` is committed."""
        with self._lock:
            if session != self._session:
                return []
            self._done.add(mid)
            free: list[int] = []
            while self._waiting and self._waiting[0] in self._done:
                free.append(self._waiting.popleft())
                self._done.discard(free[-1])
            return free


class Link:
    """Delivers arrivals from paho's thread; acknowledges and sends receipts from any other."""

    def __init__(
        self,
        url: BrokerUrl,
        *,
        shared: bool,
        clock: Clock,
        deliver: Callable[[Arrival], None],
        certificates: Certificates = NO_CERTIFICATES,
    ) -> None:
        self._url = url
        self._certificates = certificates
        self._shared = shared
        self._clock = clock
        self._deliver = deliver
        self._session = 0
        self._unacknowledged = InOrder()
        self.client = self._make_client()
        self.subscribed = Event()
        self._refused: str | None = None

    def start(self) -> None:
        """Connect in the background, and again whenever the connection is lost."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.ReceiveMaximum = RECEIVE_MAXIMUM
        properties.MaximumPacketSize = MAX_PACKET_BYTES
        properties.SessionExpiryInterval = 0 if self._shared else SESSION_EXPIRY_S
        self.client.connect_async(
            self._url.host,
            self._url.port,
            keepalive=KEEPALIVE_S,
            clean_start=self._shared,
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

    def acknowledge(self, arrival: Arrival) -> None:
        """Only to the session that delivered it: in another one the number means another message."""
        for mid in self._unacknowledged.done(arrival.session, arrival.mid) if arrival.qos else ():
            self.client.ack(mid, 1)

    def send_receipt(self, address: GatewayAddress, receipt: Receipt) -> None:
        """A receipt that gets lost is sent again when the gateway repeats the batch."""
        self.client.publish(address.topic(Channel.RECEIPT), encode_receipt(receipt), qos=1)

    def _make_client(self) -> mqtt.Client:
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"anju-ingest-{uuid.uuid4().hex[:12]}" if self._shared else "anju-ingest",
            protocol=mqtt.MQTTv5,
            manual_ack=True,
        )
        secure(client, self._url, self._certificates)
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
        self._unacknowledged.begin(self._session)
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
            self._refused = "; ".join(failed)
            _log.error("broker refuses the subscription", extra={"reason": self._refused})
            return
        self.subscribed.set()
        _log.info("subscribed", extra={"shared": self._shared})

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        if message.qos:
            self._unacknowledged.arrived(message.mid)
        arrival = Arrival(
            message.topic, bytes(message.payload), self._clock.now(), message.mid, message.qos, self._session
        )
        self._deliver(arrival)
