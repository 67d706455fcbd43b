"""A process that publishes as fast as the broker takes it, or at a pace, or as far ahead of receipts as gateways go.

`python -m benchmarks.publisher` reads a Plan (JSON) as its first line, says `ready`, starts on the line `go`, ends when
its work is done or on the line `stop`, and writes a Published (JSON).
"""

import selectors
import socket
import sys
import time
from collections.abc import Callable

import msgspec

from anju_contracts.receipt import decode_receipt
from anju_contracts.topics import Channel, filter_for, parse_topic
from benchmarks.figures import percentile
from benchmarks.fleet import Batches, Fleet
from benchmarks.mqtt_wire import (
    CONNACK,
    PUBACK,
    PUBLISH,
    Packets,
    connect_frame,
    mid_of,
    publish_frame,
    published,
    subscribe_frame,
)

UNACKNOWLEDGED = 500
AT_ONCE = 64
PRELOAD_BYTES = 256 * 1024 * 1024


class Messages(msgspec.Struct, frozen=True, tag=True):
    """Given messages instead of a fleet's: `topics[i % len(topics)]` gets `payloads[i]`."""

    topics: list[str]
    payloads: list[str]


class Plan(msgspec.Struct, frozen=True):
    """`count` messages of `source`. `per_s` is the pace (0: none). With `ahead`, so many batches a gateway may be
    without a receipt, and the end is when all have theirs; else when the broker has acknowledged all."""

    port: int
    count: int
    source: Fleet | Messages
    per_s: float = 0.0
    ahead: int = 0
    name: str = "publisher"


class Published(msgspec.Struct, frozen=True):
    """Times are of the monotonic clock that all processes of a machine share, in seconds."""

    sent: int
    began_s: float
    acknowledged_s: float
    receipted: int
    receipt_p50_s: float | None
    receipt_p99_s: float | None


class Publisher:
    """One connection; the frames are made before the start where memory allows."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._make = _maker(plan)
        size = len(self._make(0)) * plan.count
        self._frames = [self._make(number) for number in range(plan.count)] if size < PRELOAD_BYTES else []
        self._packets = Packets()
        self._sent = self._acknowledged = 0
        self._sent_at: list[float] = []
        self._waits: dict[int, float] = {}
        self.socket = socket.create_connection(("127.0.0.1", plan.port))
        self.socket.sendall(connect_frame(f"bench-{plan.name}"))
        self._await_connack()
        if plan.ahead and isinstance(plan.source, Fleet):
            self.socket.sendall(subscribe_frame(filter_for(Channel.RECEIPT)))

    def _await_connack(self) -> None:
        while True:
            for kind, body in self._packets.feed(self.socket.recv(4096)):
                if kind == CONNACK and body[1] == 0:
                    return
                raise ConnectionError(f"the broker answered with packet {kind}: {body!r}")

    def run(self, stopped: Callable[[float], bool]) -> Published:
        """`stopped(wait_s)` waits for something to read, and tells whether it is the word to stop."""
        began_s = acknowledged_s = time.monotonic()
        while not self._is_done():
            now_s = time.monotonic()
            self._send(self._due(now_s - began_s), now_s)
            if stopped(self._wait_s(now_s - began_s)):
                break
            if self._receive():
                acknowledged_s = time.monotonic()
        waits = list(self._waits.values())
        p50, p99 = (percentile(waits, 50), percentile(waits, 99)) if waits else (None, None)
        return Published(self._sent, began_s, acknowledged_s, len(waits), p50, p99)

    def _is_done(self) -> bool:
        arrived = len(self._waits) if self._plan.ahead else self._acknowledged
        return arrived >= self._plan.count

    def _due(self, since_s: float) -> int:
        """How many messages may have been sent by now."""
        plan = self._plan
        due = min(plan.count, self._acknowledged + UNACKNOWLEDGED, self._sent + AT_ONCE)
        if plan.per_s:
            due = min(due, int(since_s * plan.per_s) + 1)
        if plan.ahead and isinstance(plan.source, Fleet):
            due = min(due, len(self._waits) + plan.ahead * plan.source.gateways)
        return due

    def _wait_s(self, since_s: float) -> float:
        plan = self._plan
        if plan.per_s and self._sent < plan.count:
            return max(0.0, min(1.0, self._sent / plan.per_s - since_s))
        return 0.0 if self._due(since_s) > self._sent else 1.0

    def _send(self, up_to: int, now_s: float) -> None:
        if up_to > self._sent:
            numbers = range(self._sent, up_to)
            self.socket.sendall(b"".join([self._frame(number) for number in numbers]))
            self._sent_at += [now_s] * len(numbers)
            self._sent = up_to

    def _frame(self, number: int) -> bytes:
        return self._frames[number] if self._frames else self._make(number)

    def _receive(self) -> bool:
        """Take what has arrived; whether any message was acknowledged."""
        before = self._acknowledged
        try:
            data = self.socket.recv(1 << 16, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        if not data:
            raise ConnectionError("the broker closed the connection")
        for kind, body in self._packets.feed(data):
            if kind == PUBACK:
                self._acknowledged += 1
            elif kind == PUBLISH:
                self._take_receipt(*published(body))
        return self._acknowledged > before

    def _take_receipt(self, topic: str, payload: bytes) -> None:
        source = self._plan.source
        assert isinstance(source, Fleet)
        name, _, number_of_gateway = parse_topic(topic)[0].community.rpartition("-")
        if name != source.name:
            return
        gateway = int(number_of_gateway)
        now_s = time.monotonic()
        for first, last in decode_receipt(payload).ranges:
            for seq in range(first, last + 1):
                number = (seq - 1) * source.gateways + gateway
                self._waits.setdefault(number, now_s - self._sent_at[number])


def _maker(plan: Plan) -> Callable[[int], bytes]:
    source = plan.source
    if isinstance(source, Fleet):
        batches = Batches(source)
        return lambda number: publish_frame(*batches.message(number), mid=mid_of(number))
    topics, payloads = source.topics, source.payloads
    return lambda number: publish_frame(topics[number % len(topics)], payloads[number].encode(), mid=mid_of(number))


def main() -> None:
    plan = msgspec.json.decode(sys.stdin.buffer.readline(), type=Plan)
    publisher = Publisher(plan)
    print("ready", flush=True)
    sys.stdin.buffer.readline()
    waiting = selectors.DefaultSelector()
    waiting.register(publisher.socket, selectors.EVENT_READ)
    waiting.register(sys.stdin.buffer, selectors.EVENT_READ)

    def stopped(wait_s: float) -> bool:
        return any(key.fileobj is sys.stdin.buffer for key, _ in waiting.select(wait_s))

    print(msgspec.json.encode(publisher.run(stopped)).decode(), flush=True)


if __name__ == "__main__":
    main()
