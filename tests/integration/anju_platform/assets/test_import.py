"""A history folder becomes the past of a community; what is there already stays and nothing comes twice."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from arriving import birth, intake_on, telemetry
from click.testing import CliRunner

from anju_contracts.birth import Asset, Point
from anju_contracts.clock import ScaledClock
from anju_contracts.topics import GatewayAddress
from anju_ml.history import read_history
from anju_platform.assets.history_import import Target, import_history
from anju_platform.cli import main
from anju_platform.config import Settings
from anju_platform.errors import Invalid
from anju_platform.storage.rollups import recompute_due

END = datetime(2026, 3, 10, tzinfo=UTC)
CLOCK = ScaledClock(END, datetime.now(UTC), 1.0)
HOURS = 24 * 40
ROLLUPS = (
    "SELECT p.code, hour, n, sum, first, last FROM rollup_hour JOIN point p ON p.id = point_id ORDER BY p.id, hour"
)


def write(folder: Path, name: str, lines: list[str]) -> None:
    (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pumps, a kind that Anju has never heard of, with 40 days of hourly readings; pump-2 has no flow."""
    history = tmp_path / "history"
    history.mkdir()
    assets = ["asset_id,kind,model,installed_on,label_zh,storeys,entrance"]
    write(history, "assets", [*assets, "pump-1,pump,p9,2020-05-01,一号泵,12,north", "pump-2,pump,p9,,,,"])
    rows = ["asset_id,ts,pressure,flow"]
    for hour in range(HOURS):
        at = (END - timedelta(hours=HOURS - hour)).isoformat()
        rows += [f"pump-1,{at},{hour}.5,{hour % 7}", f"pump-2,{at},{'' if hour % 5 == 0 else 2},"]
    write(history, "readings", rows)
    write(
        history,
        "events",
        ["asset_id,ts,code,severity,state", "pump-1,2026-03-01T10:00:00Z,pump.leak,critical,raise"],
    )
    write(
        history,
        "repairs",
        [
            "asset_id,opened_at,closed_at,component,action,cause,fault_code,fault_found",
            "pump-1,2026-03-01T12:00:00Z,2026-03-01T15:00:00Z,seal,replace,corrective,,true",
            "pump-2,2026-03-09T12:00:00Z,,seal,inspect,preventive,,",
        ],
    )
    write(history, "complaints", ["asset_id,ts,category", "pump-1,2026-03-01T11:00:00Z,noise"])
    return history


