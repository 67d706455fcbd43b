"""One transaction for many messages; what the database refuses is narrowed down until only the culprit is set aside."""

import logging
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Final

import numpy as np
import psycopg

from anju_contracts.clock import Clock, RealClock
from anju_contracts.topics import GatewayAddress
from anju_platform.errors import StorageUnavailable
from anju_platform.ingest.dead_letters import lock_waiting, mark_replayed, refuse_letter, write_letters
from anju_platform.ingest.decode import decode
from anju_platform.ingest.directory import PointDirectory
from anju_platform.ingest.events import store_events
from anju_platform.ingest.ledger import enter
from anju_platform.ingest.limits import Limits
from anju_platform.ingest.models import (
    AccountNotice,
    Arrival,
    BirthNotice,
    Deferred,
    EventBatch,
    LedgerKey,
    Letter,
    Message,
    Outcome,
    StateNotice,
    TelemetryBatch,
    Unreadable,
    dated,
    ledger_key,
    part_of_batch,
)
from anju_platform.ingest.notices import store_account, store_birth, store_state
from anju_platform.ingest.quota import sort_letters
from anju_platform.ingest.readings import resolve_unknown, store_samples, watermarks_of
from anju_platform.ingest.registry_lock import own_registry
from anju_platform.storage.samples import DAY_US, Samples, days_of, from_us, to_us
from anju_platform.storage.telemetry import KnownDays

REFUSED: Final = "refused"
TOO_MANY_LETTERS: Final = "too_many_letters"
_MERGE_AFTER_CONFLICT: Final = 20
"""After a conflict this many groups are merged at once: where one came twice, more do."""
_REFUSALS: Final = (psycopg.DataError, psycopg.IntegrityError, psycopg.NotSupportedError)
"""What the database says to the content of a message; any other of its errors means that it is not well itself."""
_REPLAYED_AT_ONCE: Final = 200
_log = logging.getLogger(__name__)


