"""From predictions to tickets: which are opened, which join, and that a run can be repeated."""

from dataclasses import replace
from datetime import timedelta

import pytest

from anju_ml.policy import Policy
from anju_platform.scoring.precision import precision_of
from anju_platform.scoring.score import score_at
from anju_platform.tickets.models import CloseReason, Finding

from .conftest import DAY, HOUR, NOW, Platform, still


def test_a_likely_failure_becomes_a_proactive_ticket_that_says_why(platform: Platform) -> None:
    platform.add("jinxiu:lift-01")
    told = platform.score(door_operator=0.7, brake=0.001)
    assert (told["predictions"], told["opened"], told["joined"]) == (2, 1, 0)
    (ticket,) = platform.write("SELECT * FROM ticket")
    assert (ticket["origin"], ticket["component"], ticket["opened_at"]) == ("proactive", "door_operator", NOW)
    assert ticket["expires_at"] == NOW + 30 * DAY
    assert ticket["title_zh"] == "lift-01 · 门机：30 天内故障概率 70%"
    assert ticket["title_en"] == "lift-01 · door operator: 70% likely to fail within 30 days"
    (entry,) = platform.write("SELECT * FROM ticket_log")
    data = entry["detail"]["evidence"]["data"]
    assert (data["p_30d"], data["low"], data["high"]) == (0.7, 0.56, 0.84)
    assert data["expected_at"] == "2026-03-13T00:00:00Z"
    assert data["visit_by"] == "2026-03-07T00:00:00Z"
    assert data["reasons"][0]["zh"] == "关门变慢"
    assert data["reasons"][0]["since"] == "2026-02-22T00:00:00Z"
    assert data["bring"]["part_en"] == "door belt, door shoes, door motor"


def test_the_prediction_that_opened_a_ticket_names_it(platform: Platform) -> None:
    platform.add("jinxiu:lift-01")
    platform.score(door_operator=0.7, brake=0.001)
    rows = platform.write("SELECT component, ticket_id, expected_at, reasons FROM prediction ORDER BY component")
    (ticket,) = platform.write("SELECT id FROM ticket")
    assert [row["ticket_id"] for row in rows] == [None, ticket["id"]]
    assert rows[1]["expected_at"] == NOW + 12 * DAY
    assert rows[1]["reasons"][0]["feature"] == "door_close_s.mean_7d"


def test_a_run_at_the_same_moment_changes_nothing(platform: Platform) -> None:
    for number in range(4):
        platform.add(f"jinxiu:lift-0{number}")
        platform.model.p_30d[f"jinxiu:lift-0{number}", "door_operator"] = 0.6 + number / 20
    policy = Policy(tickets_per_day=2)
    first = platform.score(policy=policy)
    before = platform.write("SELECT * FROM ticket ORDER BY id"), platform.write("SELECT * FROM prediction ORDER BY id")
    assert platform.score(policy=policy) == first
    assert first["opened"] == 2
    assert platform.write("SELECT * FROM ticket ORDER BY id") == before[0]
    assert platform.write("SELECT * FROM prediction ORDER BY id") == before[1]


def test_the_next_day_leaves_an_open_problem_alone(platform: Platform) -> None:
    platform.add("jinxiu:lift-01")
    platform.score(door_operator=0.7)
    told = platform.score(NOW + DAY)
    assert (told["predictions"], told["opened"], told["joined"]) == (1, 0, 0)
    assert len(platform.write("SELECT version FROM ticket_log")) == 1


@pytest.mark.parametrize("category", ["door_problem", "noise"])
def test_a_prediction_joins_the_ticket_of_a_complaint_once_and_tells_it_the_component(
    platform: Platform, category: str
) -> None:
    platform.add("jinxiu:lift-01")
    complaint = platform.complain("jinxiu:lift-01", category, NOW - 3 * HOUR)
    told = platform.score(door_operator=0.7)
    assert (told["opened"], told["joined"]) == (0, 1)
    assert platform.score(NOW + DAY)["joined"] == 0
    (ticket,) = platform.write("SELECT * FROM ticket")
    assert (ticket["id"], ticket["origin"], ticket["component"]) == (complaint.ticket.id, "complaint", "door_operator")
    assert ticket["expires_at"] is None
    assert [row["action"] for row in platform.write("SELECT action FROM ticket_log ORDER BY version")] == [
        "opened",
        "joined",
    ]


