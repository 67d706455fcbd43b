"""A small community in a real database, with the words that the tests about tickets speak in."""

import itertools
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

from anju_contracts.codes import CODES, Severity
from anju_contracts.event import Event, EventState
from anju_platform.bootstrap import Pool
from anju_platform.config import Settings
from anju_platform.desk.models import Reported
from anju_platform.desk.service import report
from anju_platform.jobs import JobContext
from anju_platform.tickets import intake, service, store
from anju_platform.tickets.evidence import prediction_evidence
from anju_platform.tickets.models import CloseReason, Finding, Priority, RepairAction, Ticket

START = datetime(2026, 3, 2, 8, tzinfo=UTC)


@dataclass
class Community:
    """Talks to the platform as its callers do: each call is one transaction of its own."""

    url: str
    pool: Pool
    now: datetime = START + timedelta(days=300)
    assets: dict[str, int] = field(default_factory=dict)
    requests: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def add(self, code: str, kind: str = "lift") -> int:
        with self.pool.connection() as conn:
            row = conn.execute(
                "INSERT INTO asset (community_id, code, kind, model, label_zh, label_en, first_seen_at)"
                " VALUES ('jinxiu', %s, %s, 'm', %s, %s, %s) RETURNING id",
                (code, kind, f"设备{code}", f"Unit {code}", START),
            ).fetchone()
        assert row is not None
        self.assets[code] = row[0]
        return int(row[0])

    def happen(
        self,
        asset: str,
        code: str,
        at: datetime,
        state: EventState = EventState.RAISE,
        severity: Severity | None = None,
    ) -> list[int]:
        """Store an event as ingest does; the tickets it touched."""
        event = Event(asset, code, at, state, severity or (CODES[code].severity if code in CODES else Severity.MINOR))
        with self.pool.connection() as conn:
            row = conn.execute(
                "INSERT INTO event (asset_id, at, code, state, severity, received_at) VALUES (%s, %s, %s, %s, %s, %s)"
                " RETURNING id",
                (self.assets[asset], at, code, state, event.severity, at),
            ).fetchone()
            assert row is not None
            stored = intake.StoredEvent(row[0], self.assets[asset], event)
            return intake.from_events(conn, [stored], now=max(self.now, at) if self.live else at)

    live: bool = False
    """True: `now` is the community's; else the clock stands at each event."""

    def complain(self, asset: str | None, category: str, at: datetime, **more: Any) -> Reported:
        with self.pool.connection() as conn:
            return report(
                conn,
                asset=f"jinxiu:{asset}" if asset else None,
                community=None if asset else "jinxiu",
                category=category,
                at=at,
                now=self.now,
                **more,
            )

    def foresee(
        self, asset: str, component: str, at: datetime, *, priority: Priority = Priority.NORMAL, days: int = 30
    ) -> Ticket:
        with self.pool.connection() as conn:
            evidence = prediction_evidence(
                next(self.requests), as_of=at, component=component, priority=priority, probability=0.8, data={}
            )
            subject = store.subject_of_asset(conn, self.assets[asset])
            return intake.take(conn, subject, evidence, now=self.now, expires_at=at + timedelta(days=days))

    def accept(self, ticket_id: int, at: datetime, actor: str = "wang") -> Ticket:
        with self.pool.connection() as conn:
            return service.accept(conn, ticket_id, actor=actor, at=at, now=self.now)

    def resolve(
        self, ticket_id: int, at: datetime, finding: Finding = Finding.CONFIRMED, component: str | None = None
    ) -> Ticket:
        with self.pool.connection() as conn:
            return service.resolve(
                conn,
                ticket_id,
                actor="wang",
                finding=finding,
                action=RepairAction.INSPECT if finding is Finding.NOTHING_FOUND else RepairAction.REPLACE,
                component=component,
                at=at,
                now=self.now,
            )

    def serve(self, ticket_id: int, at: datetime, finding: Finding = Finding.CONFIRMED, **more: Any) -> Ticket:
        """Accept at once, resolve an hour later."""
        self.accept(ticket_id, at)
        return self.resolve(ticket_id, at + timedelta(hours=1), finding, **more)

    def close(self, ticket_id: int, reason: CloseReason | None, at: datetime) -> Ticket:
        with self.pool.connection() as conn:
            return service.close(conn, ticket_id, actor="li", reason=reason, at=at, now=self.now)

    def story(self, ticket_id: int) -> store.Story:
        with self.pool.connection() as conn:
            return store.load_story(conn, ticket_id)

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        with self.pool.connection() as conn, conn.cursor(row_factory=dict_row) as cur:
            return cur.execute(query.encode(), values).fetchall()

    def tickets(self, asset: str) -> list[Ticket]:
        ids = self.rows("SELECT id FROM ticket WHERE asset_id = %s ORDER BY id", self.assets[asset])
        return [self.story(row["id"]).ticket for row in ids]

    def context(self, as_of: datetime) -> JobContext:
        return JobContext(self.pool, Settings(self.url), as_of)

    def check_rows_are_folds(self, asset: str | None = None) -> None:
        """Every row of ticket, or of those of an asset, is the fold of its log, field by field."""
        of = self.assets[asset] if asset else None
        for row in self.rows("SELECT * FROM ticket WHERE asset_id = %s OR %s::bigint IS NULL ORDER BY id", of, of):
            told = asdict(self.story(row["id"]).ticket)
            assert told == row


@pytest.fixture
def community(database_url: str) -> Iterator[Community]:
    with ConnectionPool[psycopg.Connection](
        database_url, min_size=1, max_size=8, open=True, kwargs={"options": "-c TimeZone=UTC"}
    ) as pool:
        with pool.connection() as conn:
            conn.execute(
                "INSERT INTO community (id, label_zh, label_en, created_at) VALUES ('jinxiu', '锦绣', 'Jinxiu', %s)",
                (START,),
            )
        yield Community(database_url, pool)
