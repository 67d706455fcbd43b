"""What stands for the platform when a gateway is measured."""

from types import SimpleNamespace

from anju_contracts.account import Account, StreamAccount, encode_account
from anju_contracts.clock import RealClock
from anju_contracts.envelope import Envelope, Stream
from anju_contracts.receipt import decode_receipt
from anju_contracts.senml import Pack, encode_pack
from anju_contracts.topics import Channel, GatewayAddress
from benchmarks.fake_platform import FakePlatform

GATEWAY = GatewayAddress("bench", "gw-1")


class Client:
    def __init__(self) -> None:
        self.said: list[tuple[str, bytes]] = []

    def publish(self, topic: str, payload: bytes, qos: int) -> None:
        self.said.append((topic, payload))


def heard(platform: FakePlatform, channel: Channel, payload: bytes) -> list[tuple[str, bytes]]:
    client = Client()
    platform._on_message(client, None, SimpleNamespace(topic=GATEWAY.topic(channel), payload=payload))  # type: ignore[arg-type]
    return client.said


def batch(seq: int, *numbers: int) -> bytes:
    pack = Pack(Envelope("e1", seq))
    for number in numbers:
        pack.append("d000/p0", 1_772_323_200_000_000 + number, float(number))
        pack.append("d000/p1", 1_772_323_200_000_000 + number, 5.0)
    return encode_pack(pack)


def test_every_batch_gets_its_receipt_and_is_counted_once() -> None:
    platform = FakePlatform(1)
    for _ in range(2):
        ((topic, payload),) = heard(platform, Channel.TELEMETRY, batch(4, 7, 8))
        assert (topic, decode_receipt(payload).ranges) == (GATEWAY.topic(Channel.RECEIPT), [(4, 4)])
    assert (platform.total, platform.numbers) == (4, [7, 8])


def test_a_silent_platform_counts_but_sends_no_receipts() -> None:
    platform = FakePlatform(1, answering=False)
    assert heard(platform, Channel.TELEMETRY, batch(1, 1)) == []
    assert platform.total == 2


def test_what_the_gateway_has_committed_is_what_its_newest_account_says() -> None:
    platform = FakePlatform(1)
    assert platform.committed == 0
    for committed in (0, 5):
        counts = {Stream.TELEMETRY: StreamAccount(produced=5, committed=committed, queued=5 - committed)}
        heard(platform, Channel.ACCOUNT, encode_account(Account("e1", RealClock().now(), counts)))
    assert platform.committed == 5