def test_only_the_best_prediction_joins_a_ticket_that_names_no_component(platform: Platform) -> None:
    platform.add("jinxiu:lift-01")
    platform.complain("jinxiu:lift-01", "noise", NOW - 3 * HOUR)
    told = platform.score(door_operator=0.55, traction_bearing=0.8)
    assert (told["opened"], told["joined"]) == (0, 1)
    (ticket,) = platform.write("SELECT component FROM ticket")
    assert ticket["component"] == "traction_bearing"
    assert platform.score(NOW + DAY)["opened"] == 0
    assert platform.score(NOW + 2 * DAY, door_operator=0.9)["opened"] == 1


def test_a_problem_that_was_just_served_is_not_opened_again_at_the_same_probability(platform: Platform) -> None:
    platform.add("jinxiu:lift-01")
    bar = Policy().bar("lift", "door_operator")
    platform.score(door_operator=bar + 0.05)
    (ticket,) = platform.write("SELECT id FROM ticket")
    platform.serve(ticket["id"], NOW + 2 * HOUR, Finding.NOTHING_FOUND)
    assert platform.score(NOW + DAY)["opened"] == 0
    assert platform.score(NOW + 20 * DAY)["opened"] == 1


def test_what_was_withdrawn_cools_down_too_but_lapsed_and_duplicate_ones_do_not_count(platform: Platform) -> None:
    platform.add("jinxiu:lift-01")
    p = Policy().bar("lift", "door_operator") + 0.05
    for day, reason, opened in (
        (0, CloseReason.DUPLICATE, 1),
        (1, CloseReason.LAPSED, 1),
        (2, CloseReason.WITHDRAWN, 0),
    ):
        platform.score(NOW + day * DAY, door_operator=p)
        newest = platform.write("SELECT id FROM ticket ORDER BY id DESC LIMIT 1")[0]["id"]
        platform.close(newest, NOW + day * DAY + HOUR, reason)
        assert platform.score(NOW + (day + 1) * DAY)["opened"] == opened


def test_scoring_an_earlier_moment_again_does_not_open_what_has_been_served_since(platform: Platform) -> None:
    platform.add("jinxiu:lift-01")
    platform.score(door_operator=0.7)
    (ticket,) = platform.write("SELECT id FROM ticket")
    platform.serve(ticket["id"], NOW + 2 * DAY)
    platform.score(NOW + DAY)
    platform.score(NOW)
    assert len(platform.write("SELECT id FROM ticket")) == 1


def test_priority_follows_safety_nearness_and_cost(platform: Platform) -> None:
    platform.add("jinxiu:lift-01")
    platform.add("jinxiu:em-001", "electric_meter")
    platform.model.p_30d["jinxiu:em-001", "register"] = 0.95
    platform.score(door_operator=0.7, brake=0.5)
    rows = platform.write("SELECT component, priority FROM ticket ORDER BY component")
    assert [tuple(row.values()) for row in rows] == [
        ("brake", "high"),
        ("door_operator", "normal"),
        ("register", "low"),
    ]


def test_a_ticket_opens_when_it_is_written_not_when_its_data_ended(platform: Platform) -> None:
    platform.add("jinxiu:lift-01")
    platform.score(took=3 * HOUR, door_operator=0.7)
    (ticket,) = platform.write("SELECT opened_at FROM ticket")
    (prediction,) = platform.write("SELECT as_of FROM prediction")
    assert (ticket["opened_at"], prediction["as_of"]) == (NOW + 3 * HOUR, NOW)


