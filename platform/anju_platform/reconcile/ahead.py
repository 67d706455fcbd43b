"""A second chance for what a gateway's clock dated into the future: moved by what the clock was off, or once its time
has come. Never by itself: only a person knows whether the times of such a letter are true."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg
from msgspec.structs import replace
from psycopg.rows import class_row

from anju_contracts.event import decode_events, encode_events
from anju_contracts.senml import Pack, decode_pack, encode_pack
from anju_contracts.topics import Channel, GatewayAddress, parse_topic
from anju_platform.ingest.commit import Committer
from anju_platform.ingest.dead_letters import WaitingLetter, mark_replayed
from anju_platform.ingest.decode import decode
from anju_platform.ingest.directory import PointDirectory
from anju_platform.ingest.limits import Limits
from anju_platform.ingest.models import Arrival
from anju_platform.ingest.tally import Tally
from anju_platform.storage.queries import load_queries
from anju_platform.storage.samples import to_us
from anju_platform.storage.telemetry import prepare_session

QUERIES = load_queries("anju_platform.reconcile")
_AT_ONCE = 100
_NO_ALLOWANCE = Limits(letter_bytes_per_day=sys.maxsize)
"""What becomes a letter again was one before: a gateway that has used up its day must not lose it."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many letters were stored, and how many stay because some of their times lie ahead even so."""

    stored: int
    ahead: int


def replay_ahead(
    conn: psycopg.Connection, address: GatewayAddress, *, shift: timedelta, now: datetime, telemetry_days: int
) -> Replayed:
    """Store the letters of `address` with `shift` added to their times. Repeated after a failure, it stores nothing
    twice. `conn` must be in autocommit mode."""
    prepare_session(conn)
    directory, tally = PointDirectory(), Tally()
    directory.load(conn, [address.community])
    committer = Committer(conn, directory, telemetry_days=telemetry_days, limits=_NO_ALLOWANCE)
    stored = ahead = 0
    for letters in _pages(conn, address):
        moved = {letter.id: moved_letter(letter, shift, now=now) for letter in letters}
        arrivals = [arrival for arrival in moved.values() if arrival is not None]
        messages = [decode(arrival, directory.of, telemetry_days=telemetry_days) for arrival in arrivals]
        for outcome in committer.commit(messages, now=now) if messages else ():
            tally.add(outcome)
        tally.flush(conn)
        mark_replayed(conn, [number for number, arrival in moved.items() if arrival is not None], now=now)
        stored += len(arrivals)
        ahead += len(letters) - len(arrivals)
    return Replayed(stored, ahead)


def moved_letter(letter: WaitingLetter, shift: timedelta, *, now: datetime) -> Arrival | None:
    """The message of `letter` with its times moved; None where one of them is later than `now`."""
    _, channel = parse_topic(letter.topic)
    if channel is Channel.EVENT:
        payload, newest = _moved_events(letter.payload, shift)
    else:
        payload, newest = _moved_pack(letter.payload, shift, now=now)
    return None if newest > to_us(now) else Arrival(letter.topic, payload, now)


def _moved_pack(payload: bytes, shift: timedelta, *, now: datetime) -> tuple[bytes, int]:
    pack, moved = decode_pack(payload, now=now), Pack()
    by_us = shift // timedelta(microseconds=1)
    for name, at_us, value, quality, unit in zip(
        pack.names, pack.at_us, pack.values, pack.qualities, pack.units, strict=True
    ):
        moved.append(name, at_us + by_us, value, quality, unit)
    return encode_pack(moved), max(moved.at_us)


def _moved_events(payload: bytes, shift: timedelta) -> tuple[bytes, int]:
    batch = decode_events(payload)
    moved = [replace(event, at=event.at + shift) for event in batch.events]
    return encode_events(replace(batch, events=moved)), to_us(max(event.at for event in moved))


def _pages(conn: psycopg.Connection, address: GatewayAddress) -> Iterator[list[WaitingLetter]]:
    after = 0
    while True:
        key = {"community": address.community, "gateway": address.gateway, "after": after, "limit": _AT_ONCE}
        with conn.cursor(row_factory=class_row(WaitingLetter)) as cur:
            letters = cur.execute(QUERIES["letters_ahead"], key).fetchall()
        if not letters:
            return
        yield letters
        after = letters[-1].id
