"""What the REST API changes: tickets and complaints."""

from typing import Any

import httpx
import psycopg
import pytest

NOW = "2026-03-10T02:30:00"
LIFT = "jinxiu:lift-03"


def post(own: httpx.Client, path: str, body: Any, *, status: int = 200, **options: Any) -> Any:
    answer = own.post(f"/api/v1{path}", json=body, **options)
    assert answer.status_code == status, answer.text
    return answer.json()


@pytest.fixture
def proactive(own: httpx.Client) -> int:
    (ticket,) = own.get("/api/v1/tickets", params={"origin": "proactive", "state": "new"}).json()["items"]
    return int(ticket["id"])


def test_a_ticket_is_accepted_resolved_and_closed_and_the_repair_is_on_record(
    own: httpx.Client, proactive: int
) -> None:
    accepted = post(own, f"/tickets/{proactive}/accept", {"actor": "wang", "note": "今天下午去"})
    assert (accepted["state"], accepted["assignee"]) == ("accepted", "wang")
    assert accepted["accepted_at"].startswith(NOW)
    done = {"actor": "wang", "finding": "worn", "action": "replace", "component": "door_operator", "note": "换皮带"}
    assert post(own, f"/tickets/{proactive}/resolve", done)["finding"] == "worn"
    closed = post(own, f"/tickets/{proactive}/close", {"actor": "desk"})
    assert (closed["state"], closed["close_reason"]) == ("closed", "done")
    repairs = own.get(f"/api/v1/assets/{LIFT}/repairs").json()["items"]
    assert [(each["action"], each["cause"]) for each in repairs if each["ticket_id"] == proactive] == [
        ("replace", "preventive")
    ]


def test_a_note_joins_the_log(own: httpx.Client, proactive: int) -> None:
    noted = post(own, f"/tickets/{proactive}/notes", {"actor": "wang", "text": "备件明天到"})
    assert noted["log"][-1]["detail"]["text"] == "备件明天到"


def test_acting_on_a_version_that_is_gone_is_a_conflict(own: httpx.Client, proactive: int) -> None:
    post(own, f"/tickets/{proactive}/accept", {"actor": "wang", "version": 1})
    problem = post(own, f"/tickets/{proactive}/accept", {"actor": "li", "version": 1}, status=409)
    assert problem["type"] == "urn:anju:problem:conflict"


def test_a_visit_in_the_future_is_refused(own: httpx.Client, proactive: int) -> None:
    body = {"actor": "wang", "at": "2026-03-10T04:00:00Z"}
    problem = post(own, f"/tickets/{proactive}/accept", body, status=422)
    assert problem["errors"][0]["field"] == "at"


def test_a_ticket_that_nobody_served_needs_a_reason_to_close(own: httpx.Client, proactive: int) -> None:
    problem = post(own, f"/tickets/{proactive}/close", {"actor": "desk"}, status=422)
    assert problem["errors"][0]["field"] == "reason"
    closed = post(own, f"/tickets/{proactive}/close", {"actor": "desk", "reason": "withdrawn"})
    assert closed["close_reason"] == "withdrawn"


def test_a_report_about_a_lift_with_an_open_proactive_ticket_joins_it(own: httpx.Client, proactive: int) -> None:
    body = {"asset": LIFT, "category": "door_problem", "text": "门关得很慢", "request_id": "r-1"}
    first = post(own, "/complaints", body, status=201)
    assert first["ticket"]["id"] == proactive
    assert first["complaint"]["category_label"]["en"] == "trouble with the door"
    again = post(own, "/complaints", body, status=201)
    assert again["complaint"]["id"] == first["complaint"]["id"]
    assert post(own, "/complaints", {**body, "category": "noise"}, status=409)["status"] == 409


def test_a_report_about_no_asset_opens_a_ticket_of_the_community(own: httpx.Client) -> None:
    told = post(own, "/complaints", {"community": "jinxiu", "category": "other", "text": "路灯不亮"}, status=201)
    assert told["ticket"]["asset"] is None
    assert told["ticket"]["origin"] == "complaint"


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"category": "noise"}, 422, "asset"),
        ({"asset": "jinxiu:lift-01", "category": "sings"}, 422, "category"),
        ({"asset": "jinxiu:lift-99", "category": "noise"}, 404, None),
        ({"asset": "no key", "category": "noise"}, 422, "asset"),
        ({"community": "jinxiu", "category": "noise", "text": "a\x00b"}, 422, "text"),
    ],
)
def test_a_report_that_cannot_be_taken_says_what_is_wrong(
    own: httpx.Client, body: dict[str, str], status: int, field: str | None
) -> None:
    problem = post(own, "/complaints", body, status=status)
    assert [error["field"] for error in problem["errors"]] == ([field] if field else [])


def test_the_categories_are_told(own: httpx.Client) -> None:
    names = {each["name"] for each in own.get("/api/v1/complaint-categories").json()}
    assert {"trapped", "noise", "leak"} <= names


def test_a_post_from_a_page_of_another_site_changes_nothing(
    own: httpx.Client, conn: psycopg.Connection, proactive: int
) -> None:
    for headers in ({"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}):
        problem = post(own, f"/tickets/{proactive}/accept", {"actor": "x"}, status=403, headers=headers)
        assert problem["type"] == "urn:anju:problem:cross-site"
    form = own.post(f"/tickets/{proactive}/accept", data={"actor": "x"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert form.status_code == 403
    row = conn.execute("SELECT state FROM ticket WHERE id = %s", (proactive,)).fetchone()
    assert row == ("new",)