class Committer:
    """Stores groups of messages over one connection that nobody else uses."""

    def __init__(
        self,
        conn: psycopg.Connection,
        directory: PointDirectory,
        *,
        telemetry_days: int,
        clock: Clock | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._conn = conn
        self._limits = limits or Limits()
        self._full: dict[GatewayAddress, date] = {}
        """Gateways whose allowance of dead letters is used up, and on which day."""
        self._clock = clock or RealClock()
        self._directory = directory
        self._telemetry_days = telemetry_days
        self._days = KnownDays()
        self._merges_left = 0

    def commit(self, messages: Sequence[Message], *, now: datetime) -> list[Outcome]:
        """Store `messages`, each exactly once; several outcomes where some had to be told apart.

        StorageUnavailable when nothing can be said of some of them: nothing of those is stored then.
        """
        return self._commit([self._unless_full(message, now) for message in messages], now=now)

    def _commit(self, messages: Sequence[Message], *, now: datetime) -> list[Outcome]:
        try:
            return [self._commit_once(messages, now=now)]
        except StorageUnavailable:
            raise
        except Exception as exc:
            if len(messages) == 1:
                return [self._set_aside(messages[0], exc, now=now)]
        middle = len(messages) // 2
        return self._commit(messages[:middle], now=now) + self._commit(messages[middle:], now=now)

    def replay(self, community: str, *, now: datetime, limit: int = _REPLAYED_AT_ONCE) -> Outcome | None:
        """Store what waits for points of `community` that are known by now, at most `limit` letters of it.

        None when nothing waits any more; call again otherwise.
        """
        try:
            with self._conn.transaction():
                waiting = lock_waiting(self._conn, community, limit=limit)
                if not waiting:
                    return None
                messages = [
                    decode(
                        Arrival(letter.topic, letter.payload, now),
                        self._directory.of,
                        telemetry_days=self._telemetry_days,
                    )
                    for letter in waiting
                ]
                self._days.ensure(self._conn, _days_touched(messages))
                outcome = self._transact(messages, now=now, merge=True)
                mark_replayed(self._conn, [letter.id for letter in waiting], now=now)
                return outcome
        except _REFUSALS as exc:
            self._days.days.clear()
            if limit > 1:
                return self.replay(community, now=now, limit=1)
            refuse_letter(self._conn, community, f"{type(exc).__name__}: {exc}")
            return self.replay(community, now=now)
        except psycopg.Error as exc:
            raise StorageUnavailable(f"database: {type(exc).__name__}: {exc}") from exc

    def _commit_once(self, messages: Sequence[Message], *, now: datetime) -> Outcome:
        self._merges_left = max(0, self._merges_left - 1)
        try:
            self._days.ensure(self._conn, _days_touched(messages))
            try:
                return self._transact(messages, now=now, merge=self._merges_left > 0)
            except psycopg.errors.UniqueViolation:
                self._merges_left = _MERGE_AFTER_CONFLICT
                return self._transact(messages, now=now, merge=True)
            except psycopg.errors.CheckViolation:
                self._days.days.clear()
                self._days.ensure(self._conn, _days_touched(messages))
                return self._transact(messages, now=now, merge=True)
        except _REFUSALS:
            raise
        except psycopg.Error as exc:
            raise StorageUnavailable(f"database: {type(exc).__name__}: {exc}") from exc

    def _transact(self, messages: Sequence[Message], *, now: datetime, merge: bool) -> Outcome:
        with self._conn.transaction():
            letters = [message.letter for message in messages if isinstance(message, Unreadable)]
            announced, too_many = self._store_notices(messages, now=now)
            letters += too_many
            fresh, repeated = self._enter_ledger(messages, now=now, merge=merge)
            events, telemetry = _by_kind(fresh)
            new_events, waiting = store_events(self._conn, events, now=now) if events else (0, [])
            letters += waiting
            found, unknown = resolve_unknown(self._conn, telemetry, telemetry_days=self._telemetry_days)
            letters += unknown
            parts = [part_of_batch(batch, batch.samples) for batch in telemetry if len(batch.samples)] + found
            stored = store_samples(self._conn, parts, merge=merge)
            letters += [dated(letter, batch) for batch in fresh for letter in batch.letters]
            kept, not_kept = self._write_letters(letters, now=now)
        return Outcome(
            tuple(messages),
            stored,
            watermarks=watermarks_of(parts, now_us=to_us(now)),
            communities=frozenset(part.address.community for part in parts),
            announced=announced | frozenset(part.address.community for part in found),
            letters=kept,
            not_kept=not_kept,
            events=new_events,
            repeated=repeated,
        )

    def _write_letters(
        self, letters: Sequence[Letter], *, now: datetime
    ) -> tuple[tuple[Letter, ...], tuple[Letter, ...]]:
        """Those that are kept, and those that are not."""
        if not letters:
            return (), ()
        found = sort_letters(self._conn, letters, now=now, bytes_per_day=self._limits.letter_bytes_per_day)
        write_letters(self._conn, found.kept, received_at=now)
        self._full |= dict.fromkeys(found.full, now.astimezone(UTC).date())
        return tuple(found.kept), tuple(found.not_kept)

    def _unless_full(self, message: Message, now: datetime) -> Message:
        """`message`, or Deferred where it would have to wait for a birth and its gateway has too much waiting."""
        if not self._full or not isinstance(message, TelemetryBatch | EventBatch):
            return message
        if self._full.get(message.address) != now.astimezone(UTC).date() or not self._would_wait(message):
            return message
        return Deferred(message.arrival, TOO_MANY_LETTERS)

    def _would_wait(self, batch: TelemetryBatch | EventBatch) -> bool:
        if isinstance(batch, TelemetryBatch):
            return batch.unknown is not None
        known = self._directory.assets_of(batch.address.community)
        return any(event.asset not in known for event in batch.events)

    def _store_notices(self, messages: Sequence[Message], *, now: datetime) -> tuple[frozenset[str], list[Letter]]:
        """Store births, states and accounts, each gateway's in their order; the communities with a birth, and births
        too many. Registries first and then gateway by gateway, so that no two ingests wait for each other in a
        circle."""
        announced: set[str] = set()
        refused: list[Letter] = []
        notices = [message for message in messages if isinstance(message, BirthNotice | StateNotice | AccountNotice)]
        for community in sorted({notice.address.community for notice in notices if isinstance(notice, BirthNotice)}):
            own_registry(self._conn, community)
        for message in sorted(notices, key=lambda notice: (notice.address.community, notice.address.gateway)):
            if isinstance(message, BirthNotice):
                letter = store_birth(self._conn, message, most_points=self._limits.points, now=now)
                if letter is None:
                    announced.add(message.address.community)
                else:
                    refused.append(letter)
            elif isinstance(message, StateNotice):
                store_state(self._conn, message, now=now)
            else:
                store_account(self._conn, message, now=now, clock=self._clock)
        return frozenset(announced), refused

    def _enter_ledger(
        self, messages: Sequence[Message], *, now: datetime, merge: bool
    ) -> tuple[list[TelemetryBatch | EventBatch], int]:
        """The batches that are to be stored, each once, and how many the ledger or this group had already."""
        batches = [message for message in messages if isinstance(message, TelemetryBatch | EventBatch)]
        new = enter(self._conn, batches, now=now, merge=merge)
        fresh: list[TelemetryBatch | EventBatch] = []
        taken: set[LedgerKey] = set()
        for batch in batches:
            key = ledger_key(batch)
            if key is None:
                fresh.append(batch)
            elif key in new and key not in taken:
                taken.add(key)
                fresh.append(batch)
        return fresh, len(batches) - len(fresh)

    def _set_aside(self, message: Message, exc: Exception, *, now: datetime) -> Outcome:
        """Write the message that the database refused to the dead letters, and its ledger row."""
        _log.error("message refused", extra={"topic": message.arrival.topic, "reason": str(exc)})
        address = None if isinstance(message, Unreadable | Deferred) else message.address
        letter = Letter(
            message.arrival.topic, REFUSED, f"{type(exc).__name__}: {exc}", message.arrival.payload, address
        )
        try:
            with self._conn.transaction():
                self._enter_ledger([message], now=now, merge=True)
                kept, not_kept = self._write_letters([letter], now=now)
        except psycopg.Error as error:
            raise StorageUnavailable(f"database: {type(error).__name__}: {error}") from error
        return Outcome((message,), Samples.concat([]), letters=kept, not_kept=not_kept)


def _by_kind(
    batches: Sequence[TelemetryBatch | EventBatch],
) -> tuple[list[EventBatch], list[TelemetryBatch]]:
    events = [batch for batch in batches if isinstance(batch, EventBatch)]
    return events, [batch for batch in batches if isinstance(batch, TelemetryBatch)]


def _days_touched(messages: Sequence[Message]) -> set[date]:
    """Also of samples whose point is unknown as yet: it may be known by the time they are stored."""
    days: set[int] = set()
    others: set[date] = set()
    for message in messages:
        if not isinstance(message, TelemetryBatch):
            continue
        first, last = message.first_at_us // DAY_US, message.last_at_us // DAY_US
        if first == last and len(message.samples) == message.size:
            days.add(first)
            continue
        others.update(days_of(message.samples.at_us))
        if message.unknown is not None:
            others.update(days_of(np.array(message.unknown.at_us, np.int64)))
    return others | {from_us(day * DAY_US).date() for day in days}
