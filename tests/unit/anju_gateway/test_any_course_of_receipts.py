"""Whatever becomes of receipts, nothing is forgotten without one, and everything gets through in the end."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from anju_contracts.clock import RealClock
from anju_contracts.codes import Severity
from anju_contracts.envelope import MAX_SEQ, Stream
from anju_contracts.event import Event, EventState
from anju_contracts.receipt import Receipt, ranges_of
from anju_edge_agent.samples import Sample, moment_of
from anju_gateway.carrier import Carrier
from anju_gateway.outbox import Outbox
from anju_gateway.outbox_file import Limits
from anju_gateway.window import LEAST_TIMEOUT_S, MOST_TIMEOUT_S, RetryTimer, Window

NOON = 1_767_268_800_000_000
SIZES = {Stream.TELEMETRY: 6, Stream.EVENT: 3}
streams = st.sampled_from(list(Stream))


class Courses(RuleBasedStateMachine):
    """`committed` is what the platform has, `queued` what the outbox may not forget, `sent` what this session sent
    last and when."""

    @initialize()
    def begin(self) -> None:
        self.folder = TemporaryDirectory()
        self.outbox = Outbox(Path(self.folder.name) / "outbox.sqlite3", Limits(), RealClock())
        self.timers = {stream: RetryTimer() for stream in Stream}
        self.now_s = 0.0
        self.handed = dict.fromkeys(Stream, 0)
        self.reached: dict[Stream, set[int]] = {stream: set() for stream in Stream}
        self.queued: dict[Stream, set[int]] = {stream: set() for stream in Stream}
        self.receipts: list[Receipt] = []
        self.open = True
        self.connect(0)

    @rule(backfill=st.integers(0, 30))
    def connect(self, backfill: int) -> None:
        """A session begins; how much of what waits is backfill doesn't matter to what follows."""
        self.windows = {stream: Window(SIZES[stream], self.timers[stream]) for stream in Stream}
        self.sent: dict[tuple[Stream, int], float] = {}
        self.carrier = Carrier(
            self.outbox,
            self.take,
            boundaries={stream: min(backfill, self.handed[stream]) for stream in Stream},
            windows=self.windows,
            backfill_per_s=20.0,
            now_s=self.now_s,
        )

    @rule(stream=streams, count=st.integers(1, 5))
    def hand_over(self, stream: Stream, count: int) -> None:
        for _ in range(count):
            self.handed[stream] += 1
            self.queued[stream].add(self.handed[stream])
            if stream is Stream.TELEMETRY:
                self.outbox([Sample("em-001", "power_w", NOON, float(self.handed[stream]))], [])
            else:
                at = moment_of(NOON + self.handed[stream])
                self.outbox([], [Event("lift-01", "lift.tilt", at, EventState.MOMENTARY, Severity.MINOR)])

    @rule(open_now=st.booleans())
    def cut_or_mend(self, open_now: bool) -> None:
        """While the road is cut, what is sent reaches nobody."""
        self.open = open_now

    @rule(room=st.integers(0, 12), wait_s=st.sampled_from([0.0, 0.05, 1.0, 3.0, 30.0, 200.0]))
    def carry(self, room: int, wait_s: float) -> None:
        self.now_s += wait_s
        self.carrier.carry(room=room, reserved=min(2, room), now_s=self.now_s)

    @rule(boundary=st.integers(0, 40))
    def age(self, boundary: int) -> None:
        self.carrier.age({stream: min(boundary, self.handed[stream]) for stream in Stream})

    @rule(stream=streams, data=st.data())
    def commit_some(self, stream: Stream, data: st.DataObject) -> None:
        """The platform answers some of what reached it, in any order."""
        known = sorted(self.reached[stream])
        seqs = data.draw(st.lists(st.sampled_from(known), unique=True)) if known else []
        self.answer(Receipt(self.outbox.epoch, stream, ranges_of(seqs)))

    @rule(data=st.data())
    def double(self, data: st.DataObject) -> None:
        if self.receipts:
            self.answer(data.draw(st.sampled_from(self.receipts)))

    @rule(stream=streams, first=st.integers(1, 40), more=st.integers(0, 40))
    def answer_for_another_epoch(self, stream: Stream, first: int, more: int) -> None:
        self.outbox.receive(Receipt("another", stream, [(first, first + more)]))

    @rule(stream=streams)
    def answer_for_what_never_was(self, stream: Stream) -> None:
        self.answer(Receipt(self.outbox.epoch, stream, [(self.handed[stream] + 1, MAX_SEQ)]))

    @invariant()
    def nothing_is_forgotten_without_a_receipt(self) -> None:
        for stream in Stream:
            batches = self.outbox.read(stream, after=0, up_to=MAX_SEQ, most=1_000) or []
            assert {batch.seq for batch in batches} == self.queued[stream]
            assert len(self.windows[stream]) <= SIZES[stream]

    def teardown(self) -> None:
        """Once the platform answers, whatever was lost before gets through soon."""
        if not hasattr(self, "outbox"):
            return
        rounds, self.open = 0, True
        while any(self.queued.values()):
            rounds += 1
            assert rounds < 100, f"still queued: {self.queued}"
            self.carry(room=12, wait_s=MOST_TIMEOUT_S)
            for stream in Stream:
                self.answer(Receipt(self.outbox.epoch, stream, ranges_of(self.reached[stream] & self.queued[stream])))
        self.outbox.close()
        self.folder.cleanup()

    def answer(self, receipt: Receipt) -> None:
        self.receipts.append(receipt)
        self.carrier.received(receipt, self.now_s)
        self.outbox.receive(receipt)
        self.outbox([], [])
        for first, last in receipt.ranges:
            self.queued[receipt.stream] -= {seq for seq in self.queued[receipt.stream] if first <= seq <= last}

    def take(self, stream: Stream, payload: bytes) -> None:
        decoded = json.loads(payload)
        seq = (decoded[0] if stream is Stream.TELEMETRY else decoded)["seq"]
        before_s = self.sent.get((stream, seq))
        assert seq in self.queued[stream]
        assert before_s is None or self.now_s - before_s >= LEAST_TIMEOUT_S
        self.sent[stream, seq] = self.now_s
        if self.open:
            self.reached[stream].add(seq)


TestAnyCourseOfReceipts = Courses.TestCase
TestAnyCourseOfReceipts.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
