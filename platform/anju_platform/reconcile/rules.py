"""What a balance means: nothing is called a loss that may just be on its way. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from anju_contracts.clock import Clock
from anju_platform.reconcile.models import Balance, Fault, FaultCode, Presence, SeqRange

OVERDUE_S: Final = 150.0
"""Real seconds without an account, which is sent every 60."""
DROPS_ARE_NEWS_S: Final = 3600.0
"""Real seconds for which drops stay a fault; the count of them stays for ever."""
SHOWN_RANGES: Final = 20
_EXPECTED_TO_ACCOUNT: Final = ("online", "lost")
"""A gateway that said goodbye owes no account."""


def faults_of(balance: Balance, gaps: Sequence[SeqRange], *, now: datetime, clock: Clock) -> list[Fault]:
    """What is wrong with one stream of one outbox; `gaps` are the seqs up to `last_seq` that the ledger lacks."""
    found = [_seq_went_back(balance), _lost(balance, gaps), _stored_twice(balance), _left_behind(balance, gaps)]
    found.append(_dropped(balance, now=now, clock=clock))
    return [fault for fault in found if fault is not None]


def overdue(presence: Presence, *, now: datetime, clock: Clock) -> Fault | None:
    """The fault of a gateway that should have told its account by now."""
    if presence.heard_at is None or presence.state not in _EXPECTED_TO_ACCOUNT:
        return None
    silent_s = _real_s(clock, now - presence.heard_at)
    if silent_s <= OVERDUE_S:
        return None
    return Fault(presence.community, presence.gateway, FaultCode.ACCOUNT_OVERDUE, round(silent_s))


def merged(ranges: Sequence[SeqRange]) -> list[SeqRange]:
    """`ranges` in order, with those that touch made one."""
    result: list[SeqRange] = []
    for first, last in sorted(ranges):
        if result and first <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(last, result[-1][1]))
        else:
            result.append((first, last))
    return result


def unaccounted(balance: Balance, gaps: Sequence[SeqRange]) -> list[SeqRange]:
    """The gaps that nothing explains: their batches have left the outbox, and it dropped no batch."""
    if balance.drops_have_gaps:
        return []
    settled = balance.last_seq if not balance.queued else (balance.first_queued or 1) - 1
    return [(first, min(last, settled)) for first, last in gaps if first <= settled]


def _lost(balance: Balance, gaps: Sequence[SeqRange]) -> Fault | None:
    """Either the counts say so, or a gap below everything that is still queued."""
    certain = unaccounted(balance, gaps)
    batches = sum(last - first + 1 for first, last in certain)
    if not (batches or balance.lost_samples) or _is_back(balance):
        return None
    named = certain or ([] if balance.queued and balance.first_queued is None else _below(gaps, balance.first_queued))
    detail = {"batches": batches, "ranges": [list(one) for one in named[:SHOWN_RANGES]]}
    return _fault(balance, FaultCode.LOST, max(balance.lost_samples, batches), detail)


def _below(gaps: Sequence[SeqRange], first_queued: int | None) -> list[SeqRange]:
    if first_queued is None:
        return list(gaps)
    return [(first, min(last, first_queued - 1)) for first, last in gaps if first < first_queued]


def _stored_twice(balance: Balance) -> Fault | None:
    surplus = balance.stored_samples - balance.produced
    return _fault(balance, FaultCode.STORED_TWICE, surplus) if surplus > 0 and not _is_back(balance) else None


def _left_behind(balance: Balance, gaps: Sequence[SeqRange]) -> Fault | None:
    left = balance.produced - balance.dropped_samples - balance.stored_samples - balance.lost_samples
    if balance.current or left <= 0:
        return None
    detail = {"batches": balance.missing_batches, "ranges": [list(one) for one in gaps[:SHOWN_RANGES]]}
    return _fault(balance, FaultCode.LEFT_BEHIND, left, detail)


def _seq_went_back(balance: Balance) -> Fault | None:
    if not _is_back(balance):
        return None
    again = balance.highest_seq - balance.last_seq
    return _fault(balance, FaultCode.SEQ_WENT_BACK, again, {"last": balance.last_seq, "highest": balance.highest_seq})


def _is_back(balance: Balance) -> bool:
    return balance.current and balance.last_seq < balance.highest_seq


def _dropped(balance: Balance, *, now: datetime, clock: Clock) -> Fault | None:
    if balance.dropped_at is None or _real_s(clock, now - balance.dropped_at) > DROPS_ARE_NEWS_S:
        return None
    return _fault(balance, FaultCode.DROPPED, balance.dropped_samples, {"reasons": balance.dropped})


def _fault(balance: Balance, code: FaultCode, amount: float, detail: dict[str, object] | None = None) -> Fault:
    return Fault(balance.community, balance.gateway, code, amount, balance.epoch, balance.stream, detail or {})


def _real_s(clock: Clock, span: timedelta) -> float:
    return clock.real_s(span.total_seconds())
