import random
import resource
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from anju_contracts.codes import Severity
from anju_contracts.envelope import MAX_SEQ, Stream
from anju_contracts.event import Event, EventState, decode_events
from anju_contracts.senml import decode_pack
from anju_edge_agent.samples import Sample, moment_of
from anju_gateway.errors import CorruptOutboxError
from anju_gateway.outbox_file import Limits, OutboxFile, Work
from anju_gateway.outbox_reader import OutboxReader
from anju_gateway.renewal import finish_renewal, renew
from anju_gateway.salvage import salvaged

NOON = 1_767_268_800_000_000
NOW = datetime(2026, 3, 1, tzinfo=UTC)
BATCHES = 60
PAGE = 4_096


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """60 batches of telemetry, each of some pages, and one of an event whose text looks like an envelope."""
    path = tmp_path / "outbox.sqlite3"
    outbox = OutboxFile(path, Limits())
    for number in range(BATCHES):
        many = [Sample("em-001", "power_w", NOON + number, number + 0.5)] * 300
        outbox.write(Work(samples=many), now_us=NOON + number)
    text = '{"epoch":"e9","seq":9}'
    tilt = Event("lift-01", "lift.tilt", moment_of(NOON), EventState.RAISE, Severity.MAJOR, text=text)
    outbox.write(Work(events=[tilt]), now_us=NOON)
    outbox.close()
    return path


def spoil(path: Path, pages: range) -> None:
    with path.open("r+b") as file:
        file.seek(pages.start * PAGE)
        file.write(b"\xff" * PAGE * len(pages))


def numbers_in(path: Path) -> list[int]:
    reader = OutboxReader(path, on_corrupt=lambda _reason: None)
    batches = reader.read(Stream.TELEMETRY, after=0, up_to=MAX_SEQ, most=1_000) or []
    reader.close()
    return [int(decode_pack(batch.message(historical=False), now=NOW).values[0]) for batch in batches]


def test_a_file_with_a_broken_part_gives_up_that_part_only(path: Path) -> None:
    spoil(path, range(40, 44))
    with pytest.raises(CorruptOutboxError):
        OutboxFile(path, Limits())
    renewed = renew(path, Limits(), now=NOW)
    found = numbers_in(path)
    assert found == sorted(set(found))
    assert BATCHES - 10 <= len(found) < BATCHES
    assert renewed.carried == len(found) * 300 + 1
    count = renewed.file.counts[Stream.TELEMETRY]
    assert (count.produced, count.queued, count.last_seq) == (len(found) * 300, len(found) * 300, len(found))
    assert count.oldest_us == NOON + found[0]
    renewed.file.close()
    again = OutboxFile(path, Limits())
    assert again.counts == renewed.file.counts
    again.close()


def test_what_is_carried_over_has_numbers_of_the_new_epoch_and_says_the_same(path: Path) -> None:
    sqlite = sqlite3.connect(path)
    sqlite.execute("UPDATE account SET produced = 1")
    sqlite.commit()
    sqlite.close()
    renewed = renew(path, Limits(), now=NOW)
    assert numbers_in(path) == list(range(BATCHES))
    (one,) = OutboxReader(path, lambda _reason: None).read(Stream.EVENT, after=0, up_to=MAX_SEQ, most=9) or []
    batch = decode_events(one.message(historical=False))
    assert batch.envelope is not None
    assert (batch.envelope.epoch, batch.envelope.seq) == (renewed.file.epoch, 1)
    assert batch.events[0].text == '{"epoch":"e9","seq":9}'
    renewed.file.close()


def test_wherever_a_file_breaks_the_rest_is_read_or_nothing_and_it_ends(path: Path) -> None:
    chance, pages, whole = random.Random(3), path.stat().st_size // PAGE, path.read_bytes()
    found = []
    for _ in range(25):
        broken = path.with_name("broken")
        broken.write_bytes(whole)
        spoil(broken, range(chance.randrange(pages), chance.randrange(pages) + 1) or range(1))
        found.append(sum(len(one.kept.items) for one in salvaged(broken)))
    assert max(found) > 40 * 300


@pytest.mark.parametrize("content", [b"", b"no database at all" * 500])
def test_of_what_is_no_outbox_nothing_can_be_read(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    assert list(salvaged(tmp_path / "x")) == []


def test_rows_that_are_no_batches_are_passed_over(path: Path) -> None:
    sqlite = sqlite3.connect(path)
    sqlite.execute("INSERT INTO batch VALUES ('news', 1, 1, 1, 1, x'00'), ('event', 7, 1, 1, 1, '[]')")
    sqlite.commit()
    sqlite.close()
    assert sum(len(one.kept.items) for one in salvaged(path)) == BATCHES * 300 + 1


@pytest.mark.parametrize("most_bytes", [1_024, 200_000])
def test_where_no_new_file_can_be_made_the_broken_one_stays_and_is_carried_over_later(
    path: Path, tmp_path: Path, most_bytes: int
) -> None:
    spoil(path, range(40, 44))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, hard))
    try:
        for _ in range(2):
            with pytest.raises((sqlite3.OperationalError, OSError)):
                renew(path, Limits(), now=NOW)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    again = renew(path, Limits(), now=NOW)
    again.file.close()
    assert again.carried >= (BATCHES - 10) * 300
    assert again.kept is not None
    assert again.kept.exists()


def test_a_renewal_that_was_cut_off_is_begun_anew_or_ended(path: Path) -> None:
    new, wal = path.with_name(path.name + ".new"), path.with_name(path.name + "-wal")
    new.write_bytes(b"half a file")
    finish_renewal(path)
    renewed = renew(path, Limits(), now=NOW)
    renewed.file.close()
    assert numbers_in(path) == list(range(BATCHES))
    path.rename(new)
    wal.write_bytes(b"the log of the old file")
    finish_renewal(path)
    again = OutboxFile(path, Limits())
    assert again.epoch == renewed.file.epoch
    again.close()
    assert numbers_in(path) == list(range(BATCHES))
    assert not new.exists()


def test_a_file_that_cannot_be_opened_now_is_not_called_empty(tmp_path: Path) -> None:
    reader = OutboxReader(tmp_path / "unplugged" / "outbox.sqlite3", on_corrupt=lambda _reason: None)
    assert reader.read(Stream.EVENT, after=0, up_to=MAX_SEQ, most=9) is None
    assert reader.last_before(Stream.EVENT, NOON) == 0
