import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from anju_contracts.clock import RealClock
from anju_contracts.codes import Severity
from anju_contracts.envelope import MAX_SEQ, Stream
from anju_contracts.event import Event, EventState
from anju_contracts.receipt import Receipt
from anju_edge_agent.samples import Sample, moment_of
from anju_gateway.carrier import Carrier
from anju_gateway.outbox import Outbox
from anju_gateway.outbox_file import Limits
from anju_gateway.outbox_reader import QueuedBatch
from anju_gateway.window import FIRST_TIMEOUT_S, Window

NOON = 1_767_268_800_000_000
T, E = Stream.TELEMETRY, Stream.EVENT


class Flickering(Outbox):
    """An outbox that can't be read for as long as somebody says so."""

    is_readable = True

    def read(self, stream: Stream, *, after: int, up_to: int, most: int) -> list[QueuedBatch] | None:
        return super().read(stream, after=after, up_to=up_to, most=most) if self.is_readable else None


@dataclass
class Road:
    """An outbox, a carrier of one session, and what it sent as (stream, seq, historical)."""

    outbox: Flickering
    sent: list[tuple[Stream, int, bool]] = field(default_factory=list)
    carrier: Carrier = field(init=False)

    def begin(self, *, backfill: int = 0, window: int = 8, backfill_per_s: float = 1_000.0) -> None:
        self.sent.clear()
        self.carrier = Carrier(
            self.outbox,
            self._send,
            boundaries={T: backfill, E: 0},
            windows={T: Window(window), E: Window(4)},
            backfill_per_s=backfill_per_s,
            now_s=0.0,
        )

    def go(self, now_s: float = 0.0, *, room: int = 100) -> list[tuple[Stream, int, bool]]:
        """What one pass sends."""
        before = len(self.sent)
        self.carrier.carry(room=room, reserved=2, now_s=now_s)
        return self.sent[before:]

    def commit(self, *ranges: tuple[int, int], stream: Stream = T, now_s: float = 0.0) -> None:
        """The platform has committed them, and the outbox has taken note of it."""
        receipt = Receipt(self.outbox.epoch, stream, list(ranges))
        self.carrier.received(receipt, now_s)
        self.outbox.receive(receipt)
        self.outbox([], [event()])

    def _send(self, stream: Stream, payload: bytes) -> None:
        decoded = json.loads(payload)
        envelope = decoded[0] if stream is T else decoded
        self.sent.append((stream, envelope["seq"], envelope["historical"]))


def event() -> Event:
    return Event("lift-01", "lift.tilt", moment_of(NOON), EventState.MOMENTARY, Severity.MINOR)


@pytest.fixture
def road(tmp_path: Path) -> Iterator[Road]:
    """An outbox with 20 batches of telemetry."""
    outbox = Flickering(tmp_path / "outbox.sqlite3", Limits(), RealClock())
    for number in range(20):
        outbox([Sample("em-001", "power_w", NOON + number, 1.0)], [])
    yield Road(outbox)
    outbox.close()


def seqs(sent: list[tuple[Stream, int, bool]], *, historical: bool | None = None) -> list[int]:
    return [seq for stream, seq, mark in sent if stream is T and historical in (None, mark)]


def test_no_more_is_on_its_way_than_the_window_holds(road: Road) -> None:
    road.begin(window=8)
    assert seqs(road.go()) == list(range(1, 9))
    assert road.go() == []
    road.commit((1, 3))
    assert seqs(road.go()) == [9, 10, 11]


def test_a_batch_is_sent_once_although_its_receipt_is_slow(road: Road) -> None:
    road.begin(window=30)
    assert len(road.go(0.0)) == 20
    assert road.go(1.0) == []


def test_receipts_out_of_order_and_doubled_do_no_harm(road: Road) -> None:
    road.begin(window=8)
    road.go()
    for ranges in ([(5, 8)], [(5, 8)], [(1, 2)], [(1, 8)], [(900, 901)]):
        road.commit(*ranges)
    assert seqs(road.go()) == list(range(9, 17))


