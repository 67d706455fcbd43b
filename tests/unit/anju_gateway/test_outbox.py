import resource
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from eventual import eventually

from anju_contracts.clock import RealClock
from anju_contracts.codes import Severity
from anju_contracts.envelope import MAX_SEQ, Stream
from anju_contracts.event import Event, EventState
from anju_contracts.receipt import Receipt
from anju_contracts.senml import decode_pack
from anju_edge_agent.samples import Sample, moment_of, us_of
from anju_gateway.errors import OutboxError
from anju_gateway.outbox import Outbox
from anju_gateway.outbox_file import Limits, OutboxFile

NOON = 1_767_268_800_000_000
CLOCK = RealClock()

Open = Callable[[], Outbox]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.sqlite3"


@pytest.fixture
def opened(path: Path) -> Iterator[Open]:
    """Opens the outbox; what is open at the end is closed."""
    made: list[Outbox] = []

    def open_it() -> Outbox:
        made.append(Outbox(path, Limits(), CLOCK))
        return made[-1]

    yield open_it
    for outbox in made:
        outbox.close()


def sample(number: int) -> Sample:
    return Sample("em-001", "power_w", NOON + number, float(number))


def event(code: str, state: EventState) -> Event:
    return Event("lift-01", code, moment_of(NOON), state, Severity.MINOR)


def values_in(outbox: Outbox) -> list[float]:
    batches = outbox.read(Stream.TELEMETRY, after=0, up_to=MAX_SEQ, most=10_000) or []
    return [
        value for batch in batches for value in decode_pack(batch.message(historical=False), now=CLOCK.now()).values
    ]


def test_what_a_call_returned_from_is_there_after_a_restart(opened: Open) -> None:
    outbox = opened()
    outbox([sample(1), sample(2)], [])
    outbox.close()
    again = opened()
    assert values_in(again) == [1.0, 2.0]
    assert again.epoch == outbox.epoch


def test_many_agents_hand_over_at_once_and_share_commits(opened: Open) -> None:
    outbox = opened()
    with ThreadPoolExecutor(16) as pool:
        for number in range(400):
            pool.submit(outbox, [sample(number)], [])
    assert sorted(values_in(outbox)) == [float(number) for number in range(400)]
    assert outbox.counts()[Stream.TELEMETRY].last_seq < 400
    assert outbox.counts()[Stream.TELEMETRY].produced == 400


def test_a_receipt_empties_it_and_says_so(path: Path) -> None:
    changed = threading.Event()
    outbox = Outbox(path, Limits(), CLOCK, on_change=changed.set)
    outbox([sample(1)], [])
    assert changed.wait(5)
    changed.clear()
    outbox.receive(Receipt(outbox.epoch, Stream.TELEMETRY, [(1, 1)]))
    assert changed.wait(5)
    assert values_in(outbox) == []
    assert outbox.counts()[Stream.TELEMETRY].committed == 1
    outbox.close()


def test_alarms_that_are_raised_are_known_after_a_restart(opened: Open) -> None:
    outbox = opened()
    raised, cleared = EventState.RAISE, EventState.CLEAR
    outbox(
        [], [event("lift.tilt", raised), event("lift.overspeed", raised), event("door.tamper", EventState.MOMENTARY)]
    )
    outbox([], [event("lift.overspeed", cleared)])
    outbox.close()
    assert opened().raised() == {"lift-01": {"lift.tilt"}}


def test_what_was_taken_before_a_moment_can_be_told(opened: Open) -> None:
    outbox = opened()
    outbox([sample(1)], [])
    outbox([sample(2)], [])
    assert outbox.last_before(Stream.TELEMETRY, us_of(CLOCK.now()) + 1) == 2
    assert outbox.last_before(Stream.TELEMETRY, NOON) == 0


def test_a_closed_outbox_refuses_and_closing_twice_is_fine(opened: Open) -> None:
    outbox = opened()
    outbox.close()
    with pytest.raises(OutboxError):
        outbox([sample(1)], [])


def test_what_cannot_be_encoded_is_refused_and_stops_nothing(opened: Open) -> None:
    outbox = opened()
    with pytest.raises(OutboxError):
        outbox([], [object()])  # type: ignore[list-item]
    outbox([sample(1)], [])
    assert values_in(outbox) == [1.0]


def test_a_corrupt_file_is_set_aside_with_a_new_epoch(path: Path, opened: Open) -> None:
    outbox = opened()
    outbox([sample(1)], [])
    outbox.close()
    spoiled = bytearray(path.read_bytes())
    spoiled[20:4_000] = b"\xff" * 3_980
    path.write_bytes(spoiled)
    again = opened()
    assert again.epoch != outbox.epoch
    assert again.set_aside is not None
    assert again.set_aside.read_bytes() == bytes(spoiled)
    again([sample(2)], [])
    assert values_in(again) == [2.0]


def test_a_file_that_breaks_while_it_is_in_use_is_replaced_as_soon_as_it_shows(path: Path, opened: Open) -> None:
    outbox = opened()
    outbox([sample(1)], [])
    epoch = outbox.epoch
    for suffix in ("", "-wal"):
        file = path.with_name(path.name + suffix)
        file.write_bytes(b"\xff" * max(file.stat().st_size, 8_192))
    values_in(outbox)
    outbox([sample(2)], [])
    assert outbox.epoch != epoch
    assert values_in(outbox) == [2.0]
    assert outbox.set_aside is not None


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process can grow beyond 4 KiB, which SQLite takes for an error of the disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def wait_for_trouble(outbox: Outbox) -> str | None:
    until_s = time.monotonic() + 10
    while outbox.trouble is None and time.monotonic() < until_s:
        time.sleep(0.01)
    return outbox.trouble


