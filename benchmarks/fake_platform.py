"""What the platform is to a gateway, and no more: it answers each batch with a receipt at once, and counts."""

import time
from typing import Any

import msgspec
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from anju_contracts.account import decode_account
from anju_contracts.envelope import Stream
from anju_contracts.receipt import Receipt, encode_receipt
from anju_contracts.topics import Channel, filter_for, parse_topic


class _Record(msgspec.Struct):
    """What is looked at in a SenML record."""

    n: str = ""
    v: float = 0.0
    epoch: str = ""
    seq: int = 0


_DECODER = msgspec.json.Decoder(list[_Record])


class FakePlatform:
    """Use it in a `with`. While it is not `answering`, it sends no receipts."""

    def __init__(self, port: int, *, answering: bool = True) -> None:
        self.answering = answering
        self.samples: dict[tuple[str, int], int] = {}
        """How many readings each batch held, by (epoch, seq)."""
        self.numbers: list[int] = []
        """The values of p0, as they came, repeats of a batch left out."""
        self.receipted_s = 0.0
        """When the last receipt was sent that wasn't a repeat; of the monotonic clock."""
        self.accounts: list[tuple[float, int, int]] = []
        """(monotonic seconds, produced, committed) of each account."""
        self._port = port
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.on_message = self._on_message

    def __enter__(self) -> "FakePlatform":
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()
        for channel in (Channel.TELEMETRY, Channel.ACCOUNT):
            self._client.subscribe(filter_for(channel), qos=1)
        return self

    def __exit__(self, *_exc: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def total(self) -> int:
        """Readings that arrived, each batch counted once."""
        return sum(self.samples.values())

    @property
    def committed(self) -> int:
        """As the gateway's newest account says it."""
        return self.accounts[-1][2] if self.accounts else 0

    def _on_message(self, client: Client, _data: Any, message: MQTTMessage) -> None:
        address, channel = parse_topic(message.topic)
        if channel is Channel.ACCOUNT:
            counts = decode_account(bytes(message.payload)).streams[Stream.TELEMETRY]
            self.accounts.append((time.monotonic(), counts.produced, counts.committed))
            return
        records = _DECODER.decode(message.payload)
        epoch, seq = records[0].epoch, records[0].seq
        if self.answering:
            receipt = Receipt(epoch, Stream.TELEMETRY, [(seq, seq)])
            client.publish(address.topic(Channel.RECEIPT), encode_receipt(receipt), qos=1)
        if (epoch, seq) not in self.samples:
            self.samples[epoch, seq] = len(records)
            self.numbers += [int(record.v) for record in records if record.n.endswith("p0")]
            self.receipted_s = time.monotonic()
