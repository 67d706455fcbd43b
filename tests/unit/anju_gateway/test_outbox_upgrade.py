import sqlite3
from pathlib import Path

import pytest

from anju_contracts.codes import Severity
from anju_contracts.envelope import MAX_SEQ, Envelope, Stream
from anju_contracts.event import Event, EventBatch, EventState, encode_events
from anju_contracts.receipt import Receipt
from anju_edge_agent.samples import Sample, moment_of
from anju_gateway.errors import CorruptOutboxError
from anju_gateway.outbox_file import Limits, OutboxFile, Work
from anju_gateway.outbox_reader import OutboxReader
from anju_gateway.packing import encode_samples
from anju_gateway.queries import load_queries

NOON = 1_767_268_800_000_000
SAMPLES = [Sample("em-001", "power_w", NOON + number, number / 4, number % 3) for number in range(5)]
TILT = Event("lift-01", "lift.tilt", moment_of(NOON), EventState.RAISE, Severity.MAJOR, text="倾斜")


def envelope(seq: int) -> Envelope:
    return Envelope("old-epoch", seq, False, moment_of(NOON + 9))


def of_version_1(path: Path, telemetry: bytes) -> None:
    """A file as it was when each batch was kept as its message: one of telemetry with number 4, one event."""
    queries = load_queries()
    with sqlite3.connect(path) as db:
        db.executescript(queries["create_tables"])
        db.execute(queries["add_epoch"], {"epoch": "old-epoch", "version": 1})
        event = encode_events(EventBatch(envelope(1), [TILT]))
        for stream, seq, samples, payload in (("telemetry", 4, 5, telemetry), ("event", 1, 1, event)):
            row = {"stream": stream, "seq": seq, "at_us": NOON, "samples": samples, "bytes": len(payload)}
            db.execute(queries["add_batch"], {**row, "payload": payload})
            account = {"stream": stream, "produced": samples, "committed": 0, "queued": samples, "last_seq": seq}
            db.execute(queries["set_account"], account)
    db.close()


def test_what_waits_in_a_file_of_version_1_is_sent_as_it_would_have_been(tmp_path: Path) -> None:
    path, message = tmp_path / "outbox.sqlite3", encode_samples(SAMPLES, envelope(4))
    of_version_1(path, message)
    for _ in range(2):
        file = OutboxFile(path, Limits())
        assert file.epoch == "old-epoch"
        assert file.counts[Stream.TELEMETRY].queued_bytes < len(message)
        file.close()
    reader = OutboxReader(path, on_corrupt=lambda _reason: None)
    (telemetry,) = reader.read(Stream.TELEMETRY, after=0, up_to=MAX_SEQ, most=9) or []
    (event,) = reader.read(Stream.EVENT, after=0, up_to=MAX_SEQ, most=9) or []
    reader.close()
    assert telemetry.message(historical=False) == message
    assert event.message(historical=False) == encode_events(EventBatch(envelope(1), [TILT]))


def test_a_file_of_version_2_goes_on_where_it_was(tmp_path: Path) -> None:
    """Its account has every batch; the number of one that is forgotten is not given again."""
    path, queries = tmp_path / "outbox.sqlite3", load_queries()
    file = OutboxFile(path, Limits())
    for _ in range(3):
        file.write(Work(samples=SAMPLES, events=[TILT]), now_us=NOON)
    file.write(Work(receipts=[Receipt(file.epoch, Stream.TELEMETRY, [(1, 1), (3, 3)])]), now_us=NOON)
    before = file.counts
    file.close()
    with sqlite3.connect(path) as db:
        db.execute(queries["set_version"], {"version": 2})
        account = {"stream": "event", "produced": 3, "committed": 0, "queued": 3, "last_seq": 3}
        db.execute(queries["set_account"], account)
    db.close()
    for added in (0, 1, 1):
        file = OutboxFile(path, Limits())
        assert file.counts == before
        file.write(Work(samples=SAMPLES * added, events=[TILT] * added), now_us=NOON)
        before = file.counts
        file.close()
    assert [(count.produced, count.committed, count.last_seq) for count in before.values()] == [(25, 10, 5), (5, 0, 5)]


@pytest.mark.parametrize(
    "broken", [b"[", b'[{"n":"em-001/power_w","v":1,"t":1767268800}]', encode_samples(SAMPLES, Envelope("e", 1))]
)
def test_a_file_of_version_1_that_holds_no_messages_is_corrupt_and_stays_as_it_is(
    tmp_path: Path, broken: bytes
) -> None:
    path = tmp_path / "outbox.sqlite3"
    of_version_1(path, broken)
    before = path.read_bytes()
    with pytest.raises(CorruptOutboxError):
        OutboxFile(path, Limits())
    assert path.read_bytes() == before
