"""Real counterparts for the gateway: Modbus servers, devices on MQTT, and a stand-in for the platform's ingest."""

import asyncio
import itertools
import json
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import eventual
import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from pymodbus.datastore import ModbusServerContext
from pymodbus.framer import FramerType
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from anju_contracts.clock import RealClock
from anju_contracts.envelope import Stream
from anju_contracts.event import Event
from anju_contracts.receipt import Receipt, encode_receipt
from anju_contracts.topics import Channel, GatewayAddress
from anju_edge_agent.agent import Agent, AgentContext
from anju_edge_agent.samples import Sample
from anju_gateway.config import GatewayConfig
from anju_gateway.config_reader import load_config
from anju_simulators.services import Broker

_communities = itertools.count(1)


def free_port() -> int:
    with closing(socket.socket()) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class Serving:
    """pymodbus's TCP server in a thread of its own. A unit in `deaf` never answers."""

    def __init__(
        self,
        devices: Sequence[SimDevice],
        *,
        port: int = 0,
        framer: FramerType = FramerType.SOCKET,
        context: ModbusServerContext | None = None,
    ) -> None:
        self.port = port or free_port()
        self.deaf: set[int] = set()
        self.requests = 0
        self._context = context or list(devices)
        self._framer = framer
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._call(self._start())

    def stop(self) -> None:
        """May be called again."""
        if self._loop.is_closed():
            return
        self._call(self._server.shutdown())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> ModbusTcpServer:
        server = ModbusTcpServer(
            self._context, framer=self._framer, address=("127.0.0.1", self.port), trace_packet=self._trace
        )
        await server.serve_forever(background=True)
        return server

    def _trace(self, sending: bool, packet: bytes) -> bytes:
        """Swallow the answer of a deaf unit; byte 6 of a Modbus TCP frame is the unit."""
        self.requests += not sending
        return b"" if sending and packet[6] in self.deaf else packet

    def _call(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)


@dataclass
class Kept:
    """A sink that remembers; while `refusing` it raises as an outbox does that is closed."""

    samples: list[Sample] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    refusing: bool = False

    def __call__(self, samples: Sequence[Sample], events: Sequence[Event]) -> None:
        if self.refusing:
            raise RuntimeError("no room")
        self.samples += samples
        self.events += events

    def latest(self, asset: str) -> dict[str, float]:
        return {sample.point: sample.value for sample in self.samples if sample.asset == asset}

    def codes(self) -> list[tuple[str, str, str]]:
        return [(event.asset, event.code, event.state.value) for event in self.events]


@dataclass
class RunningAgent:
    kept: Kept
    stop: threading.Event
    thread: threading.Thread
    troubles: list[str | None]
    oddities: list[str]

    def end(self) -> None:
        self.stop.set()
        self.thread.join(10)


class Platform:
    """What ingest is to a gateway: takes everything and, while it is `answering`, sends receipts; with its time, once
    it has a `clock`."""

    def __init__(self, broker: Broker, community: str) -> None:
        self.address = GatewayAddress(community, "gw-1")
        self.answering = True
        self.clock: RealClock | None = None
        self.messages: list[tuple[Channel, bytes, bool]] = []
        self._broker = broker
        self._client = Client(
            CallbackAPIVersion.VERSION2, client_id=f"platform-{community}", protocol=MQTTProtocolVersion.MQTTv5
        )
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe(f"anju/1/{community}/gw-1/+", qos=1)
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()

    def stop(self) -> None:
        for channel in (Channel.BIRTH, Channel.STATE):
            self._client.publish(self.address.topic(channel), b"", qos=1, retain=True).wait_for_publish(5)
        self._client.disconnect()
        self._client.loop_stop()

    def on(self, channel: Channel) -> list[Any]:
        """The decoded messages of a channel, in order."""
        return [json.loads(payload) for found, payload, _ in list(self.messages) if found is channel]

    def batches(self, stream: Stream = Stream.TELEMETRY) -> list[tuple[str, int, bool]]:
        """Epoch, seq and mark of every batch that came, repeats included."""
        found = self.on(Channel(stream.value))
        heads = [one[0] for one in found] if stream is Stream.TELEMETRY else found
        return [(head["epoch"], head["seq"], head["historical"]) for head in heads]

    def values(self, point: str) -> list[float]:
        """The values of `asset/point`, each batch taken once, in the order of their numbers."""
        packs = {pack[0]["seq"]: pack for pack in self.on(Channel.TELEMETRY)}
        found = []
        for seq in sorted(packs):
            base = ""
            for record in packs[seq]:
                base = record.get("bn", base)
                if base + record["n"] == point:
                    found.append(record["v"])
        return found

    def send_receipt(self, receipt: Receipt) -> None:
        self._client.publish(self.address.topic(Channel.RECEIPT), encode_receipt(receipt), qos=1)

    def publish_raw(self, channel: Channel, payload: bytes) -> None:
        self._client.publish(self.address.topic(channel), payload, qos=1).wait_for_publish(5)

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        channel = Channel(message.topic.rsplit("/", 1)[1])
        if not message.payload or channel in (Channel.RECEIPT, Channel.COMMAND):
            return
        self.messages.append((channel, bytes(message.payload), message.retain))
        if self.answering and channel in (Channel.TELEMETRY, Channel.EVENT):
            decoded = json.loads(message.payload)
            head = decoded[0] if channel is Channel.TELEMETRY else decoded
            at = self.clock.now() if self.clock else None
            self.send_receipt(Receipt(head["epoch"], Stream(channel.value), [(head["seq"], head["seq"])], at))


