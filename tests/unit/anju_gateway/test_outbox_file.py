import random
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anju_contracts.codes import Severity
from anju_contracts.envelope import Stream
from anju_contracts.event import Event, EventState
from anju_contracts.receipt import Receipt
from anju_edge_agent.samples import Sample, moment_of
from anju_gateway.errors import CorruptOutboxError
from anju_gateway.outbox_file import Limits, OutboxFile, Work

NOON = 1_767_268_800_000_000
DAY = 86_400_000_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.sqlite3"


@pytest.fixture
def outbox(path: Path) -> Iterator[OutboxFile]:
    file = OutboxFile(path, Limits())
    yield file
    file.close()


def samples(count: int, *, start: int = 0) -> list[Sample]:
    return [Sample("em-001", "power_w", NOON + (start + number) * 1_000_000, float(number)) for number in range(count)]


def event(code: str = "lift.tilt", state: EventState = EventState.RAISE) -> Event:
    return Event("lift-01", code, moment_of(NOON), state, Severity.MINOR)


def seqs_in(path: Path, stream: Stream) -> list[int]:
    db = sqlite3.connect(path)
    rows = db.execute("SELECT seq FROM batch WHERE stream = ? ORDER BY seq", (stream.value,)).fetchall()
    db.close()
    return [row[0] for row in rows]


def receipt(outbox: OutboxFile, *ranges: tuple[int, int], stream: Stream = Stream.TELEMETRY) -> Receipt:
    return Receipt(outbox.epoch, stream, list(ranges))


def test_streams_are_numbered_by_themselves_and_full_batches_are_split(path: Path, outbox: OutboxFile) -> None:
    outbox.write(Work(samples=samples(1_200), events=[event()]), now_us=NOON)
    outbox.write(Work(samples=samples(1)), now_us=NOON)
    assert seqs_in(path, Stream.TELEMETRY) == [1, 2, 3, 4]
    assert seqs_in(path, Stream.EVENT) == [1]


def test_what_was_written_is_there_when_it_opens_again_under_the_same_epoch(path: Path, outbox: OutboxFile) -> None:
    outbox.write(Work(samples=samples(700), events=[event()]), now_us=NOON)
    outbox.write(Work(receipts=[receipt(outbox, (1, 1))]), now_us=NOON)
    epoch, counts = outbox.epoch, outbox.counts
    outbox.close()
    again = OutboxFile(path, Limits())
    assert (again.epoch, again.counts) == (epoch, counts)
    again.write(Work(samples=samples(1)), now_us=NOON)
    assert seqs_in(path, Stream.TELEMETRY) == [2, 3]
    again.close()


def test_receipts_forget_ranges_and_count_what_they_forgot_once(path: Path, outbox: OutboxFile) -> None:
    for start in range(5):
        outbox.write(Work(samples=samples(10, start=start)), now_us=NOON)
    for _ in range(2):
        outbox.write(Work(receipts=[receipt(outbox, (4, 5), (9, 900)), receipt(outbox, (1, 2))]), now_us=NOON)
    assert seqs_in(path, Stream.TELEMETRY) == [3]
    count = outbox.counts[Stream.TELEMETRY]
    assert (count.produced, count.committed, count.queued) == (50, 40, 10)


def test_a_receipt_for_another_epoch_forgets_nothing(path: Path, outbox: OutboxFile) -> None:
    outbox.write(Work(samples=samples(10)), now_us=NOON)
    outbox.write(Work(receipts=[Receipt("another", Stream.TELEMETRY, [(1, 1)])]), now_us=NOON)
    assert seqs_in(path, Stream.TELEMETRY) == [1]


def test_a_full_outbox_drops_the_oldest_telemetry_and_events_last(path: Path) -> None:
    outbox = OutboxFile(path, Limits(max_bytes=2_000))
    outbox.write(Work(events=[event()]), now_us=NOON)
    for start in range(20):
        outbox.write(Work(samples=samples(10, start=start)), now_us=NOON + start)
    kept = seqs_in(path, Stream.TELEMETRY)
    assert kept == list(range(21 - len(kept), 21))
    assert 0 < len(kept) < 20
    assert seqs_in(path, Stream.EVENT) == [1]
    count = outbox.counts[Stream.TELEMETRY]
    assert count.dropped == {"outbox_full": 200 - 10 * len(kept)}
    for _ in range(40):
        outbox.write(Work(events=[event()] * 5), now_us=NOON)
    assert seqs_in(path, Stream.TELEMETRY) == []
    assert outbox.counts[Stream.EVENT].dropped.keys() == {"outbox_full"}
    outbox.close()
    again = OutboxFile(path, Limits(max_bytes=2_000))
    assert again.counts == outbox.counts
    again.close()


