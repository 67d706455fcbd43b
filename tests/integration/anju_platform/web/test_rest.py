"""The REST API over a planted community."""

from datetime import UTC, datetime
from typing import Any

import httpx
import psycopg
import pytest

LIFT = "jinxiu:lift-03"


def get(client: httpx.Client, path: str, **query: Any) -> Any:
    answer = client.get(f"/api/v1{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_community_says_how_much_it_has_and_how_fresh_it_is(client: httpx.Client) -> None:
    found = get(client, "/communities/jinxiu")
    assert found["label"] == {"zh": "锦绣花园", "en": "Jinxiu Garden"}
    assert found["assets"] == 18
    assert found["data_until"] == "2026-03-10T02:00:00Z"
    assert (found["gateways"], found["gateways_online"]) == (2, 1)


@pytest.mark.parametrize(
    "path",
    [
        "/communities", "/assets", "/events", "/tickets", "/predictions", "/complaints", "/gateways", "/dead-letters",
        "/models",
        f"/assets/{LIFT}/readings", f"/assets/{LIFT}/events", f"/assets/{LIFT}/repairs", f"/assets/{LIFT}/predictions",
        f"/assets/{LIFT}/tickets", f"/assets/{LIFT}/complaints",
    ],
)  # fmt: skip
def test_every_list_can_be_walked_to_its_end_without_repeating_an_item(client: httpx.Client, path: str) -> None:
    at_once = get(client, path, limit=500)
    size = max(len(at_once["items"]) // 3, 1)
    walked, cursor = [], None
    while True:
        page = get(client, path, limit=size, **({"cursor": cursor} if cursor else {}))
        walked += page["items"]
        cursor = page["next"]
        if cursor is None or len(walked) >= len(at_once["items"]):
            break
    assert walked[: len(at_once["items"])] == at_once["items"]


def test_an_asset_has_its_points_with_their_newest_readings(client: httpx.Client) -> None:
    asset = get(client, f"/assets/{LIFT}")
    assert asset["kind_label"] == {"zh": "电梯", "en": "lift"}
    motor = next(point for point in asset["points"] if point["code"] == "door_motor_a")
    assert (motor["unit"], motor["at"], motor["quality"]) == ("A", "2026-03-10T02:00:00Z", 0)
    assert 1.0 < motor["value"] < 1.5


def test_assets_are_found_by_community_and_kind(client: httpx.Client) -> None:
    assert [each["code"] for each in get(client, "/assets", kind="water_meter")["items"]] == [
        f"wm-00{number}" for number in range(1, 5)
    ]
    assert get(client, "/assets", community="elsewhere")["items"] == []


def test_readings_are_given_as_taken_newest_first(client: httpx.Client) -> None:
    found = get(client, f"/assets/{LIFT}/readings", point="door_motor_a")["items"]
    assert len(found) == 24
    assert found[0]["at"] == "2026-03-10T02:00:00Z"
    assert {reading["point"] for reading in found} == {"door_motor_a"}


def test_readings_by_the_hour_carry_their_spread(client: httpx.Client) -> None:
    query = {
        "resolution": "hour",
        "from": "2026-03-09T00:00:00Z",
        "to": "2026-03-09T02:00:00Z",
        "point": "door_close_s",
    }
    found = get(client, f"/assets/{LIFT}/readings", **query)["items"]
    assert [each["at"] for each in found] == ["2026-03-09T01:00:00Z", "2026-03-09T00:00:00Z"]
    assert found[0]["min"] <= found[0]["mean"] <= found[0]["max"]


def test_a_reading_that_was_just_stored_is_there_even_before_the_newest_values_know(
    own: httpx.Client, conn: psycopg.Connection
) -> None:
    conn.execute(
        "INSERT INTO telemetry (point_id, at, value) SELECT p.id, '2026-03-10T02:29:59Z', 9.5 FROM point AS p"
        " JOIN asset AS a ON a.id = p.asset_id WHERE a.key = %s AND p.code = 'door_motor_a'",
        (LIFT,),
    )
    newest = get(own, f"/assets/{LIFT}/readings", point="door_motor_a", limit=1)["items"][0]
    assert (newest["at"], newest["value"]) == ("2026-03-10T02:29:59Z", 9.5)


def test_a_series_is_cut_into_buckets_and_a_counter_into_increases(client: httpx.Client) -> None:
    motor, trips = get(client, f"/assets/{LIFT}/series", point=["door_motor_a", "trips"])
    assert (motor["step_s"], trips["step_s"]) == (3600, 21600)
    assert motor["label"]["zh"] == "门机电流"
    assert len(motor["at"]) == len(motor["value"]) == len(motor["high"]) > 700
    assert all(rise >= 0 for rise in trips["value"] if rise is not None)
    day = get(client, f"/assets/{LIFT}/series", **{"from": "2026-03-09T00:00:00Z", "to": "2026-03-09T04:00:00Z"})
    assert {each["step_s"] for each in day} == {60, 300, 900, 1800} & {each["step_s"] for each in day}


def test_a_series_of_hours_goes_on_with_readings_that_no_rollup_has_seen(
    own: httpx.Client, conn: psycopg.Connection
) -> None:
    conn.execute("DELETE FROM rollup_hour WHERE hour > '2026-03-08T00:00:00Z'")
    (motor,) = get(own, f"/assets/{LIFT}/series", point="door_motor_a")
    assert motor["at"][-1] == datetime(2026, 3, 10, 2, tzinfo=UTC).timestamp()


def test_the_time_axis_holds_what_happened_and_what_was_foreseen(client: httpx.Client) -> None:
    axis = get(client, f"/assets/{LIFT}/timeline", **{"from": "2026-01-10T00:00:00Z", "to": "2026-03-10T03:00:00Z"})
    assert {mark["lane"] for mark in axis["marks"]} == {"event", "repair"}
    assert [ticket["origin"] for ticket in axis["tickets"]] == ["proactive"]
    assert {line["component"] for line in axis["risk"]} == {"door_operator", "brake"}
    heard = get(client, "/assets/jinxiu:lift-02/timeline", **{"from": "2026-02-01T00:00:00Z"})
    complaint = next(mark for mark in heard["marks"] if mark["lane"] == "complaint")
    assert complaint["label"] == {"zh": "异响", "en": "strange noise"}


def test_a_ticket_comes_with_its_log_and_what_opened_it(client: httpx.Client) -> None:
    (ticket,) = get(client, "/tickets", origin="proactive", state="new")["items"]
    assert ticket["asset"] == LIFT
    assert ticket["probability"] == pytest.approx(0.72)
    detail = get(client, f"/tickets/{ticket['id']}")
    assert [entry["action"] for entry in detail["log"]] == ["opened"]
    assert detail["predictions"][0]["reasons"][0]["source"] == "door_motor_a"
    reported = get(client, "/tickets", origin="complaint", state=["new", "resolved"])["items"]
    assert get(client, f"/tickets/{reported[0]['id']}")["complaints"][0]["category_label"]["zh"] == "刷卡无反应"


def test_the_filters_of_events_predictions_and_models_hold(client: httpx.Client) -> None:
    faults = get(client, "/events", code="lift.door_close_fault", limit=500)["items"]
    assert len(faults) == 26
    assert (
        get(client, f"/assets/{LIFT}/events", code="lift.ebike_in_car")["items"][0]["label"]["en"]
        == "e-bike in the car"
    )
    assert {each["severity"] for each in get(client, "/events", severity="critical")["items"]} == {"critical"}
    brake = get(client, "/predictions", component="brake", **{"from": "2026-03-09T00:00:00Z"})["items"]
    assert {each["component_label"]["zh"] for each in brake} == {"制动器"}
    assert [each["role"] for each in get(client, "/models", role="champion")["items"]] == ["champion"]


def test_dead_letters_show_what_came_as_text(own: httpx.Client, conn: psycopg.Connection) -> None:
    conn.execute(
        "INSERT INTO dead_letter (received_at, topic, community_id, reason, detail, payload)"
        " VALUES (now(), 'anju/1/jinxiu/gw-1/telemetry', 'jinxiu', 'malformed', 'no JSON', %s)",
        (b"{\xff" + b"x" * 5000,),
    )
    (letter,) = get(own, "/dead-letters", reason="malformed")["items"]
    assert letter["payload"].startswith("{\\xffxx")
    assert len(letter["payload"]) < 4200


def test_an_alarm_says_when_it_was_cleared(client: httpx.Client) -> None:
    clear, raised = get(client, "/assets/jinxiu:lift-02/events", code="lift.vibration")["items"]
    assert (clear["state"], clear["cleared_at"]) == ("clear", None)
    assert raised["cleared_at"] == clear["at"]