@pytest.mark.parametrize(("severity", "opened"), [("major", 0), ("minor", 1)])
def test_what_an_alarm_says_has_failed_is_not_foreseen(platform: Platform, severity: str, opened: int) -> None:
    asset_id = platform.add("jinxiu:lift-01")
    platform.write(
        "INSERT INTO event (asset_id, at, code, state, severity, received_at)"
        " VALUES (%s, %s, 'lift.start_failure', 'raise', %s, %s) RETURNING id",
        asset_id,
        NOW - HOUR,
        severity,
        NOW,
    )
    assert platform.score(controller=0.8)["opened"] == opened


def test_without_a_champion_nothing_is_scored_and_the_reason_is_said(platform: Platform) -> None:
    assert score_at(platform.pool, as_of=NOW, policy=Policy(), clock=still(NOW))["why"] == "no model has been trained"
    refused = platform.trust(opens_tickets=False)
    told = score_at(platform.pool, as_of=NOW + timedelta(minutes=5), policy=Policy(), clock=still(NOW))
    assert told["model"] is None
    assert told["why"] == f"model {refused.id} was refused: no better"
    assert told["as_of"] == "2026-03-01T00:00:00Z"


def test_a_champion_that_cannot_be_loaded_opens_nothing_and_says_so(platform: Platform) -> None:
    model = platform.trust()
    told = score_at(platform.pool, as_of=NOW, policy=Policy(), clock=still(NOW))
    assert (told["model"], told["opened"]) == (None, 0)
    assert told["why"].startswith(f"model {model.id} can't be loaded, train anew: ")


def test_the_next_good_model_is_a_challenger_and_a_refused_one_retires_only_an_old_champion(platform: Platform) -> None:
    platform.trust(as_of=NOW)
    platform.trust(as_of=NOW + 7 * DAY)
    platform.trust(opens_tickets=False, as_of=NOW + 14 * DAY)
    assert _roles(platform) == ["champion", "challenger", "refused"]
    platform.trust(opens_tickets=False, as_of=NOW + 40 * DAY)
    assert _roles(platform) == ["retired", "challenger", "refused", "refused"]


def test_what_visits_found_is_counted_by_component_and_model(platform: Platform) -> None:
    platform.add("jinxiu:lift-01")
    platform.score(brake=0.9, controller=0.8)
    tickets = {row["component"]: row["id"] for row in platform.write("SELECT id, component FROM ticket")}
    platform.serve(tickets["brake"], NOW + HOUR, Finding.WORN)
    platform.serve(tickets["controller"], NOW + 2 * HOUR, Finding.NOTHING_FOUND)
    with platform.pool.connection() as conn:
        found = precision_of(conn, "jinxiu", now=NOW + DAY)
    assert {(each.component, each.needed, each.served) for each in found.components} == {
        ("brake", 1, 1),
        ("controller", 0, 1),
    }
    (by_model,) = found.models
    assert (by_model.needed, by_model.served, by_model.share) == (1, 2, 0.5)
    assert 0.0 < by_model.low < 0.5 < by_model.high < 1.0


def test_a_borderline_ticket_that_is_held_out_tells_later_what_would_have_come(platform: Platform) -> None:
    platform.add("jinxiu:lift-01")
    policy = replace(Policy(), held_out_share=1.0)
    told = platform.score(policy=policy, controller=policy.bar("lift", "controller") + 0.02)
    assert (told["predictions"], told["opened"]) == (1, 0)
    with platform.pool.connection() as conn:
        assert precision_of(conn, "jinxiu", now=NOW + 5 * DAY).held_out is None
    platform.write(
        "INSERT INTO repair (asset_id, opened_at, component, action, cause, fault_found)"
        " SELECT id, %s, 'controller', 'replace', 'corrective', true FROM asset RETURNING id",
        NOW + 9 * DAY,
    )
    with platform.pool.connection() as conn:
        found = precision_of(conn, "jinxiu", now=NOW + 31 * DAY).held_out
    assert found is not None
    assert (found.needed, found.served) == (1, 1)


def _roles(platform: Platform) -> list[str]:
    return [row["role"] for row in platform.write("SELECT role FROM model ORDER BY id")]