def test_what_is_too_old_is_dropped_and_counted(path: Path) -> None:
    outbox = OutboxFile(path, Limits(max_age_s=86_400))
    outbox.write(Work(samples=samples(10), events=[event()]), now_us=NOON)
    outbox.write(Work(samples=samples(5)), now_us=NOON + DAY // 2)
    outbox.write(Work(), now_us=NOON + DAY + 1)
    assert seqs_in(path, Stream.TELEMETRY) == [2]
    assert outbox.counts[Stream.TELEMETRY].dropped == {"too_old": 10}
    assert outbox.counts[Stream.EVENT].dropped == {"too_old": 1}
    outbox.close()


def test_a_wrong_clock_at_the_start_makes_nothing_too_old_until_it_is_known_to_be_right(path: Path) -> None:
    outbox = OutboxFile(path, Limits(max_age_s=86_400))
    outbox.write(Work(samples=samples(10), events=[event()]), now_us=NOON)
    outbox.close()
    again, wrong_us = OutboxFile(path, Limits(max_age_s=86_400)), NOON + 1_000 * DAY
    again.write(Work(samples=samples(3)), now_us=wrong_us)
    assert seqs_in(path, Stream.TELEMETRY) == [1, 2]
    again.write(Work(shift_us=NOON - wrong_us), now_us=NOON + DAY // 2, confirmed=True)
    assert seqs_in(path, Stream.TELEMETRY) == [1, 2]
    assert again.counts[Stream.TELEMETRY].oldest_us == NOON
    again.write(Work(), now_us=NOON + DAY + 1, confirmed=True)
    assert again.counts[Stream.TELEMETRY].dropped == {"too_old": 13}
    again.close()


def test_what_a_clock_that_is_put_right_has_taken_is_as_old_as_it_was(path: Path) -> None:
    outbox = OutboxFile(path, Limits(max_age_s=86_400))
    outbox.write(Work(samples=samples(10)), now_us=0)
    outbox.write(Work(samples=samples(1), shift_us=NOON), now_us=NOON + DAY // 2, confirmed=True)
    assert seqs_in(path, Stream.TELEMETRY) == [1, 2]
    outbox.write(Work(), now_us=NOON + DAY + 1, confirmed=True)
    assert seqs_in(path, Stream.TELEMETRY) == [2]
    outbox.close()


def test_what_the_disk_never_took_is_counted_as_produced_and_dropped(outbox: OutboxFile) -> None:
    outbox.write(Work(refused={Stream.TELEMETRY: {"disk_full": 7}, Stream.EVENT: {"disk_error": 1}}), now_us=NOON)
    count = outbox.counts[Stream.TELEMETRY]
    assert (count.produced, count.queued, count.dropped) == (7, 0, {"disk_full": 7})
    assert outbox.counts[Stream.EVENT].dropped == {"disk_error": 1}


def test_a_power_cut_in_mid_write_costs_nothing_that_was_accepted(path: Path, outbox: OutboxFile) -> None:
    """A power cut leaves what was synced, and of what was being written any part of it, or garbage."""
    wal, chance = path.with_name(path.name + "-wal"), random.Random(7)
    outbox.write(Work(samples=samples(700), events=[event()]), now_us=NOON)
    database, synced, counts = path.read_bytes(), wal.read_bytes(), outbox.counts
    outbox.write(Work(samples=samples(900)), now_us=NOON)
    written = wal.read_bytes()[len(synced) :]
    assert len(written) > 10_000
    for _ in range(60):
        torn = bytearray(written[: chance.randrange(len(written))])
        for place in chance.sample(range(len(torn)), min(len(torn), chance.choice((0, 1, 512)))):
            torn[place] = chance.randrange(256)
        folder = path.with_name("after")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        (folder / path.name).write_bytes(database)
        (folder / wal.name).write_bytes(synced + torn)
        again = OutboxFile(folder / path.name, Limits())
        assert (again.epoch, again.counts) == (outbox.epoch, counts)
        again.close()


def test_space_is_given_back(path: Path, outbox: OutboxFile) -> None:
    for start in range(40):
        outbox.write(Work(samples=samples(5_000, start=start)), now_us=NOON)
    outbox.write(Work(receipts=[receipt(outbox, (1, 10**6))]), now_us=NOON)
    full = path.stat().st_size
    for _ in range(20):
        outbox.compact()
        outbox.write(Work(samples=samples(1)), now_us=NOON)
    outbox.close()
    assert path.stat().st_size < full


def test_a_file_that_is_no_outbox_is_corrupt(path: Path) -> None:
    path.write_bytes(b"this is no database" * 400)
    with pytest.raises(CorruptOutboxError):
        OutboxFile(path, Limits())


def test_a_database_of_something_else_is_no_outbox(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE something (x)")
    db.close()
    with pytest.raises(CorruptOutboxError, match="no such table"):
        OutboxFile(path, Limits())


def spoil(path: Path, statement: str) -> None:
    db = sqlite3.connect(path)
    db.execute(statement)
    db.commit()
    db.close()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM batch",
        "DELETE FROM batch WHERE seq = 2",
        "DELETE FROM batch WHERE seq = 4",
        "UPDATE batch SET samples = 9 WHERE seq = 2",
        "DELETE FROM account",
        "UPDATE account SET produced = 3",
        "UPDATE account SET last_seq = 4",
        "UPDATE outbox SET version = 99",
        "DELETE FROM outbox",
    ],
)
def test_counts_that_do_not_add_up_are_not_trusted(path: Path, outbox: OutboxFile, statement: str) -> None:
    """Batch 1 is forgotten and 2 is left when the account is written; 3 to 5 come later."""
    for _ in range(2):
        outbox.write(Work(samples=samples(10)), now_us=NOON)
    outbox.write(Work(receipts=[receipt(outbox, (1, 1))]), now_us=NOON)
    for _ in range(3):
        outbox.write(Work(samples=samples(10)), now_us=NOON)
    outbox.close()
    spoil(path, statement)
    with pytest.raises(CorruptOutboxError):
        OutboxFile(path, Limits())


def test_nothing_of_a_transaction_that_failed_is_there(path: Path, outbox: OutboxFile) -> None:
    outbox.write(Work(samples=samples(10)), now_us=NOON)
    before = outbox.counts
    with pytest.raises(TypeError):
        outbox.write(Work(samples=samples(3), events=[object()]), now_us=NOON)  # type: ignore[list-item]
    assert outbox.counts == before
    assert seqs_in(path, Stream.TELEMETRY) == [1]
    outbox.write(Work(samples=samples(3)), now_us=NOON)
    assert seqs_in(path, Stream.TELEMETRY) == [1, 2]


steps = st.lists(
    st.one_of(
        st.builds(lambda count: ("samples", count, 0), st.integers(1, 900)),
        st.builds(lambda count: ("events", count, 0), st.integers(1, 30)),
        st.builds(lambda first, width: ("receipt", first, first + width), st.integers(1, 12), st.integers(0, 5)),
        st.builds(lambda hours: ("wait", hours, 0), st.integers(1, 20)),
        st.just(("reopen", 0, 0)),
    ),
    max_size=25,
)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_produced_is_committed_and_queued_and_dropped_whatever_happens(
    tmp_path_factory: pytest.TempPathFactory, plan: list[tuple[str, int, int]]
) -> None:
    path = tmp_path_factory.mktemp("outbox") / "outbox.sqlite3"
    limits = Limits(max_bytes=60_000, max_age_s=86_400)
    outbox, now_us, produced = OutboxFile(path, limits), NOON, 0
    for what, first, last in plan:
        if what == "samples":
            produced += first
            outbox.write(Work(samples=samples(first)), now_us=now_us)
        elif what == "events":
            outbox.write(Work(events=[event()] * first), now_us=now_us)
        elif what == "receipt":
            outbox.write(Work(receipts=[receipt(outbox, (first, last))]), now_us=now_us)
        elif what == "wait":
            now_us += first * DAY // 24
        else:
            counts = outbox.counts
            outbox.close()
            outbox = OutboxFile(path, limits)
            assert outbox.counts == counts
    count = outbox.counts[Stream.TELEMETRY]
    assert count.produced == produced == count.committed + count.queued + sum(count.dropped.values())
    assert sum(one.queued_bytes for one in outbox.counts.values()) <= limits.max_bytes
    outbox.close()
