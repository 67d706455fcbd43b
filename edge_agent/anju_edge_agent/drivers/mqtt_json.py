"""The mqtt_json driver: listens on the box's local broker and acknowledges a message when it is on disk, not before."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from anju_edge_agent.actions import Action, ActionRefused, Orders, Result, allowed
from anju_edge_agent.agent import AgentContext
from anju_edge_agent.backoff import Backoff
from anju_edge_agent.drivers.mqtt_commands import Commands
from anju_edge_agent.drivers.mqtt_messages import Interpreter
from anju_edge_agent.endpoint import Endpoint, prepare
from anju_edge_agent.errors import BusError
from anju_edge_agent.flow import Device, DeviceFlow
from anju_edge_agent.samples import Handover

KEEPALIVE_S = 30
SESSION_EXPIRY_S = 7 * 86_400
MOST_UNACKNOWLEDGED = 1_000
"""What the broker may send ahead of our acknowledgements; it bounds the memory of a burst."""
TICK_S = 0.5
LISTEN_S = 0.1
"""How long it listens before it looks for orders, where its devices take any."""
PAUSE_S = 10.0
"""A longer gap between two ticks means that this process didn't run."""


@dataclass(frozen=True, slots=True)
class MqttListener:
    """`client_id` names the persistent session on the broker; `version` is 5 or 311."""

    endpoint: Endpoint
    client_id: str
    version: int = 5


class MqttJsonAgent:
    """Runs in its own thread, the MQTT loop included: what one pass of the loop brings is handed over together,
    so one fsync covers a burst."""

    def __init__(self, listener: MqttListener, devices: Sequence[Device], context: AgentContext) -> None:
        now_us = context.now_us()
        self._listener = listener
        self._context = context
        flows = [DeviceFlow(device, now_us=now_us, raised=context.raised.get(device.asset, ())) for device in devices]
        self._interpreter = Interpreter(flows, context.count)
        self._profiles = {device.asset: device.profile for device in devices}
        self._commands = Commands(devices)
        self._orders = Orders()
        self._listen_s = LISTEN_S if self._commands.topics else TICK_S
        self._backoff = Backoff(first_s=0.2, most_s=30.0)
        self._pending: list[MQTTMessage] = []
        self._out = Handover()
        self._refused: str | None = None
        self._tick_s = time.monotonic()

    def run(self) -> None:
        while not self._context.stop.is_set():
            client = self._client()
            try:
                prepare(client, self._listener.endpoint)
                self._session(client)
            except (OSError, BusError) as exc:
                self._context.trouble(f"{self._listener.endpoint}: {exc}")
                self._context.stop.wait(self._backoff.next_s())
            finally:
                client.disconnect()
                self._pending.clear()
                self._interpreter.forgive(self._context.now_us())

    def perform(self, action: Action, *, timeout_s: float) -> Result:
        """See anju_edge_agent.actions.Actor."""
        profile = self._profiles.get(action.asset)
        if profile is None:
            raise ActionRefused(f"asset: got {action.asset!r}, expected one of this agent's")
        return self._orders.perform(allowed(profile.actions, action), timeout_s=timeout_s)

    def _session(self, client: Client) -> None:
        """Listen until told to stop; OSError or BusError when the connection ends."""
        self._refused = None
        endpoint = self._listener.endpoint
        if self._listener.version == 5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = 0 if self._context.probing else SESSION_EXPIRY_S
            properties.ReceiveMaximum = MOST_UNACKNOWLEDGED
            client.connect(endpoint.host, endpoint.port, KEEPALIVE_S, clean_start=False, properties=properties)
        else:
            client.connect(endpoint.host, endpoint.port, KEEPALIVE_S)
        while not self._context.stop.is_set():
            rc = client.loop(self._listen_s)
            self._drain(client)
            self._settle(client)
            self._tell(client)
            self._tick()
            self._check(rc)

    def _check(self, rc: MQTTErrorCode) -> None:
        if self._refused is not None:
            raise BusError(self._refused)
        if rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise BusError(f"connection lost ({rc.name})")

    def _drain(self, client: Client) -> None:
        """Take what has arrived already, up to a burst's worth. A pass that brings no message is the last."""
        before = -1
        while before < len(self._pending) < MOST_UNACKNOWLEDGED:
            before = len(self._pending)
            if client.loop_read() != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return

    def _settle(self, client: Client) -> None:
        """Hand over what the messages said, then acknowledge them."""
        if not self._pending:
            return
        messages, self._pending = self._pending, []
        now_us = self._context.now_us()
        answers = self._commands.topics
        for message in messages:
            topic, payload = message.topic, bytes(message.payload)
            if topic in answers:
                self._answered(topic, payload)
            else:
                self._interpreter.interpret(topic, payload, now_us=now_us, out=self._out)
        self._hand_over()
        for message in messages:
            client.ack(message.mid, message.qos)

    def _tell(self, client: Client) -> None:
        """Tell devices what was ordered. What a device is not there to hear must not open its door later."""
        if not client.is_connected():
            return
        for order in self._orders.take():
            topic, payload = self._commands.tell(order)
            properties = None
            if self._listener.version == 5:
                properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
                properties.MessageExpiryInterval = max(1, math.ceil(order.left_s))
            client.publish(topic, payload, qos=1, properties=properties)

    def _answered(self, topic: str, payload: bytes) -> None:
        if not self._commands.answer(topic, payload):
            self._context.count("unexpected_answer")

    def _tick(self) -> None:
        now_s = time.monotonic()
        if now_s - self._tick_s < TICK_S:
            return
        if now_s - self._tick_s > PAUSE_S:
            self._interpreter.forgive(self._context.now_us())
        self._tick_s = now_s
        self._interpreter.advance(self._context.now_us(), self._out)
        self._commands.forget()
        self._hand_over()

    def _hand_over(self) -> None:
        if self._out:
            out, self._out = self._out, Handover()
            self._context.sink(out.samples, out.events)

    def _client(self) -> Client:
        five = self._listener.version == 5
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"{self._listener.client_id}-probe" if self._context.probing else self._listener.client_id,
            protocol=MQTTProtocolVersion.MQTTv5 if five else MQTTProtocolVersion.MQTTv311,
            clean_session=None if five else self._context.probing,
            manual_ack=True,
            reconnect_on_failure=False,
        )
        client.on_connect = self._on_connect
        client.on_message = self._on_message
        return client

    def _on_connect(
        self, client: Client, _data: Any, _flags: ConnectFlags, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if reason.is_failure:
            self._refused = f"refused ({reason})"
            return
        self._backoff.reset()
        self._context.trouble(None)
        filters = sorted({*self._interpreter.filters, *self._commands.topics})
        if self._listener.version == 5:
            client.subscribe([(name, SubscribeOptions(qos=1)) for name in filters])
        else:
            client.subscribe([(name, 1) for name in filters])

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        self._pending.append(message)