def test_live_goes_first_and_backfill_uses_what_is_left(road: Road) -> None:
    road.begin(backfill=12, window=16)
    sent = road.go()
    assert seqs(sent[:8], historical=False) == list(range(13, 21))
    assert seqs(sent, historical=True) == [1, 2, 3, 4]


def test_backfill_is_not_starved_by_live_data(road: Road) -> None:
    road.begin(backfill=4, window=8)
    assert len(seqs(road.go(), historical=True)) == 1


def test_backfill_is_rate_limited(road: Road) -> None:
    road.begin(backfill=20, window=1_000, backfill_per_s=2.0)
    for _ in range(50):
        road.outbox([Sample("em-001", "power_w", NOON, 1.0)], [])
    road.begin(backfill=70, window=1_000, backfill_per_s=2.0)
    assert len(road.go(0.0)) == 50
    assert len(road.go(0.1)) == 0
    due_s = road.carrier.next_due_s(0.1)
    assert due_s is not None
    assert 0.4 < due_s < 0.6
    assert len(road.go(1.0)) == 2


def test_what_waited_too_long_within_a_session_becomes_backfill_and_newer_data_goes_first(road: Road) -> None:
    road.begin(window=8)
    assert seqs(road.go(), historical=False) == list(range(1, 9))
    road.carrier.age({T: 18, E: 0})
    road.commit((1, 8))
    sent = road.go()
    assert seqs(sent, historical=False) == [19, 20]
    assert seqs(sent, historical=True) == [9, 10]
    road.commit((9, 20))
    assert seqs(road.go(), historical=True) == []


def test_what_is_on_its_way_as_live_is_not_sent_again_as_backfill(road: Road) -> None:
    road.begin(window=8, backfill=2)
    first = road.go()
    assert (len(first), seqs(first, historical=True)) == (8, [1])
    road.carrier.age({T: 20, E: 0})
    road.commit((1, 1), (3, 6))
    assert set(seqs(road.go())) <= {2, *range(10, 21)}


def test_events_overtake_telemetry_when_the_broker_takes_little(road: Road) -> None:
    road.outbox([], [event()])
    road.begin()
    sent = road.go(room=3)
    assert sent == [(E, 1, False)]
    assert [stream for stream, _, _ in road.go(room=3)] == [T]


def test_what_got_no_receipt_is_sent_again_with_the_same_number(road: Road) -> None:
    road.begin(backfill=2, window=8)
    first = set(road.go())
    road.commit(*((seq, seq) for seq in sorted(seqs(list(first))) if seq not in (1, 4)))
    later = road.go(FIRST_TIMEOUT_S + 1)
    assert {(T, 1, True), (T, 4, False)} <= set(later)
    assert {(T, 1, True), (T, 4, False)} <= first


def test_what_was_dropped_meanwhile_is_not_waited_for(road: Road) -> None:
    road.begin(window=8)
    road.go()
    road.outbox.receive(Receipt(road.outbox.epoch, T, [(1, 20)]))
    road.outbox([], [event()])
    assert seqs(road.go(FIRST_TIMEOUT_S + 1)) == []
    assert road.carrier.next_due_s(0.0) is not None
    road.commit((1, 1), stream=E)
    road.commit((2, 2), stream=E)
    assert road.outbox.read(T, after=0, up_to=MAX_SEQ, most=1) == []


def test_what_cannot_be_read_for_a_moment_is_neither_skipped_nor_given_up(road: Road) -> None:
    road.begin(backfill=10)
    first = seqs(road.go(room=4))
    road.outbox.is_readable = False
    assert road.go(FIRST_TIMEOUT_S + 1) == []
    road.outbox.is_readable = True
    assert set(first) <= set(seqs(road.go(FIRST_TIMEOUT_S * 3)))
    for _ in range(20):
        road.commit(*((seq, seq) for seq in sorted(set(seqs(road.sent)))))
        road.go(FIRST_TIMEOUT_S * 3)
    assert set(seqs(road.sent)) == set(range(1, 21))


def test_nothing_is_due_when_everything_has_its_receipt(road: Road) -> None:
    road.begin(window=30)
    road.go()
    assert road.carrier.next_due_s(0.0) is not None
    road.commit((1, 20))
    assert road.carrier.next_due_s(0.0) is None
