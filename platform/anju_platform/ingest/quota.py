"""How much of a gateway's dead letters is kept a day. Beyond that they are counted, and nothing else."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import psycopg
from psycopg.rows import scalar_row

from anju_contracts.topics import GatewayAddress
from anju_platform.ingest.limits import MESSAGE_BYTES
from anju_platform.ingest.models import Letter
from anju_platform.ingest.screen import UNKNOWN_POINT
from anju_platform.storage.queries import load_queries

QUERIES = load_queries("anju_platform.ingest")


class Sorted(NamedTuple):
    """`full` are the gateways whose allowance is used up: nothing more that would wait for a birth should be taken
    from them, because what waits is data, and data that has a receipt is never let go."""

    kept: list[Letter]
    not_kept: list[Letter]
    full: frozenset[GatewayAddress]


def sort_letters(conn: psycopg.Connection, letters: Iterable[Letter], *, now: datetime, bytes_per_day: int) -> Sorted:
    """Charge each gateway for its letters, in the transaction that writes them."""
    by_gateway: defaultdict[tuple[str, str], list[Letter]] = defaultdict(list)
    for letter in letters:
        address = letter.address
        by_gateway[(address.community, address.gateway) if address else ("", "")].append(letter)
    kept: list[Letter] = []
    not_kept: list[Letter] = []
    full: set[GatewayAddress] = set()
    for community, gateway in sorted(by_gateway):
        mine = by_gateway[community, gateway]
        row = {"community": community, "gateway": gateway, "day": now.astimezone(UTC).date()}
        with conn.cursor(row_factory=scalar_row) as cur:
            used = int(cur.execute(QUERIES["lock_letter_day"], row).fetchone() or 0)
        stays, goes = split(mine, used=used, allowance=bytes_per_day)
        conn.execute(QUERIES["charge_letter_day"], row | _charges(stays, goes))
        kept += stays
        not_kept += goes
        if used + sum(map(weight, stays)) >= bytes_per_day or goes:
            full.add(GatewayAddress(community, gateway))
    return Sorted(kept, not_kept, frozenset(full))


def split(letters: Sequence[Letter], *, used: int, allowance: int) -> tuple[list[Letter], list[Letter]]:
    """What is kept and what is only counted, `used` bytes of the `allowance` being gone."""
    kept: list[Letter] = []
    not_kept: list[Letter] = []
    for letter in letters:
        used += weight(letter)
        (kept if letter.reason == UNKNOWN_POINT or used <= allowance else not_kept).append(letter)
    return kept, not_kept


def weight(letter: Letter) -> int:
    """Bytes of it in the database, about."""
    return len(letter.payload) + MESSAGE_BYTES


def _charges(kept: Sequence[Letter], not_kept: Sequence[Letter]) -> dict[str, int]:
    return {
        "letters": len(kept),
        "bytes": sum(map(weight, kept)),
        "not_kept_letters": len(not_kept),
        "not_kept_bytes": sum(map(weight, not_kept)),
    }
