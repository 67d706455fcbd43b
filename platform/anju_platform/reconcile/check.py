"""The reconciliation: count what the ledger has, hold the accounts against it, and keep the list of faults true."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.rows import class_row, scalar_row
from psycopg.types.json import Jsonb

from anju_contracts.clock import Clock
from anju_platform.reconcile.models import Balance, Fault, FaultCode, Presence, SeqRange
from anju_platform.reconcile.rules import faults_of, merged, overdue
from anju_platform.storage.notify import notify
from anju_platform.storage.queries import load_queries

QUERIES = load_queries("anju_platform.reconcile")
EVERY_S: Final = 15.0
"""Real seconds between two reconciliations."""
RECOUNT_S: Final = 30.0
"""Real seconds after which a stream is counted again though it lacks nothing and told no new account."""
_STEADY: Final = (FaultCode.ACCOUNT_OVERDUE,)
"""Grows with every look at it; that alone is no news."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Open:
    """A fault as the database has it."""

    id: int
    community: str
    gateway: str
    code: str
    epoch: str
    stream: str
    amount: float
    detail: dict[str, Any]

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        return self.community, self.gateway, self.code, self.epoch, self.stream

    @property
    def stream_key(self) -> tuple[str, str, str, str]:
        return self.community, self.gateway, self.epoch, self.stream


@dataclass(frozen=True, slots=True)
class Changes:
    """What one reconciliation found new, and what it found over."""

    raised: tuple[Fault, ...] = ()
    cleared: int = 0


def reconcile(conn: psycopg.Connection, *, now: datetime, clock: Clock, every_s: float = RECOUNT_S) -> Changes:
    """Nothing when another worker is at it. Streams counted less than `every_s` ago are not counted again, unless
    something is missing of them or a new account came. `conn` must be in autocommit mode: accounts that come in wait
    for the count's end only, not for what follows from it."""
    with conn.cursor(row_factory=scalar_row) as cur:
        if not cur.execute(QUERIES["try_reconcile_lock"]).fetchone():
            return Changes()
    try:
        conn.execute(QUERIES["recount"], {"every_s": every_s})
        with conn.transaction():
            return _judge(conn, now=now, clock=clock)
    finally:
        if not conn.closed:
            conn.execute(QUERIES["release_reconcile_lock"])


def _judge(conn: psycopg.Connection, *, now: datetime, clock: Clock) -> Changes:
    balances = read_balances(conn)
    faults = [fault for one in balances if one.is_counted for fault in _faults_of(conn, one, now=now, clock=clock)]
    faults += _overdue(conn, now=now, clock=clock)
    undecided = {(one.community, one.gateway, one.epoch, one.stream) for one in balances if not one.is_counted}
    return _settle(conn, {fault.key: fault for fault in faults}, undecided, now=now)


def read_balances(conn: psycopg.Connection, community: str | None = None, gateway: str | None = None) -> list[Balance]:
    """By gateway, the outbox in use first."""
    with conn.cursor(row_factory=class_row(Balance)) as cur:
        return cur.execute(QUERIES["balances"], {"community": community, "gateway": gateway}).fetchall()


def read_gaps(conn: psycopg.Connection, balance: Balance) -> list[SeqRange]:
    """The seqs up to the account's last that the ledger doesn't have; none where nothing is missing."""
    if not balance.missing_batches:
        return []
    key = {
        "community": balance.community,
        "gateway": balance.gateway,
        "epoch": balance.epoch,
        "stream": balance.stream,
        "last_seq": balance.last_seq,
    }
    return merged([(row[0], row[1]) for row in conn.execute(QUERIES["gaps"], key)])


def _faults_of(conn: psycopg.Connection, balance: Balance, *, now: datetime, clock: Clock) -> list[Fault]:
    return faults_of(balance, read_gaps(conn, balance), now=now, clock=clock)


def _overdue(conn: psycopg.Connection, *, now: datetime, clock: Clock) -> list[Fault]:
    with conn.cursor(row_factory=class_row(Presence)) as cur:
        presences = cur.execute(QUERIES["presences"]).fetchall()
    found = (overdue(presence, now=now, clock=clock) for presence in presences)
    return [fault for fault in found if fault is not None]


def _settle(
    conn: psycopg.Connection,
    faults: dict[tuple[str, str, str, str, str], Fault],
    undecided: set[tuple[str, str, str, str]],
    *,
    now: datetime,
) -> Changes:
    """Faults of `undecided` streams stay as they are."""
    with conn.cursor(row_factory=class_row(_Open)) as cur:
        known = {one.key: one for one in cur.execute(QUERIES["open_faults"])}
    raised = [fault for key, fault in faults.items() if key not in known]
    for fault in raised:
        _raise(conn, fault, now=now)
    over = [one for key, one in known.items() if key not in faults and one.stream_key not in undecided]
    for one in over:
        conn.execute(QUERIES["clear_fault"], {"id": one.id, "now": now})
        _log.info("gateway fault is over", extra=_named(one.community, one.gateway, one.code, one.amount))
    for key in faults.keys() & known.keys():
        _follow(conn, known[key], faults[key])
    _tell(conn, [*raised, *over])
    return Changes(tuple(raised), len(over))


def _raise(conn: psycopg.Connection, fault: Fault, *, now: datetime) -> None:
    row = {
        "community": fault.community,
        "gateway": fault.gateway,
        "code": str(fault.code),
        "epoch": fault.epoch,
        "stream": fault.stream,
        "amount": fault.amount,
        "detail": Jsonb(fault.detail),
        "now": now,
    }
    conn.execute(QUERIES["raise_fault"], row)
    _log.error("gateway fault", extra=_named(fault.community, fault.gateway, fault.code, fault.amount))


def _follow(conn: psycopg.Connection, known: _Open, fault: Fault) -> None:
    if (known.amount, known.detail) == (fault.amount, fault.detail):
        return
    grown = fault.amount > known.amount and fault.code not in _STEADY
    row = {"id": known.id, "amount": fault.amount, "detail": Jsonb(fault.detail), "grown": grown}
    conn.execute(QUERIES["grow_fault"], row)


def _tell(conn: psycopg.Connection, changed: Sequence[Fault | _Open]) -> None:
    for community in sorted({one.community for one in changed}):
        notify(conn, community, "gateway")


def _named(community: str, gateway: str, code: str, amount: float) -> dict[str, object]:
    return {"gateway": f"{community}/{gateway}", "fault": str(code), "amount": amount}
