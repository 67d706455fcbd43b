"""Which batch goes up next: events before telemetry, live before backfill, and again what got no receipt.

Reads the outbox and tells windows what was sent; time (real seconds) is an argument, and sending is a callable.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from anju_contracts.envelope import MAX_SEQ, Stream
from anju_contracts.receipt import Receipt
from anju_gateway.outbox import Outbox
from anju_gateway.outbox_reader import QueuedBatch
from anju_gateway.window import Window

READ_AHEAD = 32
MOST_TOKENS = 50.0

Send = Callable[[Stream, bytes], None]


@dataclass(slots=True)
class _Lane:
    """Batches of a stream up to `up_to` that were not sent yet in this session: those after `after`, but for what is on
    its way (sent as live, before what it waited behind became backfill)."""

    after: int
    up_to: int
    historical: bool


@dataclass(slots=True)
class _Tokens:
    """Lets `rate` batches a second pass, and a burst of a few after a pause."""

    rate: float
    left: float
    at_s: float

    def refill(self, now_s: float) -> int:
        self.left = min(max(MOST_TOKENS, self.rate), self.left + (now_s - self.at_s) * self.rate)
        self.at_s = now_s
        return int(self.left)


class Carrier:
    """Of one session with the broker. What was queued up to `boundaries` (by stream) is backfill."""

    def __init__(
        self,
        outbox: Outbox,
        send: Send,
        *,
        boundaries: Mapping[Stream, int],
        windows: Mapping[Stream, Window],
        backfill_per_s: float,
        now_s: float,
    ) -> None:
        self._outbox = outbox
        self._send = send
        self._windows = windows
        self._live = {stream: _Lane(boundaries[stream], MAX_SEQ, historical=False) for stream in Stream}
        self._backfill = {stream: _Lane(0, boundaries[stream], historical=True) for stream in Stream}
        self._tokens = _Tokens(backfill_per_s, MOST_TOKENS, now_s)

    def received(self, receipt: Receipt, now_s: float) -> float | None:
        """How long the receipt took, for what was sent once; None where that can't be told."""
        return self._windows[receipt.stream].committed(receipt.ranges, now_s)

    def age(self, boundaries: Mapping[Stream, int]) -> None:
        """What is queued up to `boundaries` has become backfill while it waited: newer data goes first from now on."""
        for stream, boundary in boundaries.items():
            if boundary > self._live[stream].after:
                self._live[stream].after = boundary
                self._backfill[stream].up_to = boundary

    def carry(self, *, room: int, reserved: int, now_s: float) -> None:
        """Send what may be sent now. The broker takes `room` more publishes, of which telemetry leaves `reserved`."""
        room -= self._carry_stream(Stream.EVENT, room, now_s)
        self._carry_stream(Stream.TELEMETRY, room - reserved, now_s)

    def next_due_s(self, now_s: float) -> float | None:
        """When there may be something to send although nothing new came: a resend, or backfill that was held back."""
        dues = [due_s for window in self._windows.values() if (due_s := window.next_due_s()) is not None]
        if any(lane.after < lane.up_to for lane in self._backfill.values()):
            dues.append(now_s + max(0.0, 1.0 - self._tokens.left) / self._tokens.rate)
        return min(dues, default=None)

    def _carry_stream(self, stream: Stream, room: int, now_s: float) -> int:
        """How many batches were sent."""
        sent = self._resend(stream, room, now_s)
        window, backfill = self._windows[stream], self._backfill[stream]
        waiting = backfill.after < backfill.up_to
        kept = max(1, window.size // 8) - window.historical if waiting else 0
        sent += self._send_new(self._live[stream], stream, min(room - sent, window.room - max(0, kept)), now_s)
        if waiting:
            share = max(1, window.size // 4) - window.historical
            most = min(room - sent, window.room, share, self._tokens.refill(now_s))
            count = self._send_new(backfill, stream, most, now_s)
            self._tokens.left -= count
            sent += count
        return sent

    def _resend(self, stream: Stream, room: int, now_s: float) -> int:
        sent, window = 0, self._windows[stream]
        if room <= 0:
            return 0
        for seq, historical in window.overdue(now_s):
            batches = self._outbox.read(stream, after=seq - 1, up_to=seq, most=1)
            if batches is None:
                break
            if not batches:
                window.gone(seq)
            elif sent < room:
                self._dispatch(stream, batches[0], now_s, historical=historical)
                sent += 1
        return sent

    def _send_new(self, lane: _Lane, stream: Stream, most: int, now_s: float) -> int:
        sent = 0
        while sent < most:
            asked = min(READ_AHEAD, most - sent)
            batches = self._outbox.read(stream, after=lane.after, up_to=lane.up_to, most=asked)
            if batches is None:
                break
            for batch in batches:
                lane.after = batch.seq
                if batch.seq not in self._windows[stream]:
                    self._dispatch(stream, batch, now_s, historical=lane.historical)
                    sent += 1
            if len(batches) < asked:
                if lane.historical:
                    lane.after = lane.up_to
                break
        return sent

    def _dispatch(self, stream: Stream, batch: QueuedBatch, now_s: float, *, historical: bool) -> None:
        self._windows[stream].sent(batch.seq, now_s, historical=historical)
        self._send(stream, batch.message(historical=historical))
