import pytest

from anju_contracts.envelope import Stream
from anju_contracts.event import Event, EventState
from anju_contracts.quality import Quality
from anju_contracts.receipt import Receipt
from anju_edge_agent.samples import Sample, moment_of
from anju_gateway.errors import OutboxError
from anju_gateway.waiting import MOST_HELD, Entry, Waiting, check

NOON = 1_767_268_800_000_000


def samples(count: int) -> list[Sample]:
    return [Sample("em-001", "power_w", NOON + number, 1.0) for number in range(count)]


def events(count: int) -> list[Event]:
    return [Event("lift-01", f"lift.c{number}", moment_of(NOON), EventState.RAISE) for number in range(count)]


def test_who_gives_up_loses_samples_by_number_and_no_event() -> None:
    entry = Entry(samples(3), events(2))
    some = Waiting([entry, Entry(samples(1), [])])
    some.refuse(entry, "disk_full")
    work = some.work()
    assert (len(work.samples), [event.code for event in work.events]) == (1, ["lift.c0", "lift.c1"])
    assert work.refused == {Stream.TELEMETRY: {"disk_full": 3}}


def test_held_events_are_bounded_and_the_oldest_go_first_and_counted() -> None:
    some = Waiting()
    for _ in range(3):
        some.entries.append(Entry([], events(MOST_HELD // 2)))
        some.refuse(some.entries[0], "disk_read_only")
    assert len(some.held) == MOST_HELD
    assert some.drops() == {Stream.EVENT: {"disk_read_only": MOST_HELD // 2}}


def test_what_failed_comes_before_what_came_meanwhile() -> None:
    receipt = Receipt("e1", Stream.EVENT, [(1, 1)])
    failed = Waiting([Entry(samples(1), events(1))], [receipt], shift_us=5)
    failed.refused[Stream.TELEMETRY]["disk_full"] = 2
    later = Waiting([Entry(samples(2), [])], [], shift_us=7)
    later.refused[Stream.TELEMETRY]["disk_full"] = 1
    both = failed.before(later)
    assert [len(entry.samples) for entry in both.entries] == [1, 2]
    assert (both.receipts, both.shift_us) == ([receipt], 12)
    assert both.drops() == {Stream.TELEMETRY: {"disk_full": 3}}


def test_who_waits_is_told_once_what_became_of_it_is_known() -> None:
    kept, lost = Entry(samples(1), []), Entry(samples(1), [])
    assert not kept.wait(0)
    kept.settle()
    lost.settle(OutboxError("disk full"))
    assert kept.wait()
    with pytest.raises(OutboxError, match="disk full"):
        lost.wait(0)


@pytest.mark.parametrize("value", [0.0, -1.5e300, 850, 2**53 - 1])
def test_any_number_that_is_exact_as_a_float_can_be_written(value: float) -> None:
    check([Sample("em-001", "power_w", NOON, value, Quality.UNCERTAIN)], events(1))


def test_nothing_waits_where_nothing_came() -> None:
    assert not Waiting()
    assert Waiting(shift_us=1)
    some = Waiting()
    some.refused[Stream.EVENT]["disk_full"] = 1
    assert some
