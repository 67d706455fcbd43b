"""The connection to the broker for commands down and responses up; what happens is queued for the sender's thread."""

import logging
import math
import queue
from dataclasses import dataclass
from typing import Any, Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from anju_contracts.command import Command, encode_command
from anju_contracts.topics import Channel, GatewayAddress, filter_for
from anju_platform.broker import BrokerUrl, Certificates, secure

CLIENT_ID: Final = "anju-commands"
SESSION_EXPIRY_S: Final = 24 * 3600
"""As long as a command may be valid: what is answered while we are away waits at the broker."""
MAX_PACKET_BYTES: Final = 64 * 1024
RECEIVE_MAXIMUM: Final = 200
"""Answers that the broker may have with us unacknowledged: the bound of our memory while the database is away."""
NOBODY_THERE: Final = 0x10
"""The broker's reason code for a publish that no subscriber matches: the gateway is not connected."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Taken:
    """The broker has the publish `mid`; `delivered` tells whether somebody was there to get it."""

    mid: int
    delivered: bool


@dataclass(frozen=True, slots=True)
class Answered:
    """A message on a response topic, not acknowledged yet; `session` counts connections."""

    topic: str
    payload: bytes
    mid: int
    session: int


Happening = Taken | Answered


class CommandLink:
    """Keeps its session over a restart. Responses are acknowledged by hand, once they are committed."""

    def __init__(self, url: BrokerUrl, certificates: Certificates, *, client_id: str = CLIENT_ID) -> None:
        self._url = url
        self._session = 0
        self.happened: queue.SimpleQueue[Happening] = queue.SimpleQueue()
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv5, manual_ack=True
        )
        secure(self._client, url, certificates)
        self._client.reconnect_delay_set(min_delay=1, max_delay=10)
        self._client.on_connect = self._on_connect
        self._client.on_publish = self._on_publish
        self._client.on_message = self._on_message

    @property
    def connected(self) -> bool:
        return self._client.is_connected()

    def start(self) -> None:
        """Connect in the background, and again whenever the connection is lost."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = SESSION_EXPIRY_S
        properties.MaximumPacketSize = MAX_PACKET_BYTES
        properties.ReceiveMaximum = RECEIVE_MAXIMUM
        self._client.connect_async(self._url.host, self._url.port, clean_start=False, properties=properties)
        self._client.loop_start()

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def send(self, command: Command, *, expires_in_s: float) -> int:
        """Publish; the number by which `Taken` tells of it. The broker keeps it for `expires_in_s` real seconds."""
        address = GatewayAddress(command.community, command.gateway)
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.MessageExpiryInterval = max(1, math.ceil(expires_in_s))
        properties.ResponseTopic = address.topic(Channel.RESPONSE)
        properties.CorrelationData = command.id.encode()
        topic = address.topic(Channel.COMMAND)
        return self._client.publish(topic, encode_command(command), qos=1, properties=properties).mid

    def acknowledge(self, answered: Answered) -> None:
        """Only in the session that delivered it: in another one the number means another message."""
        if answered.session == self._session:
            self._client.ack(answered.mid, 1)

    def _on_connect(
        self, client: mqtt.Client, _data: Any, _flags: mqtt.ConnectFlags, reason: ReasonCode, _more: Any
    ) -> None:
        if reason.is_failure:
            _log.error("broker refuses the connection", extra={"reason": str(reason)})
            return
        self._session += 1
        client.subscribe([(filter_for(Channel.RESPONSE), SubscribeOptions(qos=1))])

    def _on_publish(
        self, _client: mqtt.Client, _data: Any, mid: int, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if reason.is_failure:
            _log.error("the broker refused a command", extra={"reason": str(reason)})
        delivered = not reason.is_failure and reason.value != NOBODY_THERE
        self.happened.put(Taken(mid, delivered))

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        self.happened.put(Answered(message.topic, bytes(message.payload), message.mid, self._session))
