"""One MQTT 5 session with the platform's broker: what arrives is queued for the uplink's own thread."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from anju_contracts.topics import Channel, GatewayAddress
from anju_edge_agent.endpoint import prepare
from anju_gateway.config import Uplink
from anju_gateway.credentials import Credentials
from anju_gateway.errors import GatewayError

MOST_IN_FLIGHT = 200
RESERVED = 8
"""Of the publishes that may wait for the broker's acknowledgement, so many are kept for everything but telemetry."""
CONNECT_TIMEOUT_S = 10.0
SESSION_TAKEN_OVER = 0x8E
log = logging.getLogger(__name__)


class UplinkError(GatewayError):
    """The platform's broker can't be reached or refused us; trying again later makes sense."""


class Session:
    """From connect to disconnect. The network runs in paho's thread; `wake` is set whenever there is something new.
    Nothing is kept across sessions: the outbox is the only queue. `taken_over`: it ended because another client came
    under our name."""

    def __init__(
        self,
        uplink: Uplink,
        address: GatewayAddress,
        *,
        will: bytes,
        wake: threading.Event,
        on_command: Callable[[bytes, bytes], None] | None = None,
    ) -> None:
        """`on_command` takes the payload and correlation data of each command, in paho's thread; None subscribes to
        none."""
        self._address = address
        self._uplink = uplink
        self._wake = wake
        self._on_command = on_command
        self._connected = threading.Event()
        self._published = 0
        self._acknowledged = 0
        self._receipts: deque[tuple[bytes, float]] = deque()
        self._ended: str | None = None
        self.taken_over = False
        self._in_flight = MOST_IN_FLIGHT
        self._credentials = Credentials(uplink.endpoint, now_s=time.monotonic())
        self._client = self._new_client(will)

    def connect(self) -> None:
        """Connect and subscribe; UplinkError when that fails."""
        endpoint = self._uplink.endpoint
        try:
            prepare(self._client, endpoint)
            self._client.connect_timeout = CONNECT_TIMEOUT_S
            self._client.connect(endpoint.host, endpoint.port, self._uplink.keepalive_s, clean_start=True)
        except (OSError, ValueError) as exc:
            raise UplinkError(f"{endpoint}: {exc}") from exc
        self._client.loop_start()
        if not self._connected.wait(CONNECT_TIMEOUT_S):
            self._ended = self._ended or "no answer to CONNECT"
        if self._ended is not None:
            raise UplinkError(f"{endpoint}: {self._ended}")

    @property
    def ended(self) -> str | None:
        """Why the session is over; None while it lasts. New certificates end it, too: the next one uses them."""
        if self._ended is None and self._credentials.replaced(time.monotonic()):
            self._ended = "the certificate was replaced"
        return self._ended

    @property
    def room(self) -> int:
        """How many more publishes the broker would have to acknowledge at once."""
        return self._in_flight - (self._published - self._acknowledged)

    def publish(self, channel: Channel, payload: bytes, *, retain: bool = False) -> None:
        """Send with QoS 1. Whether it arrived, the broker's acknowledgement tells; whether it counts, a receipt."""
        self._published += 1
        self._client.publish(self._address.topic(channel), payload, qos=1, retain=retain)

    def respond(self, payload: bytes, correlation: bytes) -> MQTTMessageInfo:
        """Answer a command. What comes back tells when the broker has it."""
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        if correlation:
            properties.CorrelationData = correlation
        self._published += 1
        return self._client.publish(self._address.topic(Channel.RESPONSE), payload, qos=1, properties=properties)

    def take_receipts(self) -> list[tuple[bytes, float]]:
        """The payloads that have come on the receipt topic since the last call, each with when it came (monotonic)."""
        taken = []
        while self._receipts:
            taken.append(self._receipts.popleft())
        return taken

    def settle(self, timeout_s: float) -> bool:
        """Wait until the broker has acknowledged everything; False when it didn't in time."""
        until_s = time.monotonic() + timeout_s
        while self.room < self._in_flight and self._ended is None and time.monotonic() < until_s:
            time.sleep(0.01)
        return self.room == self._in_flight

    def close(self) -> None:
        """Disconnect; the broker then forgets the will."""
        self._client.disconnect()
        self._client.loop_stop()

    def _new_client(self, will: bytes) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._uplink.client_id,
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
        )
        client.will_set(self._address.topic(Channel.STATE), will, qos=1, retain=True)
        client.max_inflight_messages_set(0)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        return client

    def _on_connect(
        self, client: Client, _data: Any, _flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if reason.is_failure:
            self._end(f"refused ({reason})")
        else:
            allowed = getattr(properties, "ReceiveMaximum", MOST_IN_FLIGHT)
            self._in_flight = min(MOST_IN_FLIGHT, int(allowed))
            channels = [Channel.RECEIPT, *([Channel.COMMAND] if self._on_command else [])]
            client.subscribe([(self._address.topic(channel), SubscribeOptions(qos=1)) for channel in channels])
        self._connected.set()

    def _on_disconnect(
        self, _client: Client, _data: Any, _flags: DisconnectFlags, reason: ReasonCode, _props: Properties | None
    ) -> None:
        self.taken_over = self.taken_over or reason.value == SESSION_TAKEN_OVER
        self._end(f"connection lost ({reason})")
        self._connected.set()

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        if self._on_command is not None and message.topic == self._address.topic(Channel.COMMAND):
            self._on_command(bytes(message.payload), getattr(message.properties, "CorrelationData", b""))
            return
        self._receipts.append((bytes(message.payload), time.monotonic()))
        self._wake.set()

    def _on_publish(
        self, _client: Client, _data: Any, _mid: int, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        self._acknowledged += 1
        if reason.is_failure:
            log.warning("the broker refused a publish", extra={"reason": str(reason)})
        self._wake.set()

    def _end(self, why: str) -> None:
        self._ended = self._ended or why
        self._wake.set()
