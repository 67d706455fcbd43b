"""Takes a gateway's account in, in ingest's transaction: what it says of its outbox, and what it shows of its clock."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from anju_contracts.account import Account
from anju_contracts.clock import Clock
from anju_contracts.topics import GatewayAddress
from anju_platform.reconcile.clocks import Observation, is_wrong, offset_s, watched
from anju_platform.storage.notify import notify
from anju_platform.storage.queries import load_queries
from anju_platform.storage.samples import from_us, to_us

QUERIES = load_queries("anju_platform.reconcile")


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a gateway before an account: the account before it and the readings of its clock."""

    account: Any
    observations: Any
    is_wrong: bool

    @property
    def seen(self) -> list[Observation]:
        return [Observation(from_us(told), from_us(received)) for told, received in self.observations]


def take_account(
    conn: psycopg.Connection, address: GatewayAddress, account: Account, *, received_at: datetime, clock: Clock
) -> bool:
    """Whether `account` is the newest that the gateway told; the caller makes sure that the gateway is there.

    Every ingest gets every account, so the same one may come again, and late.
    """
    key = {"community": address.community, "gateway": address.gateway}
    with conn.cursor(row_factory=class_row(_Known)) as cur:
        known = cur.execute(QUERIES["lock_gateway"], key).fetchone()
    assert known is not None
    seen = known.seen
    if any(one.told_at == account.at for one in seen):
        return False
    if not supersedes(account, known.account and msgspec.convert(known.account, Account)):
        return False
    observations = watched(seen, Observation(account.at, received_at))
    told = None if account.clock_offset_s is None else clock.real_s(account.clock_offset_s)
    _watch_clock(conn, key | {"told_offset_s": told}, known, observations, clock=clock)
    _record_streams(conn, key, account, received_at)
    return True


def supersedes(account: Account, before: Account | None) -> bool:
    """Whether `account` was told after `before`. What an outbox produced only grows, whatever its clock does."""
    if before is None or account.epoch != before.epoch or account.at > before.at:
        return True
    return _produced(account) > _produced(before)


def _produced(account: Account) -> int:
    return sum(stream.produced for stream in account.streams.values())


def _watch_clock(
    conn: psycopg.Connection,
    key: dict[str, Any],
    known: _Known,
    observations: list[Observation],
    *,
    clock: Clock,
) -> None:
    offset = offset_s(observations, clock=clock)
    wrong = is_wrong(offset, was_wrong=known.is_wrong)
    found = {
        "offset_s": offset,
        "is_wrong": wrong,
        "observations": Jsonb([[to_us(one.told_at), to_us(one.received_at)] for one in observations]),
        "measured_at": observations[-1].received_at,
    }
    conn.execute(QUERIES["record_clock"], key | found)
    if wrong != known.is_wrong:
        _turn_fault(conn, key, offset, is_wrong=wrong, at=observations[-1].received_at)


def _turn_fault(conn: psycopg.Connection, key: dict[str, Any], offset: float, *, is_wrong: bool, at: datetime) -> None:
    query = "raise_clock_fault" if is_wrong else "clear_clock_fault"
    conn.execute(QUERIES[query], key | {"at": at, "offset_s": offset})
    notify(conn, key["community"], "gateway")


def _record_streams(conn: psycopg.Connection, key: dict[str, str], account: Account, received_at: datetime) -> None:
    rows = [
        {
            "epoch": account.epoch,
            "stream": str(name),
            "produced": stream.produced,
            "committed": stream.committed,
            "queued": stream.queued,
            "dropped": Jsonb(stream.dropped),
            "dropped_samples": sum(stream.dropped.values()),
            "last_seq": stream.last_seq,
            "first_queued": stream.first_queued,
            "told_at": account.at,
            "received_at": received_at,
        }
        for name, stream in sorted(account.streams.items())
    ]
    with conn.cursor() as cur:
        cur.executemany(QUERIES["record_outbox_account"], [key | row for row in rows])
