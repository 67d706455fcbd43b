"""A recorded stretch of messages, delivered in any order, grouped in any way, partly twice: the result is the same."""

import random
from datetime import timedelta
from itertools import pairwise

import psycopg
import pytest
from arriving import NOON, Intake, arrival, birth, events, intake_on, lift, telemetry
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anju_contracts.envelope import Envelope
from anju_contracts.event import Event, EventState
from anju_contracts.senml import Pack, encode_pack
from anju_contracts.topics import Channel
from anju_platform.ingest.models import Arrival
from anju_platform.storage.rollups import recompute_due
from anju_platform.storage.samples import to_us

ASSETS = ("lift-01", "lift-02")
TABLES = (
    "SELECT a.code, p.code, at, value, quality FROM telemetry JOIN point p ON p.id = point_id"
    " JOIN asset a ON a.id = asset_id ORDER BY 1, 2, 3",
    "SELECT a.code, p.code, at, value, quality FROM latest JOIN point p ON p.id = point_id"
    " JOIN asset a ON a.id = asset_id ORDER BY 1, 2",
    "SELECT a.code, p.code, hour, n, float8send(sum), min, max, first, last FROM rollup_hour"
    " JOIN point p ON p.id = point_id JOIN asset a ON a.id = asset_id ORDER BY 1, 2, 3",
    "SELECT a.code, e.code, e.at, e.state FROM event e JOIN asset a ON a.id = asset_id ORDER BY 1, 2, 3, 4",
    "SELECT epoch, stream, seq, samples, first_at, last_at FROM ledger ORDER BY 1, 2, 3",
    "SELECT a.code, o.code, raised_at FROM open_alarm o JOIN asset a ON a.id = asset_id ORDER BY 1, 2",
    "SELECT model, gateway_id, announced_at FROM asset ORDER BY code",
    "SELECT state, component, origin FROM ticket ORDER BY asset_id",
)


def recorded() -> list[Arrival]:
    """Births old and new, three hours of readings with collisions between batches, and alarms that come and go."""
    rng = random.Random(7)
    messages = [
        birth([lift(), lift("lift-02", model="old")], at=NOON - timedelta(days=2)),
        birth([lift(), lift("lift-02", model="new")], at=NOON - timedelta(days=1)),
    ]
    for seq in range(1, 9):
        pack = Pack(Envelope("e1", seq, seq % 3 == 0))
        for _ in range(12):
            at = NOON - timedelta(minutes=10 * rng.randrange(18))
            name = f"{rng.choice(ASSETS)}/{rng.choice(('trips', 'motor_temp_c'))}"
            pack.append(name, to_us(at), rng.choice((0.1, 0.2, 0.7, 1e6)), rng.choice((0, 0, 1, 2)))
        messages.append(arrival(Channel.TELEMETRY, encode_pack(pack)))
    messages.append(telemetry([("lift-01/trips", NOON, 3.0)]))
    alarms = [("raise", 50), ("clear", 40), ("raise", 30), ("clear", 20), ("raise", 10)]
    for seq, (state, minutes) in enumerate(alarms, start=1):
        happened = Event("lift-01", "lift.door_close_fault", NOON - timedelta(minutes=minutes), EventState(state))
        messages.append(events([happened], seq=seq))
    messages.append(events([Event("lift-02", "lift.trapped_level", NOON - timedelta(minutes=5))], seq=9))
    return messages


def outcome(intake: Intake, groups: list[list[Arrival]]) -> list[list[tuple[object, ...]]]:
    for group in groups:
        intake.take(*group)
    recompute_due(intake.conn, now=NOON + timedelta(days=1))
    return [intake.rows(query) for query in TABLES]


def grouped(messages: list[Arrival], cuts: list[int]) -> list[list[Arrival]]:
    edges = sorted({0, len(messages), *(cut % len(messages) for cut in cuts)})
    return [messages[left:right] for left, right in pairwise(edges)]


@pytest.fixture
def expected(database_url: str) -> list[list[tuple[object, ...]]]:
    with intake_on(database_url) as intake:
        found = outcome(intake, [recorded()])
        wipe(intake.conn)
    assert all(found)
    return found


def wipe(conn: psycopg.Connection) -> None:
    conn.execute(
        "TRUNCATE community, telemetry, latest, ledger, dead_letter, rollup_hour, rollup_due RESTART IDENTITY CASCADE"
    )


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rng=st.randoms(use_true_random=False), cuts=st.lists(st.integers(0, 30), max_size=6))
def test_any_order_and_any_repetition_end_in_the_same_database(
    database_url: str, expected: list[list[tuple[object, ...]]], rng: random.Random, cuts: list[int]
) -> None:
    messages = recorded()
    messages += rng.choices(messages, k=5)
    rng.shuffle(messages)
    with intake_on(database_url) as intake:
        wipe(intake.conn)
        found = outcome(intake, grouped(messages, cuts))
        assert intake.rows("SELECT reason FROM dead_letter WHERE replayed_at IS NULL") == []
    for query, rows, wanted in zip(TABLES, found, expected, strict=True):
        assert rows == wanted, query
