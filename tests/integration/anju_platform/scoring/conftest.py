"""A community with readings, and a model that says what a test wants it to say."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import psycopg
import pytest
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

from anju_contracts.clock import Clock, ScaledClock
from anju_ml import artifact
from anju_ml.history import ASSETS, COMPLAINTS, EVENTS, REPAIRS, History, empty
from anju_ml.model import train
from anju_ml.policy import Policy
from anju_ml.risk import Reason, Risk
from anju_platform.bootstrap import Pool
from anju_platform.config import Settings
from anju_platform.desk.models import Reported
from anju_platform.desk.service import report
from anju_platform.jobs import JobContext
from anju_platform.scoring.models import StoredModel
from anju_platform.scoring.score import score_with
from anju_platform.scoring.store import TrainedModel, add_model
from anju_platform.tickets import service
from anju_platform.tickets.models import CloseReason, Finding, RepairAction, Ticket

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TRAINED_AT = NOW - 40 * DAY


def still(at: datetime) -> Clock:
    """A clock that shows `at`."""
    return ScaledClock(at, datetime.now(UTC), 1e-12)


@dataclass
class SaysAsTold:
    """A model whose probabilities a 30-day table of (asset, component) gives."""

    p_30d: dict[tuple[str, str], float]
    seen: list[History] = field(default_factory=list)

    def predict(self, history: History, *, as_of: datetime) -> Sequence[Risk]:
        self.seen.append(history)
        kinds = dict(history.assets.select("asset_id", "kind").iter_rows())
        return [
            risk(asset, component, as_of, p, kind=kinds[asset]) for (asset, component), p in sorted(self.p_30d.items())
        ]


def risk(asset: str, component: str, as_of: datetime, p: float, *, kind: str = "lift") -> Risk:
    return Risk(
        asset_id=asset,
        component=component,
        as_of=as_of,
        p_24h=p / 40,
        p_72h=p / 12,
        p_7d=p / 4,
        p_30d=p,
        low=p * 0.8,
        high=min(p * 1.2, 1.0),
        expected_at=as_of + timedelta(days=12),
        reasons=(
            Reason(
                "door_close_s.mean_7d", "door_close_s", "关门变慢", "closes slowly", 3.9, 3.1, as_of - 7 * DAY, as_of
            ),
        ),
        kind=kind,
    )


@dataclass
class Platform:
    """Communities, scoring and people, each call one transaction."""

    url: str
    pool: Pool
    model: SaysAsTold = field(default_factory=lambda: SaysAsTold({}))
    stored: StoredModel | None = None
    assets: dict[str, int] = field(default_factory=dict)

    def add(self, key: str, kind: str = "lift", **attributes: object) -> int:
        community, code = key.split(":")
        with self.pool.connection() as conn:
            conn.execute(
                "INSERT INTO community (id, label_zh, label_en, created_at) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT DO NOTHING",
                (community, community, community, NOW),
            )
            row = conn.execute(
                "INSERT INTO asset (community_id, code, kind, model, installed_on, attributes, first_seen_at)"
                " VALUES (%s, %s, %s, 'm1', '2020-05-01', %s, %s) RETURNING id",
                (community, code, kind, psycopg.types.json.Jsonb(attributes), NOW),
            ).fetchone()
        assert row is not None
        self.assets[key] = row[0]
        return int(row[0])

    def point(self, key: str, code: str, kind: str = "gauge") -> int:
        row = self.write(
            "INSERT INTO point (asset_id, code, kind) VALUES (%s, %s, %s) RETURNING id", self.assets[key], code, kind
        )[0]
        return int(row["id"])

    def hour(self, point_id: int, at: datetime, *values: float) -> None:
        self.write(
            "INSERT INTO rollup_hour (point_id, hour, n, sum, min, max, first, last)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING n",
            point_id,
            at,
            len(values),
            sum(values),
            min(values),
            max(values),
            values[0],
            values[-1],
        )

    def write(self, query: str, *values: object) -> list[dict[str, Any]]:
        with self.pool.connection() as conn, conn.cursor(row_factory=dict_row) as cur:
            return cur.execute(query.encode(), values).fetchall()

    def trust(self, opens_tickets: bool = True, *, as_of: datetime = NOW - 30 * DAY) -> StoredModel:
        """Store a model that opens tickets, or one that was refused."""
        trained = TrainedModel(as_of, as_of, {"brier": 0.1}, b"x", opens_tickets, "" if opens_tickets else "no better")
        with self.pool.connection() as conn:
            self.stored = add_model(conn, trained)
        return self.stored

    def score(
        self, as_of: datetime = NOW, policy: Policy | None = None, took: timedelta = timedelta(0), **p_30d: float
    ) -> dict[str, Any]:
        """Score with a model that gives `jinxiu:lift-01` these probabilities by component; the run takes `took`."""
        for component, p in p_30d.items():
            self.model.p_30d["jinxiu:lift-01", component] = p
        stored = self.stored or self.trust()
        return score_with(
            self.pool, self.model, stored, as_of=as_of, policy=policy or Policy(), clock=still(as_of + took)
        )

    def complain(self, key: str, category: str, at: datetime) -> Reported:
        with self.pool.connection() as conn:
            return report(conn, asset=key, category=category, at=at, now=at)

    def serve(self, ticket_id: int, at: datetime, finding: Finding = Finding.WORN) -> Ticket:
        with self.pool.connection() as conn:
            service.accept(conn, ticket_id, actor="wang", at=at, now=at)
            return service.resolve(
                conn, ticket_id, actor="wang", finding=finding, action=RepairAction.REPLACE, at=at, now=at
            )

    def close(self, ticket_id: int, at: datetime, reason: CloseReason) -> Ticket:
        with self.pool.connection() as conn:
            return service.close(conn, ticket_id, actor="li", reason=reason, at=at, now=at)

    def context(self, as_of: datetime = NOW, policy_file: str = "") -> JobContext:
        return JobContext(self.pool, Settings(self.url, policy_file=policy_file), as_of)


@pytest.fixture
def platform(database_url: str) -> Iterator[Platform]:
    with ConnectionPool[psycopg.Connection](
        database_url, min_size=1, max_size=6, open=True, kwargs={"options": "-c TimeZone=UTC"}
    ) as pool:
        yield Platform(database_url, pool)


@pytest.fixture(scope="session")
def readable() -> bytes:
    """Any model that can be loaded: of six pumps that were repaired now and then."""
    policy = Policy()
    names = [f"jinxiu:pump-{number}" for number in range(6)]
    start = TRAINED_AT - 80 * DAY
    repairs = [
        (name, start + day * DAY, start + day * DAY + 5 * HOUR, "bearing", "replace", "corrective", None, True)
        for number, name in enumerate(names)
        for day in (20 + 2 * number, 55 + 3 * number)
    ]
    rng = np.random.default_rng(0)
    times = [start + hours * HOUR for hours in range(0, 80 * 24, 12)]
    frames = [
        pl.DataFrame({"asset_id": name, "ts": times, "bearing_c": rng.normal(40, 1, len(times))}) for name in names
    ]
    history = History(
        pl.DataFrame([(name, "pump", "m1", None) for name in names], schema=ASSETS, orient="row"),
        (pl.concat(frames).with_columns(pl.col("ts").cast(pl.Datetime("us", "UTC"))),),
        empty(EVENTS),
        pl.DataFrame(repairs, schema=REPAIRS, orient="row"),
        empty(COMPLAINTS),
    )
    return artifact.dump(train(history, as_of=TRAINED_AT, horizon=policy.horizon, lead=policy.lead, policy=policy))
