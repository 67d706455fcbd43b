"""Drift of the champion: one ticket for the platform's operators, in a community of their own."""

from datetime import datetime
from typing import Any

from anju_ml.drift import Drift
from anju_platform.jobs import run_job
from anju_platform.scoring.drift import COMMUNITY, record_drift
from anju_platform.scoring.history import read_history
from anju_platform.scoring.jobs import DRIFT, JOBS
from anju_platform.scoring.lists import list_models
from anju_platform.tickets.models import CloseReason, Finding

from .conftest import DAY, NOW, TRAINED_AT, Platform

WEEK = 7 * DAY


def looked(*names: str, until: datetime = NOW) -> Drift:
    """What a look finds when the failures of kinds `names` are off."""
    rows: list[dict[str, Any]] = [{"group": name, "drifted": True} for name in names]
    lines = [f"{name}: too many" for name in names]
    return Drift(NOW - 60 * DAY, until, rows, [], lines, lines)


def look(platform: Platform, drift: Drift) -> int | None:
    champion = platform.stored or platform.trust()
    with platform.pool.connection() as conn:
        return record_drift(conn, champion, drift, now=drift.until)


def entries(platform: Platform, ticket_id: int) -> list[str]:
    rows = platform.write("SELECT action FROM ticket_log WHERE ticket_id = %s ORDER BY version", ticket_id)
    return [row["action"] for row in rows]


def test_a_model_that_fits_opens_nothing(platform: Platform) -> None:
    assert look(platform, looked()) is None
    assert platform.write("SELECT id FROM ticket") == []
    assert platform.write("SELECT id FROM community WHERE id = %s", COMMUNITY) == []


def test_a_drifted_model_opens_one_ticket_and_no_second(platform: Platform) -> None:
    ticket_id = look(platform, looked("lift"))
    assert ticket_id is not None
    assert look(platform, looked("lift", until=NOW + WEEK)) == ticket_id
    [row] = platform.write("SELECT community_id, asset_id, origin, state, title_en FROM ticket")
    assert row["community_id"] == COMMUNITY
    assert row["asset_id"] is None
    assert (row["origin"], row["state"]) == ("request", "new")
    assert row["title_en"] == "Anju platform: the prediction model no longer fits"
    assert entries(platform, ticket_id) == ["opened", "noted"]


def test_drift_that_changes_or_ends_is_noted_on_the_open_ticket(platform: Platform) -> None:
    ticket_id = look(platform, looked("lift"))
    assert ticket_id is not None
    assert look(platform, looked("lift", "door", until=NOW + WEEK)) == ticket_id
    assert look(platform, looked(until=NOW + 2 * WEEK)) == ticket_id
    assert look(platform, looked(until=NOW + 3 * WEEK)) == ticket_id
    assert entries(platform, ticket_id) == ["opened", "noted", "noted", "noted"]


def test_a_closed_ticket_is_followed_by_another_only_when_the_drift_is_another(platform: Platform) -> None:
    first = look(platform, looked("lift"))
    assert first is not None
    platform.close(first, NOW, CloseReason.WITHDRAWN)
    assert look(platform, looked("lift", until=NOW + WEEK)) == first
    assert look(platform, looked(until=NOW + WEEK)) is None
    second = look(platform, looked("door", until=NOW + 2 * WEEK))
    assert second not in (None, first)
    [row] = platform.write("SELECT previous_id FROM ticket WHERE id = %s", second)
    assert row["previous_id"] == first


def test_the_operators_serve_the_ticket_like_any_other(platform: Platform) -> None:
    ticket_id = look(platform, looked("lift"))
    assert ticket_id is not None
    platform.serve(ticket_id, NOW + DAY, Finding.NOTHING_FOUND)
    assert platform.write("SELECT id FROM repair") == []


def test_the_ticket_is_no_asset_and_no_history_of_prediction(platform: Platform) -> None:
    platform.add("jinxiu:lift-01")
    look(platform, looked("lift"))
    with platform.pool.connection() as conn:
        history = read_history(conn, as_of=NOW)
    assert history.assets["asset_id"].to_list() == ["jinxiu:lift-01"]
    assert len(history.repairs) == len(history.complaints) == 0


def test_the_last_look_stays_with_the_model(platform: Platform) -> None:
    look(platform, looked("lift"))
    with platform.pool.connection() as conn:
        [model] = list_models(conn, limit=1)
    assert model.metrics["brier"] == 0.1
    assert model.drift is not None
    assert model.drift.until == NOW
    assert model.drift.drifted
    assert model.drift.of("zh") == ["lift: too many"]


def test_without_a_champion_the_weekly_job_says_so(platform: Platform) -> None:
    assert DRIFT in JOBS
    assert run_job(DRIFT, platform.context())
    [row] = platform.write("SELECT detail FROM job_run WHERE job = 'drift'")
    assert row["detail"] == {"model": None, "why_not": "there is no champion"}


def test_a_champion_that_cannot_be_loaded_is_named(platform: Platform) -> None:
    stored = platform.trust()
    assert run_job(DRIFT, platform.context())
    [row] = platform.write("SELECT detail FROM job_run WHERE job = 'drift'")
    assert row["detail"]["model"] == stored.id
    assert row["detail"]["why_not"]


def test_failures_that_stay_away_reach_the_operators_by_the_weekly_job(platform: Platform, readable: bytes) -> None:
    """The model has learnt from pumps that failed every month or two; these never do."""
    champion = platform.trust(as_of=TRAINED_AT)
    platform.write("UPDATE model SET artifact = %s WHERE id = %s RETURNING id", readable, champion.id)
    for number in range(20):
        platform.add(f"jinxiu:pump-{number}", "pump")
        heat = platform.point(f"jinxiu:pump-{number}", "bearing_c")
        for day in range(60):
            platform.hour(heat, NOW - (60 - day) * DAY, 40.0 + number / 10)
    assert run_job(DRIFT, platform.context())
    [row] = platform.write("SELECT detail FROM job_run WHERE job = 'drift'")
    [count] = row["detail"]["calibration"]
    assert (count["group"], count["observed"], count["drifted"]) == ("pump", 0, True)
    [ticket] = platform.write("SELECT id, community_id FROM ticket")
    assert ticket == {"id": row["detail"]["ticket"], "community_id": COMMUNITY}


def test_a_champion_of_this_week_is_not_looked_at_yet(platform: Platform) -> None:
    stored = platform.trust(as_of=NOW - DAY)
    assert run_job(DRIFT, platform.context())
    [row] = platform.write("SELECT detail FROM job_run WHERE job = 'drift'")
    assert row["detail"] == {"model": stored.id, "why_not": "trained less than 7 days ago"}