class DeviceOnBroker:
    """A device's own MQTT client on the box's local broker."""

    def __init__(self, broker: Broker) -> None:
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()

    def say(self, topic: str, payload: object, qos: int = 1) -> None:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        self._client.publish(topic, body, qos=qos).wait_for_publish(5)

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


Eventually = Callable[..., bool]
RunAgent = Callable[..., RunningAgent]
Configure = Callable[[str], GatewayConfig]
Serve = Callable[..., Serving]


@pytest.fixture
def eventually() -> Eventually:
    """`eventually(condition)` waits for it, and tells whether it came true."""
    return eventual.eventually


@pytest.fixture
def meters() -> Callable[..., list[SimDevice]]:
    """`meters(230.0, 231.0)`: units 1 and 2, each with 40 input registers that hold its value as 32-bit floats."""

    def make(*values: float) -> list[SimDevice]:
        return [
            SimDevice(unit, simdata=[SimData(0, values=[value] * 40, datatype=DataType.FLOAT32)])
            for unit, value in enumerate(values, 1)
        ]

    return make


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[Serving] = []

    def start(*devices: SimDevice, **options: Any) -> Serving:
        servers.append(Serving(devices, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def configure(tmp_path: Path) -> Configure:
    """A configuration from the text of its agents."""

    def read(agents: str) -> GatewayConfig:
        head = 'community = "jinxiu"\ngateway = "gw-1"\ndata_dir = "var"\n[uplink]\nurl = "mqtt://127.0.0.1:1"\n'
        file = tmp_path / "gateway.toml"
        file.write_text(head + agents, encoding="utf-8")
        return load_config(file)

    return read


@pytest.fixture
def run_agent(configure: Configure) -> Iterator[RunAgent]:
    """Runs the first agent of a configuration's text with a sink that remembers."""
    running: list[RunningAgent] = []

    def start(text: str, *, raised: dict[str, set[str]] | None = None, kept: Kept | None = None) -> RunningAgent:
        config = configure(text).agents[0]
        agent = RunningAgent(kept or Kept(), threading.Event(), threading.Thread(), [], [])
        context = AgentContext(
            config.name,
            RealClock(),
            agent.kept,
            agent.stop,
            raised or {},
            trouble=agent.troubles.append,
            count=agent.oddities.append,
        )
        built = config.build([device.device for device in config.devices], context)
        agent.thread = threading.Thread(target=_run, args=(built, agent), daemon=True)
        agent.thread.start()
        running.append(agent)
        return agent

    yield start
    for agent in running:
        agent.end()


def _run(built: Agent, agent: RunningAgent) -> None:
    try:
        built.run()
    except RuntimeError as exc:
        agent.troubles.append(f"died: {exc}")


@pytest.fixture
def device(broker: Broker) -> Iterator[DeviceOnBroker]:
    client = DeviceOnBroker(broker)
    yield client
    client.stop()


@pytest.fixture
def platform(broker: Broker) -> Iterator[Platform]:
    """On the session's broker, for a community of the test's own."""
    stand_in = Platform(broker, f"c{next(_communities)}")
    yield stand_in
    stand_in.stop()
