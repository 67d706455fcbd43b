"""The demo's figures from a hand-made database, publication log and truth file."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from anju_simulators.demo.database import Database
from anju_simulators.demo.report import Span, figures, read_truth
from anju_simulators.devices.publication import PublicationLog
from anju_simulators.records import LifeTruth
from anju_simulators.truth import write_truth

T0 = datetime(2026, 1, 1, tzinfo=UTC)
SPAN = Span(T0, T0 + timedelta(days=10), tolerance=timedelta(hours=3))
LIFT, METER = 1, 2
"""Ids of lift-01's point trips and em-001's point power_w in a fresh database."""
READER = 3
"""Id of em-001's comm_errors."""


def hours(count: float) -> datetime:
    return T0 + timedelta(hours=count)


LIVES = (
    LifeTruth("lift-01", "brake", 3, hours(-900), hours(-90), hours(-40), hours(100), hours(120), "failure", "wear"),
    LifeTruth("em-001", "comm_module", 0, hours(-900), None, None, hours(5000), None, "running", "sudden"),
)


@pytest.fixture
def conn(database_url: str) -> Iterator[psycopg.Connection]:
    """A community of one lift and one meter, with readings, events and tickets of ten live days."""
    with psycopg.connect(database_url, autocommit=True) as conn:
        conn.execute("INSERT INTO community VALUES ('jinxiu', '锦绣花园', 'Jinxiu Garden', DEFAULT, %s)", [T0])
        for code, kind in (("lift-01", "lift"), ("em-001", "electric_meter")):
            conn.execute(
                "INSERT INTO asset (community_id, code, kind, model, first_seen_at) VALUES ('jinxiu', %s, %s, 'm', %s)",
                [code, kind, T0],
            )
        for asset, point in ((1, "trips"), (2, "power_w"), (2, "comm_errors")):
            conn.execute("INSERT INTO point (asset_id, code) VALUES (%s, %s)", [asset, point])
        for day in (T0.date(), T0.date() - timedelta(days=1)):
            conn.execute("SELECT telemetry_ensure_day(%s)", [day])
        yield conn


def store(conn: psycopg.Connection, point: int, at: datetime, value: float) -> None:
    conn.execute("INSERT INTO telemetry VALUES (%s, %s, %s)", [point, at, value])


def open_ticket(conn: psycopg.Connection, origin: str, opened_at: datetime) -> None:
    conn.execute(
        "INSERT INTO ticket (community_id, asset_id, component, origin, state, priority, title_zh, title_en, opened_at,"
        " expires_at, version) VALUES ('jinxiu', 1, %s, %s, 'new', 'normal', '制动器', 'brake', %s, %s, 1)",
        ["brake" if origin == "proactive" else origin, origin, opened_at, opened_at + timedelta(days=30)],
    )


def test_every_figure_comes_from_what_is_stored_published_and_true(
    conn: psycopg.Connection, database_url: str, tmp_path: Path
) -> None:
    with PublicationLog(tmp_path / "log.csv") as log:
        log.reading("lift-01", "trips", hours(1), 10.0)
        log.reading("lift-01", "trips", hours(2), 11.0)
        log.reading("em-001", "power_w", hours(1), 1500.5)
        log.event("lift-01", "lift.vibration", hours(1), "raise")
    store(conn, LIFT, hours(1), 10.0)
    store(conn, METER, hours(1.01), 1500.5)
    store(conn, METER, hours(1.5), 1500.5)
    store(conn, READER, hours(1), 0.0)
    store(conn, LIFT, hours(-1), 9.0)
    conn.execute(
        "INSERT INTO event (asset_id, at, code, state, severity, received_at) SELECT 1, t, 'lift.vibration', 'raise',"
        " 'minor', t FROM unnest(%s::timestamptz[]) AS t",
        [[hours(1), hours(1) + timedelta(microseconds=5), hours(7)]],
    )
    conn.execute(
        "INSERT INTO dead_letter (received_at, topic, reason, detail, payload) VALUES (%s, 't', 'r', 'd', '')", [T0]
    )
    open_ticket(conn, "proactive", hours(10))
    open_ticket(conn, "complaint", hours(110))
    open_ticket(conn, "alarm", hours(20 * 24))
    conn.execute(
        "INSERT INTO complaint (community_id, asset_id, at, category) VALUES ('jinxiu', 1, %s, 'noise')", [hours(110)]
    )
    write_truth(tmp_path / "truth.csv", LIVES)
    database = Database(database_url, "jinxiu")
    found = figures(database, tmp_path / "log.csv", tmp_path / "truth.csv", SPAN)
    database.close()
    assert found.pop("flavour") in {"plain", "timescale"}
    assert found == {
        "samples_published": 3,
        "samples_stored": 2,
        "lost": 1,
        "duplicated": 2,
        "dead_letters": 1,
        "assets": {"electric_meter": 1, "lift": 1},
        "heard": {"lift": 1, "electric_meter": 1},
        "model_opens_tickets": False,
        "failures": 1,
        "tickets": {"proactive": 1, "alarm": 0, "complaint": 1},
        "before_complaint": {"eligible": 1, "ahead": 1},
        "needed": 1,
        "precision": 1.0,
        "lead_hours": {"p10": 90.0, "p50": 90.0},
    }


def test_the_truth_file_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    write_truth(tmp_path / "truth.csv", LIVES)
    assert tuple(read_truth(tmp_path / "truth.csv")) == LIVES


def test_the_status_line_has_its_figures_even_before_anything_happened(
    conn: psycopg.Connection, database_url: str
) -> None:
    database = Database(database_url, "jinxiu")
    assert (database.readings_count(T0), database.open_tickets(), database.newest_ticket()) == (0, {}, None)
    assert (database.gateway_state(), database.scored_until(), database.last_moment()) == (None, None, None)
    assert (database.has_champion(), database.rollups_due(T0, hours(1)), database.samples_committed(T0)) == (
        False,
        0,
        0,
    )
    open_ticket(conn, "proactive", hours(1))
    store(conn, LIFT, hours(1), 1.0)
    store(conn, READER, hours(1), 1.0)
    newest = database.newest_ticket()
    assert (database.readings_count(T0), database.open_tickets()) == (1, {"proactive": 1})
    assert newest is not None
    assert newest["title_en"] == "brake"
    database.close()


def test_the_demo_can_change_nothing_in_the_database(database_url: str) -> None:
    with closing(Database(database_url, "jinxiu")) as database, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        database._conn.execute("DELETE FROM ticket_log")
