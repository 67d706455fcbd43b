"""A Mosquitto that lets in only whom an authority of the test's own has enrolled."""

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import paho.mqtt.client as mqtt
from eventual import WITHIN_S, eventually
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from anju_contracts.tls import client_context
from anju_contracts.topics import GatewayAddress
from anju_platform.enrol.authority import Authority, Enrolled, create_authority, open_authority
from anju_platform.enrol.bundle import write_bundle
from anju_platform.enrol.rights import listeners
from anju_simulators.services import Broker
from anju_simulators.services.ports import free_port

HOST = "127.0.0.1"


class Client:
    """A connection with a certificate of its own, that tells what the broker answered."""

    def __init__(self, port: int, ca: Path, certificate: Path | None, client_id: str = "") -> None:
        self.answers: queue.Queue[ReasonCode] = queue.Queue()
        self.messages: queue.Queue[mqtt.MQTTMessage] = queue.Queue()
        self.ended: list[ReasonCode] = []
        self.client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv5, reconnect_on_failure=False
        )
        self.client.connect_timeout = WITHIN_S
        key = certificate.with_suffix(".key") if certificate else None
        self.client.tls_set_context(client_context(ca, certificate, key))
        self.client.on_connect = lambda _client, _data, _flags, reason, _properties: self.answers.put(reason)
        self.client.on_publish = lambda _client, _data, _mid, reason, _properties: self.answers.put(reason)
        self.client.on_subscribe = lambda _client, _data, _mid, reasons, _properties: self.answers.put(reasons[0])
        self.client.on_message = lambda _client, _data, message: self.messages.put(message)
        self.client.on_disconnect = lambda _client, _data, _flags, reason, _properties: self.ended.append(reason)
        self._port = port

    def connect(self) -> bool:
        """Whether the broker let us in."""
        try:
            self.client.connect(HOST, self._port)
        except OSError:
            return False
        self.client.loop_start()
        return eventually(lambda: self.ended or not self.answers.empty()) and not self.ended and self._is_good()

    def publish(self, topic: str, payload: bytes = b"x") -> bool:
        """Whether the broker took it."""
        self.client.publish(topic, payload, qos=1)
        return self._is_good()

    def subscribe(self, topic: str) -> None:
        self.client.subscribe(topic, qos=1)
        self.answers.get(timeout=WITHIN_S)

    def next_topic(self) -> str:
        return self.messages.get(timeout=WITHIN_S).topic

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def _is_good(self) -> bool:
        return not self.answers.get(timeout=WITHIN_S).is_failure


@dataclass
class Guarded:
    """The broker, the authority in `folder`, and what gateways were given."""

    broker: Broker
    folder: Path
    platform_port: int
    _open: list[Client] = field(default_factory=list)

    @property
    def ca(self) -> Path:
        return self.folder / "broker" / "ca.pem"

    @property
    def url(self) -> str:
        """For gateways."""
        return f"mqtts://{HOST}:{self.broker.port}"

    @property
    def platform_url(self) -> str:
        return f"mqtts://{HOST}:{self.platform_port}"

    @contextmanager
    def authority(self) -> Iterator[Authority]:
        with open_authority(self.folder) as authority:
            yield authority

    def enrol(self, address: GatewayAddress, *, days: float = 1, rotate: bool = False) -> Path:
        """The folder of what the gateway was given."""
        with self.authority() as authority:
            make = authority.rotate if rotate else authority.enrol
            return self.hand_over(address, make(address, now=datetime.now(UTC), days=days))

    def hand_over(self, address: GatewayAddress, made: Enrolled) -> Path:
        box = self.folder.parent / f"{address.community}-{address.gateway}"
        write_bundle(box, address, made, authority=self.folder, url=self.url)
        return box

    def revoke(self, address: GatewayAddress, serial: str | None = None) -> None:
        with self.authority() as authority:
            authority.revoke(address, now=datetime.now(UTC), reason="test", serial=serial)

    def reload(self) -> None:
        """Make the broker look at the authority's files, and wait until it has: it does so between two rounds of its
        one thread, and shaking hands with somebody takes several."""
        self.broker.reload()
        self.platform().close()

    def gateway(self, box: Path, client_id: str = "") -> Client:
        return self._client(self.broker.port, box / "gateway.pem", client_id)

    def platform(self, client_id: str = "") -> Client:
        """Connected."""
        client = self._client(self.platform_port, self.folder / "platform" / "platform.pem", client_id)
        assert client.connect()
        return client

    def with_certificate(self, certificate: Path | None) -> Client:
        return self._client(self.broker.port, certificate, "")

    def close(self) -> None:
        for client in self._open:
            client.close()

    def _client(self, port: int, certificate: Path | None, client_id: str) -> Client:
        self._open.append(Client(port, self.ca, certificate, client_id))
        return self._open[-1]


@contextmanager
def guarded_broker(folder: Path) -> Iterator[Guarded]:
    """A broker with an authority of its own in `folder`."""
    authority_folder, platform_port = folder / "authority", free_port()
    now = datetime.now(UTC)
    create_authority(authority_folder, title="test", now=now)
    with open_authority(authority_folder) as authority:
        authority.equip([HOST], broker_folder="", now=now)

    def lines(port: int) -> str:
        files = authority_folder / "broker"
        return listeners(files, gateways=f"{port} {HOST}", platform=f"{platform_port} {HOST}")

    with Broker(folder / "broker", kind="mosquitto", persistent=True, listeners=lines) as broker:
        guarded = Guarded(broker, authority_folder, platform_port)
        yield guarded
        guarded.close()