def test_while_the_disk_is_full_agents_wait_and_then_everything_is_there(opened: Open) -> None:
    outbox = opened()
    outbox([sample(1)], [])
    with ThreadPoolExecutor(2) as pool:
        with full_disk():
            waiting = [pool.submit(outbox, [sample(number)] * 2_000, []) for number in (2, 3)]
            assert wait_for_trouble(outbox)
            assert not any(call.done() for call in waiting)
        for call in waiting:
            call.result(20)
    assert outbox.trouble is None
    assert sorted(set(values_in(outbox))) == [1.0, 2.0, 3.0]
    assert outbox.counts()[Stream.TELEMETRY].produced == 4_001


def test_what_a_full_disk_never_took_is_refused_at_the_end(opened: Open) -> None:
    outbox = opened()
    outbox([sample(1)], [])
    with ThreadPoolExecutor(1) as pool:
        with full_disk():
            waiting = pool.submit(outbox, [sample(2)] * 2_000, [])
            assert wait_for_trouble(outbox)
            outbox.close()
        with pytest.raises(OutboxError):
            waiting.result(20)
    assert values_in(opened()) == [1.0]


def test_agents_that_ask_go_on_when_the_disk_takes_nothing_for_long_and_every_drop_is_counted(path: Path) -> None:
    outbox = Outbox(path, Limits(patience_s=0.2), CLOCK)
    outbox([sample(1)], [])
    with full_disk():
        outbox.polled([sample(2)] * 2_000, [event("lift.tilt", EventState.RAISE)])
        outbox.polled([sample(3)] * 2_000, [])
        assert [fault.code for fault in outbox.faults()] == ["gateway.outbox_stuck"]
        count = outbox.counts()[Stream.TELEMETRY]
        assert (count.produced, count.dropped) == (4_001, {"disk_error": 4_000})
    assert eventually(lambda: outbox.counts()[Stream.EVENT].queued)
    assert (outbox.trouble, outbox.faults(), values_in(outbox)) == (None, [], [1.0])
    assert outbox.raised() == {"lift-01": {"lift.tilt"}}
    outbox.close()
    again = OutboxFile(path, Limits())
    count = again.counts[Stream.TELEMETRY]
    assert (count.produced, count.queued, count.dropped) == (4_001, 1, {"disk_error": 4_000})
    again.close()


def test_agents_that_ask_are_told_too_what_was_never_written(path: Path) -> None:
    outbox = Outbox(path, Limits(), CLOCK)
    outbox.polled([sample(1)], [])
    with ThreadPoolExecutor(1) as pool:
        with full_disk():
            waiting = pool.submit(outbox.polled, [sample(2)] * 2_000, [])
            assert wait_for_trouble(outbox)
            outbox.close()
        with pytest.raises(OutboxError):
            waiting.result(20)


def test_what_nobody_can_write_is_refused_to_who_handed_it_over_and_to_nobody_else(opened: Open) -> None:
    outbox = opened()
    for bad in (float("nan"), float("inf"), float("-inf"), "12", True, 10**400, 10**30, 2**53, -(2**53), None):
        with pytest.raises(OutboxError):
            outbox([sample(1)._replace(value=bad)], [])  # type: ignore[arg-type]
    for wrong in (
        {"at_us": "noon"},
        {"at_us": 1.5},
        {"at_us": 2**63},
        {"asset": 7},
        {"asset": b"em-001"},
        {"point": None},
        {"quality": 0.5},
    ):
        with pytest.raises(OutboxError):
            outbox([sample(1), sample(1)._replace(**wrong)], [])  # type: ignore[arg-type]
    outbox([sample(2)], [])
    assert values_in(outbox) == [2.0]


def test_a_file_that_breaks_in_use_takes_no_alarm_with_it_and_is_told_as_a_fault(path: Path, opened: Open) -> None:
    outbox = opened()
    outbox([sample(1)], [event("lift.tilt", EventState.RAISE)])
    for _ in range(2):
        epoch = outbox.epoch
        for suffix in ("", "-wal"):
            file = path.with_name(path.name + suffix)
            file.write_bytes(b"\xff" * max(file.stat().st_size, 8_192))
        values_in(outbox)
        assert eventually(lambda before=epoch: outbox.epoch != before)
        (fault,) = outbox.faults()
        assert fault.code == "gateway.outbox_corrupt"
        assert f"epoch {epoch}" in str(fault.text)
    outbox.close()
    assert opened().raised() == {"lift-01": {"lift.tilt"}}
    assert outbox.set_aside is not None
    kept = {file.name for file in path.parent.glob("*.corrupt-*") if not file.name.endswith(("-wal", "-shm"))}
    assert kept == {outbox.set_aside.name}


def test_an_outbox_that_cannot_be_made_says_where(tmp_path: Path) -> None:
    with pytest.raises(OutboxError, match=r"missing/outbox\.sqlite3: unable to open"):
        Outbox(tmp_path / "missing" / "outbox.sqlite3", Limits(), CLOCK)


def test_batches_wait_their_whole_life_for_a_receipt_and_no_longer(path: Path) -> None:
    outbox = Outbox(path, Limits(max_age_s=0.05), CLOCK)
    outbox([sample(1)], [])
    time.sleep(0.1)
    outbox([], [event("lift.tilt", EventState.RAISE)])
    assert values_in(outbox) == []
    assert outbox.counts()[Stream.TELEMETRY].dropped == {"too_old": 1}
    outbox.close()
