"""What a gateway dropped while its disk was full is counted, even when it was killed before it could count."""

import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from anju_contracts.clock import RealClock
from anju_contracts.envelope import Stream
from anju_edge_agent.samples import Sample
from anju_gateway.drop_notes import ROOM_BYTES, DropNotes
from anju_gateway.outbox import NOTES_FILE, Outbox
from anju_gateway.outbox_file import Counts, Limits

CLOCK = RealClock()
NONE = {stream: Counts() for stream in Stream}


def counts(**telemetry: int) -> dict[Stream, Counts]:
    return {Stream.TELEMETRY: Counts(dropped=telemetry), Stream.EVENT: Counts()}


@contextmanager
def files_may_grow_to(most_bytes: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def samples(count: int) -> list[Sample]:
    return [Sample("em-001", "power_w", 1_767_268_800_000_000 + number, 1.0) for number in range(count)]


def killed(folder: Path, copy: Path) -> Path:
    """The outbox as a gateway that is killed right now leaves it."""
    unlimited = 'ulimit -S -f unlimited && cp -r "$0" "$1"'
    subprocess.run(["sh", "-c", unlimited, str(folder), str(copy)], check=True)
    return copy / "outbox.sqlite3"


def test_drops_of_a_full_disk_are_counted_by_the_gateway_that_comes_after_a_kill(tmp_path: Path) -> None:
    folder = tmp_path / "gateway"
    folder.mkdir()
    outbox = Outbox(folder / "outbox.sqlite3", Limits(patience_s=0.0), CLOCK)
    outbox(samples(1), [])
    with files_may_grow_to(ROOM_BYTES):
        outbox.polled(samples(2_000), [])
        outbox.polled(samples(500), [])
        path = killed(folder, tmp_path / "left")
    outbox.close()
    for _ in range(2):
        again = Outbox(path, Limits(), CLOCK)
        count = again.counts()[Stream.TELEMETRY]
        assert (count.produced, count.queued, count.dropped) == (2_501, 1, {"disk_error": 2_500})
        again.close()


def test_what_was_counted_after_all_is_not_counted_again(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite3"
    outbox = Outbox(path, Limits(patience_s=0.0), CLOCK)
    with files_may_grow_to(ROOM_BYTES):
        outbox.polled(samples(2_000), [])
    outbox(samples(1), [])
    outbox.close()
    again = Outbox(path, Limits(), CLOCK)
    assert again.counts()[Stream.TELEMETRY].dropped == {"disk_error": 2_000}
    again.close()


def test_only_what_exceeds_the_counts_of_the_same_epoch_is_uncounted(tmp_path: Path) -> None:
    notes = DropNotes(tmp_path / "drops")
    notes.note("e1", counts(disk_full=7, outbox_full=3))
    assert notes.uncounted("e1", counts(disk_full=5, outbox_full=4))[Stream.TELEMETRY] == {"disk_full": 2}
    assert notes.uncounted("e2", NONE)[Stream.TELEMETRY] == {}


def test_notes_take_no_room_beyond_what_was_taken_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "drops"
    notes = DropNotes(path)
    assert path.stat().st_size == ROOM_BYTES
    for number in (1, 10_000_000, 2):
        notes.note("e1", counts(disk_full=number))
        assert path.stat().st_size == ROOM_BYTES
        assert notes.uncounted("e1", NONE)[Stream.TELEMETRY] == {"disk_full": number}
    assert DropNotes(path).uncounted("e1", NONE)[Stream.TELEMETRY] == {"disk_full": 2}


@pytest.mark.parametrize("content", [b"", b"{", b"\xff" * ROOM_BYTES, b'{"epoch":"e1"}'])
def test_notes_that_say_nothing_are_as_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "drops"
    path.write_bytes(content)
    assert DropNotes(path).uncounted("e1", NONE)[Stream.TELEMETRY] == {}


def test_a_disk_that_can_not_even_be_written_over_stops_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / NOTES_FILE).mkdir()
    notes = DropNotes(tmp_path / NOTES_FILE / "missing" / "drops")
    notes.note("e1", counts(disk_full=1))
    assert "can't be noted" in caplog.text
    assert notes.uncounted("e1", NONE)[Stream.TELEMETRY] == {}
