"""A day of a simulated community, recorded batch by batch: late, shuffled, doubled and replayed, it ends in the same
latest values, rollups, alarms and tickets."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from operator import attrgetter, itemgetter

import psycopg
import pytest
from arriving import Intake, birth, events, intake_on, telemetry

from anju_contracts.birth import Asset, Point
from anju_contracts.clock import ScaledClock
from anju_contracts.codes import Severity
from anju_contracts.event import Event, EventState
from anju_platform.bootstrap import open_pool
from anju_platform.config import Settings
from anju_platform.ingest.models import Arrival
from anju_platform.jobs import JobContext
from anju_platform.storage.rollups import recompute_due
from anju_platform.tickets.jobs import open_held_alarms
from anju_platform.worker import data_as_of
from anju_simulators.scenario import Scenario
from anju_simulators.workshop import Workshop
from anju_simulators.world import World

SINCE = datetime(2026, 3, 9, tzinfo=UTC)
UNTIL = SINCE + timedelta(days=1)
AFTERWARDS = UNTIL + timedelta(minutes=1)
SCENARIO = Scenario(
    seed=5, start=SINCE - timedelta(days=20), lifts=8, doors=5, electric_meters=2, water_meters=4,
    failures=60.0, sudden=10.0, lookalikes=5.0, entrapments=1500.0,
)  # fmt: skip
EVENTS_A_BATCH = 3
SEEDS = range(3)
_OF_POINT = "FROM {} JOIN point p ON p.id = point_id JOIN asset a ON a.id = asset_id ORDER BY 1, 2, 3"
TABLES = {
    "readings": "SELECT a.code, p.code, at, float8send(value), quality " + _OF_POINT.format("telemetry"),
    "latest values": "SELECT a.code, p.code, at, float8send(value), quality " + _OF_POINT.format("latest"),
    "rollups": "SELECT a.code, p.code, hour, n, float8send(sum), float8send(min), float8send(max), float8send(first),"
    " float8send(last) " + _OF_POINT.format("rollup_hour"),
    "events": "SELECT a.code, e.code, at, state, severity FROM event e JOIN asset a ON a.id = asset_id"
    " ORDER BY 1, 2, 3, 4",
    "alarms": "SELECT a.code, o.code, raised_at, severity FROM open_alarm o JOIN asset a ON a.id = asset_id"
    " ORDER BY 1, 2",
    "tickets": "SELECT a.code, component, origin, state, priority, title_zh, title_en, opened_at FROM ticket t"
    " JOIN asset a ON a.id = asset_id WHERE close_reason IS DISTINCT FROM 'withdrawn' ORDER BY 1, 2",
    "evidence": "SELECT a.code, t.component, e -> 'data' ->> 'code', (e ->> 'at')::timestamptz"
    " FROM ticket t JOIN asset a ON a.id = asset_id JOIN ticket_log l ON l.ticket_id = t.id"
    " CROSS JOIN LATERAL (SELECT detail -> 'evidence') AS evidence (e)"
    " WHERE l.action IN ('opened', 'joined') AND close_reason IS DISTINCT FROM 'withdrawn' ORDER BY 1, 2, 3, 4",
}
Picture = dict[str, list[tuple[object, ...]]]


@cache
def recorded() -> tuple[Arrival, ...]:
    """The birth, a batch of readings for every twenty minutes, and the events a few a batch, as they happened."""
    world = World(SCENARIO)
    world.run(SINCE - timedelta(days=3))
    world.run(SINCE, workshop=Workshop.EXTERNAL)
    assets = [
        Asset(spec.asset_id, spec.kind, spec.model, [Point(name) for name in world.readings(spec.asset_id, SINCE)])
        for spec in world.assets
    ]
    messages = [(SINCE, birth(assets, at=SINCE - timedelta(days=1)))]
    for seq in range(1, 73):
        at = SINCE + timedelta(minutes=20 * seq)
        shown = [
            (f"{spec.asset_id}/{point}", at, value)
            for spec in world.assets
            for point, value in world.readings(spec.asset_id, at).items()
            if value is not None
        ]
        messages.append((at, telemetry(shown, seq=seq, at=AFTERWARDS, historical=seq % 5 == 0)))
    happened = [
        Event(row.asset_id, row.code, row.at, EventState(row.state), Severity(row.severity))
        for row in world.events(SINCE, UNTIL)
    ]
    bad = [
        ("lift-08", "lift.overspeed", 5),
        ("lift-08", "lift.trapped_level", 4),
        ("lift-07", "lift.overtravel_top", 9),
    ]
    happened += [Event(asset, code, UNTIL - timedelta(hours=hours)) for asset, code, hours in bad]
    happened.sort(key=attrgetter("at"))
    for seq, first in enumerate(range(0, len(happened), EVENTS_A_BATCH), start=1):
        some = happened[first : first + EVENTS_A_BATCH]
        messages.append((some[-1].at, events(some, seq=seq, at=AFTERWARDS)))
    return tuple(message for _, message in sorted(messages, key=itemgetter(0)))


def shuffled(seed: int) -> list[list[Arrival]]:
    """The day in any order, a fifth of it twice, in groups of any size. A birth may come last, too."""
    rng = random.Random(seed)
    messages = [*recorded(), *rng.sample(recorded(), len(recorded()) // 5)]
    rng.shuffle(messages)
    cuts = sorted({0, len(messages), *(rng.randrange(len(messages)) for _ in range(12))})
    return [messages[first:last] for first, last in pairwise(cuts)]


def lived_through(url: str, intake: Intake, groups: Sequence[Sequence[Arrival]]) -> Picture:
    """What there is after `groups`, with the jobs that follow event time run after each of them."""
    settings = Settings(url, clock=ScaledClock(AFTERWARDS, AFTERWARDS, 1e-9))
    with open_pool(settings, program="test") as pool:
        for number, group in enumerate(groups):
            intake.take(*group, now=AFTERWARDS)
            as_of = data_as_of(intake.conn)
            if as_of is not None:
                open_held_alarms(JobContext(pool, settings, as_of))
            if number % 4 == 0:
                recompute_due(intake.conn, now=AFTERWARDS)
    recompute_due(intake.conn, now=AFTERWARDS + timedelta(days=1))
    return picture(intake)


def picture(intake: Intake) -> Picture:
    return {name: intake.rows(query) for name, query in TABLES.items()}


def wipe(conn: psycopg.Connection) -> None:
    conn.execute(
        "TRUNCATE community, telemetry, latest, ledger, dead_letter, rollup_hour, rollup_due RESTART IDENTITY CASCADE"
    )


@pytest.fixture
def intake(database_url: str) -> Iterator[Intake]:
    with intake_on(database_url) as made:
        yield made


def test_a_recorded_day_ends_the_same_in_any_order_with_any_repetition_and_when_it_is_replayed(
    database_url: str, intake: Intake
) -> None:
    expected = lived_through(database_url, intake, [recorded()[n : n + 4] for n in range(0, len(recorded()), 4)])
    assert {name: len(rows) > 2 for name, rows in expected.items()} == dict.fromkeys(TABLES, True)
    for seed in SEEDS:
        wipe(intake.conn)
        intake.directory.load(intake.conn)
        found = lived_through(database_url, intake, shuffled(seed))
        for name, rows in found.items():
            assert rows == expected[name], f"{name} with seed {seed}"
        assert intake.letters() == [(reason, False) for reason, _ in intake.letters()]
    assert lived_through(database_url, intake, shuffled(99)) == expected
