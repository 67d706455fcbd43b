"""What a balance means, and what is no loss yet."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anju_contracts.clock import RealClock
from anju_contracts.envelope import Stream
from anju_platform.reconcile.models import Balance, FaultCode, Presence
from anju_platform.reconcile.rules import faults_of, merged, overdue, unaccounted
from anju_platform.reconcile.views import FAULT_LABELS
from anju_platform.web.language import catalogue

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
EVEN = Balance(
    "jinxiu", "gw-1", "e1", "telemetry", 100, 100, 0, {}, None, 10, 10, None, NOON, 10, 100, True, 100, 10, True
)


def codes(balance: Balance, *gaps: tuple[int, int]) -> list[FaultCode]:
    return [fault.code for fault in faults_of(balance, gaps, now=NOON, clock=RealClock())]


def test_what_the_gateway_committed_and_the_platform_lacks_is_lost_even_where_drops_hide_which() -> None:
    short = replace(
        EVEN,
        produced=120,
        dropped={"too_old": 20},
        last_seq=12,
        counted_last_seq=12,
        stored_batches=9,
        stored_samples=90,
    )
    (fault,) = faults_of(short, [(3, 3), (11, 12)], now=NOON, clock=RealClock())
    assert (fault.code, fault.amount) == (FaultCode.LOST, 10)
    assert fault.detail == {"batches": 0, "ranges": [[3, 3], [11, 12]]}


def test_a_gateway_that_does_not_say_what_is_first_in_its_queue_is_judged_by_counts_alone() -> None:
    queued = replace(EVEN, committed=80, counted_committed=80, queued=20, stored_batches=9, stored_samples=90)
    assert codes(queued, (3, 3)) == []
    assert codes(replace(queued, stored_samples=70), (3, 3)) == [FaultCode.LOST]


def test_gaps_below_the_queue_are_lost_and_those_in_it_are_not() -> None:
    queued = replace(
        EVEN, committed=70, counted_committed=70, queued=30, first_queued=8, stored_batches=8, stored_samples=80
    )
    assert unaccounted(queued, [(3, 3), (7, 9)]) == [(3, 3), (7, 7)]


def test_an_old_outbox_whose_seq_is_lower_than_once_is_only_judged_while_it_is_in_use() -> None:
    back = replace(EVEN, last_seq=10, highest_seq=15, stored_samples=150)
    assert codes(back) == [FaultCode.SEQ_WENT_BACK]
    assert codes(replace(back, current=False)) == [FaultCode.STORED_TWICE]


def test_what_the_disk_did_not_take_explains_no_gap() -> None:
    short = replace(EVEN, produced=120, dropped={"disk_full": 20}, stored_batches=9, stored_samples=100)
    assert codes(short, (3, 3)) == [FaultCode.LOST]
    assert codes(replace(short, dropped={"outbox_full": 20}), (3, 3)) == []


def test_drops_of_the_last_hour_are_a_fault() -> None:
    dropped = replace(EVEN, produced=120, dropped={"disk_full": 20}, dropped_at=NOON - timedelta(minutes=59))
    assert codes(dropped) == [FaultCode.DROPPED]
    assert codes(replace(dropped, dropped_at=NOON - timedelta(minutes=61))) == []


@pytest.mark.parametrize(
    ("state", "silent_s", "is_named"),
    [
        ("online", 151, True),
        ("online", 149, False),
        ("lost", 151, True),
        ("offline", 10_000, False),
        ("unknown", 10_000, False),
    ],
)
def test_only_who_owes_an_account_is_overdue(state: str, silent_s: int, *, is_named: bool) -> None:
    presence = Presence("jinxiu", "gw-1", state, NOON - timedelta(seconds=silent_s))
    assert (overdue(presence, now=NOON, clock=RealClock()) is not None) is is_named
    assert overdue(replace(presence, heard_at=None), now=NOON, clock=RealClock()) is None


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 9)).map(lambda pair: (pair[0], sum(pair)))))
def test_merged_ranges_hold_the_same_numbers_and_never_touch(ranges: list[tuple[int, int]]) -> None:
    found = merged(ranges)
    numbers = [number for first, last in found for number in range(first, last + 1)]
    assert numbers == sorted({number for first, last in ranges for number in range(first, last + 1)})
    assert all(left[1] + 1 < right[0] for left, right in itertools.pairwise(found))


def test_every_fault_and_stream_has_its_words() -> None:
    assert set(FAULT_LABELS) == set(FaultCode)
    wanted = [f"fault.{code}" for code in FaultCode] + [f"stream.{stream}" for stream in Stream]
    assert [key for key in wanted if key not in catalogue()] == []
