"""`anju train` and `anju score` with the real model, on a small history in a database."""

import json
import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from anju_platform.cli import main
from anju_platform.errors import Conflict
from anju_platform.jobs import Job, run_job
from anju_platform.scoring.jobs import SCORE, TRAIN, run_by_hand

from .conftest import DAY, HOUR, NOW, Platform

DAYS = 300
PUMPS = 30
Rows = list[tuple[object, ...]]
WARNING_DAYS = 20


def tell_pumps(platform: Platform) -> None:
    """Pumps that grow warm for WARNING_DAYS before their bearing fails, every 40 to 60 days; one is warm now."""
    chance = random.Random(7)
    rollups: Rows = []
    repairs: Rows = []
    events: Rows = []
    for number in range(PUMPS):
        key = f"jinxiu:pump-{number:02}"
        asset = platform.add(key, "pump")
        point = platform.point(key, "bearing_c")
        fails = [chance.randint(5, 120)]
        while fails[-1] < DAYS:
            fails.append(fails[-1] + chance.randint(25, 140))
        fails[-1] = DAYS + (2 if number == 0 else 100)
        for day in range(DAYS):
            left = min(fail - day for fail in fails if fail >= day)
            warmth = 12.0 * max(0.0, 1.0 - left / WARNING_DAYS)
            at = NOW - (DAYS - day) * DAY
            if chance.random() < 0.02 + 0.3 * (warmth > 6.0):
                events.append((asset, at + 3 * HOUR))
            rollups += [(point, at + hours * HOUR, 40.0 + warmth + chance.gauss(0, 0.5)) for hours in (6, 18)]
        done = [(NOW - (DAYS - fail) * DAY, "corrective") for fail in fails if fail < DAYS]
        done.append((NOW - (DAYS - 5 - number) * DAY, "preventive"))
        repairs += [(asset, at, at + 5 * HOUR, cause) for at, cause in done]
    _insert(platform, rollups, repairs, events)


def _insert(platform: Platform, rollups: Rows, repairs: Rows, events: Rows) -> None:
    with platform.pool.connection() as conn, conn.cursor() as cur:
        cur.executemany(
            "INSERT INTO rollup_hour (point_id, hour, n, sum, min, max, first, last)"
            " SELECT p, h, 1, v, v, v, v, v FROM (VALUES (%s, %s::timestamptz, %s)) AS told (p, h, v)",
            rollups,
        )
        cur.executemany(
            "INSERT INTO repair (asset_id, opened_at, closed_at, component, action, cause, fault_found)"
            " VALUES (%s, %s, %s, 'bearing', 'replace', %s, true)",
            repairs,
        )
        cur.executemany(
            "INSERT INTO event (asset_id, at, code, state, severity, received_at)"
            " VALUES (%s, %s, 'pump.warm', 'momentary', 'minor', '2026-01-01')",
            events,
        )
        conn.execute("UPDATE community SET imported_until = %s", (NOW,))


def run(platform: Platform, *arguments: str, policy: str = "") -> Result:
    environment = {"ANJU_DATABASE_URL": platform.url, "ANJU_POLICY": policy}
    return CliRunner().invoke(main, arguments, env=environment)


def report_of(platform: Platform, path: Path, *arguments: str) -> dict[str, Any]:
    result = run(platform, *arguments, "--json", str(path))
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def test_from_a_history_to_a_ticket_about_the_pump_that_grows_warm(platform: Platform, tmp_path: Path) -> None:
    tell_pumps(platform)
    trained = report_of(platform, tmp_path / "train.json", "train")
    assert (trained["role"], trained["why_not"], trained["as_of"]) == ("champion", "", "2026-03-01T00:00:00Z")
    scored = report_of(platform, tmp_path / "score.json", "score")
    mended = platform.write("SELECT DISTINCT asset_id FROM repair WHERE closed_at > %s", NOW - 3 * DAY)
    assert mended, "a part that was mended in the last days says nothing yet"
    assert scored["predictions"] == PUMPS - len(mended)
    assert scored["opened"] >= 1
    tickets = platform.write("SELECT asset_id, component, origin FROM ticket")
    assert {"asset_id": platform.assets["jinxiu:pump-00"], "component": "bearing", "origin": "proactive"} in tickets
    assert report_of(platform, tmp_path / "again.json", "score") == scored
    assert len(platform.write("SELECT id FROM ticket")) == scored["opened"]
    rows = platform.write("SELECT job, outcome, as_of FROM job_run ORDER BY id")
    assert [(row["job"], row["outcome"], row["as_of"]) for row in rows] == [
        ("train", "done", NOW),
        ("score", "done", NOW),
        ("score", "done", NOW),
    ]


def test_a_history_too_poor_is_refused_with_a_reason_and_nothing_is_scored(platform: Platform, tmp_path: Path) -> None:
    platform.add("jinxiu:pump-01", "pump")
    platform.hour(platform.point("jinxiu:pump-01", "bearing_c"), NOW - HOUR, 40.0)
    told = run(platform, "train", "--as-of", "2026-03-01")
    assert told.exit_code == 0
    assert "model 1 as of 2026-03-01T00:00:00Z is refused: " in told.output
    scored = report_of(platform, tmp_path / "score.json", "score", "--as-of", "2026-03-01T00:30:00Z")
    assert (scored["model"], scored["predictions"]) == (None, 0)
    assert scored["why"].startswith("model 1 was refused: ")
    assert "nothing scored" in run(platform, "score", "--as-of", "2026-03-01").output


def test_without_data_there_is_no_moment_to_score_at(platform: Platform) -> None:
    told = run(platform, "score")
    assert told.exit_code == 1
    assert told.output.startswith("Error: there are no data yet")


def test_a_wrong_policy_is_said_before_anything_runs(platform: Platform, tmp_path: Path) -> None:
    told = run(platform, "train", "--as-of", "2026-03-01", policy=str(tmp_path / "missing.toml"))
    assert told.exit_code == 1
    assert "ANJU_POLICY" in told.output
    assert platform.write("SELECT id FROM job_run") == []


def test_a_wrong_time_is_said(platform: Platform) -> None:
    told = run(platform, "train", "--as-of", "tomorrow")
    assert told.exit_code == 1
    assert "Error: --as-of: got 'tomorrow'" in told.output


def test_jobs_score_every_day_and_train_every_week() -> None:
    assert (SCORE.every, TRAIN.every) == (timedelta(days=1), timedelta(days=7))


def test_the_worker_s_run_goes_like_the_one_by_hand(platform: Platform) -> None:
    assert run_job(SCORE, platform.context())
    assert run_job(TRAIN, platform.context())
    details = [row["detail"] for row in platform.write("SELECT detail FROM job_run ORDER BY id")]
    assert details[0]["why"] == "no model has been trained"
    assert details[1]["role"] == "refused"


def test_a_failure_comes_through_and_a_run_elsewhere_is_a_conflict(platform: Platform) -> None:
    context = platform.context(policy_file="/nowhere/policy.toml")
    with pytest.raises(Exception, match="ANJU_POLICY"):
        run_by_hand(SCORE, context)

    def while_running(_: object) -> dict[str, object]:
        with pytest.raises(Conflict, match="score runs in another process"):
            run_by_hand(SCORE, platform.context())
        return {}

    assert run_by_hand(Job("score", DAY, while_running), platform.context()) == {}