def run(url: str, folder: Path, *more: str, days: int = 10) -> dict[str, object]:
    report = folder.parent / "report.json"
    environment = {"ANJU_DATABASE_URL": url, "ANJU_CLOCK": str(CLOCK), "ANJU_TELEMETRY_DAYS": str(days)}
    arguments = ["import", str(folder), "--community", "yihe", "--label-zh", "颐和", "--json", str(report), *more]
    result = CliRunner().invoke(main, arguments, env=environment, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    found: dict[str, object] = json.loads(report.read_text(encoding="utf-8"))
    return found


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as conn:
        return conn.execute(query.encode()).fetchall()


def test_everything_is_there_and_a_second_import_changes_nothing(database_url: str, folder: Path) -> None:
    written = run(database_url, folder)
    values = HOURS * 2 + HOURS * 4 // 5
    assert {name: written[name] for name in ("assets", "points", "rollups", "events", "repairs", "complaints")} == {
        "assets": 2,
        "points": 3,
        "rollups": values,
        "events": 1,
        "repairs": 2,
        "complaints": 1,
    }
    kept = rows(database_url, "SELECT count(*), min(at) FROM telemetry")
    assert written["readings"] == kept[0][0]
    assert kept[0][1] == END - timedelta(days=10)
    tables = ("rollup_hour", "telemetry", "event", "repair", "complaint", "asset", "point", "latest")
    before = [rows(database_url, f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables]
    again = run(database_url, folder)
    assert [again[name] for name in ("readings", "rollups", "events", "repairs", "complaints")] == [0] * 5
    assert [rows(database_url, f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables] == before
    assert rows(database_url, "SELECT count(*) FROM rollup_due") == [(0,)]


def test_the_registry_has_what_the_folder_says(database_url: str, folder: Path) -> None:
    run(database_url, folder)
    assert rows(database_url, "SELECT label_zh, label_en, imported_until FROM community") == [
        ("颐和", "颐和", END - timedelta(hours=1))
    ]
    assert rows(database_url, "SELECT key, kind, label_zh, installed_on::text, attributes FROM asset ORDER BY key") == [
        ("yihe:pump-1", "pump", "一号泵", "2020-05-01", {"storeys": 12.0, "entrance": "north"}),
        ("yihe:pump-2", "pump", None, None, {}),
    ]
    assert rows(
        database_url, "SELECT a.code, p.code, unit FROM point p JOIN asset a ON a.id = asset_id ORDER BY 1, 2"
    ) == [
        ("pump-1", "flow", "1"),
        ("pump-1", "pressure", "1"),
        ("pump-2", "pressure", "1"),
    ]
    assert rows(database_url, "SELECT value FROM latest JOIN point p ON p.id = point_id WHERE code = 'flow'") == [
        (float((HOURS - 1) % 7),)
    ]
    assert rows(database_url, "SELECT count(*) FROM ticket") == [(0,)]


def test_imported_rollups_are_those_that_the_rollup_job_would_compute(database_url: str, folder: Path) -> None:
    readings = (folder / "readings.csv").read_text(encoding="utf-8").splitlines()
    extra = [line.replace(":00:00+", ":20:00+") for line in readings[1:] if line.startswith("pump-1")]
    write(folder, "readings", [*readings, *extra])
    run(database_url, folder, days=400)
    imported = rows(database_url, ROLLUPS)
    with psycopg.connect(database_url, autocommit=True) as conn:
        conn.execute("DELETE FROM rollup_hour")
        conn.execute("INSERT INTO rollup_due (community_id, hour) SELECT 'yihe', date_trunc('hour', at) FROM telemetry")
        recompute_due(conn, now=END + timedelta(days=1))
    assert rows(database_url, ROLLUPS) == imported
    assert max(row[2] for row in imported) == 2  # type: ignore[type-var]


def test_a_repair_that_was_open_gets_its_outcome_by_the_next_import(database_url: str, folder: Path) -> None:
    run(database_url, folder)
    repairs = (folder / "repairs.csv").read_text(encoding="utf-8")
    closed = repairs.replace("2026-03-09T12:00:00Z,,seal", "2026-03-09T12:00:00Z,2026-03-09T13:00:00Z,seal")
    (folder / "repairs.csv").write_text(closed, encoding="utf-8")
    assert run(database_url, folder)["repairs"] == 1
    assert rows(database_url, "SELECT count(*) FROM repair WHERE closed_at IS NULL") == [(0,)]


def test_what_a_birth_said_and_what_came_live_stands(database_url: str, folder: Path) -> None:
    at = END - timedelta(hours=1)
    live = ("pump-1/pressure", at + timedelta(minutes=30), 1.0)
    with intake_on(database_url) as intake:
        address = GatewayAddress("yihe", "gw-1")
        announced = Asset("pump-1", "booster", "live", [Point("pressure", "bar")])
        intake.take(birth([announced], at=END - timedelta(days=1), address=address), now=END)
        intake.take(telemetry([live], seq=1, at=END, address=address), now=END)
        intake.take(telemetry([("pump-1/pressure", at, 2.0)], seq=2, at=END, address=address), now=END)
        recompute_due(intake.conn, now=END + timedelta(days=1))
    run(database_url, folder)
    assert rows(database_url, "SELECT kind, model, gateway_id FROM asset WHERE code = 'pump-1'") == [
        ("booster", "live", "gw-1")
    ]
    query = "SELECT {} JOIN point p ON p.id = point_id JOIN asset a ON a.id = asset_id WHERE a.code || p.code = {}"
    pressure = "'pump-1pressure'"
    assert rows(database_url, query.format("unit, value FROM latest", pressure)) == [("bar", 1.0)]
    with psycopg.connect(database_url, autocommit=True) as conn:
        recompute_due(conn, now=END + timedelta(days=1))
    found = rows(database_url, query.format("n, last FROM rollup_hour", pressure) + " ORDER BY hour DESC LIMIT 1")
    assert found == [(2, 1.0)]


def test_bad_rows_are_reported_by_file_and_line_and_can_stop_the_import(database_url: str, folder: Path) -> None:
    events = (folder / "events.csv").read_text(encoding="utf-8")
    (folder / "events.csv").write_text(events + "pump-9,2026-03-01T10:00:00Z,x,minor,raise\n", encoding="utf-8")
    report = run(database_url, folder)
    assert report["refused"] == [{"file": "events.csv", "line": 3, "reason": "asset pump-9 is not in assets"}]
    environment = {"ANJU_DATABASE_URL": database_url, "ANJU_CLOCK": str(CLOCK)}
    arguments = ["import", str(folder), "--community", "other", "--on-bad-row", "stop"]
    result = CliRunner().invoke(main, arguments, env=environment)
    assert result.exit_code == 1
    assert "pump-9" in result.output
    assert rows(database_url, "SELECT id FROM community") == [("yihe",)]


def test_a_history_from_the_future_or_with_impossible_names_is_refused(database_url: str, folder: Path) -> None:
    early = Settings(database_url, clock=ScaledClock(END - timedelta(days=5), datetime.now(UTC), 1.0))
    with pytest.raises(Invalid, match="history: its last moment"):
        imported(early, folder, "yihe")
    with pytest.raises(Invalid, match="community: got 'a b'"):
        imported(Settings(database_url, clock=CLOCK), folder, "a b")
    write(folder, "assets", ["asset_id,kind,model,installed_on", "pump 1,pump,p9,", "pump-2,pump,p9,"])
    with pytest.raises(Invalid, match=r"assets\.asset_id: got 'pump 1'"):
        imported(Settings(database_url, clock=CLOCK), folder, "yihe")


def imported(settings: Settings, folder: Path, community: str) -> None:
    history, _ = read_history(folder)
    import_history(settings, history, Target(community), now=settings.clock.now(), progress=lambda _: None)
