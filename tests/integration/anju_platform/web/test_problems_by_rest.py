"""Errors: every one is a problem document that names the field; of a page it is a page."""

from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from serving import serving

from anju_simulators.services import Postgres

LIFT = "jinxiu:lift-03"


def problem(client: httpx.Client, path: str, **query: Any) -> Any:
    answer = client.get(f"/api/v1{path}", params=query)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code
    return answer.json()


@pytest.mark.parametrize(
    "path",
    [
        "/communities/nowhere",
        "/assets/jinxiu:lift-99",
        "/assets/jinxiu:lift-99/events",
        "/tickets/999999",
        "/no-such-path",
    ],
)
def test_what_is_not_there_is_not_found(client: httpx.Client, path: str) -> None:
    assert problem(client, path)["status"] == 404


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("/tickets", {"cursor": "bad!"}, "cursor"),
        ("/assets", {"limit": 0}, "limit"),
        ("/assets", {"limit": 501}, "limit"),
        ("/assets/lift-01", {}, "asset"),
        ("/tickets/0", {}, "ticket"),
        ("/tickets", {"state": "lost"}, "state.0"),
        ("/events", {"from": "yesterday"}, "from"),
        ("/events", {"severity": "grave"}, "severity"),
        (f"/assets/{LIFT}/readings", {"point": "no_such_point"}, "point"),
        (f"/assets/{LIFT}/readings", {"from": "2026-03-10T00:00:00Z", "to": "2026-03-01T00:00:00Z"}, "from"),
        (f"/assets/{LIFT}/readings", {"resolution": "minute"}, "resolution"),
        ("/communities/a%00b", {}, "community"),
    ],
)
def test_a_value_that_cannot_be_taken_is_named_with_what_would_be_right(
    client: httpx.Client, path: str, query: dict[str, Any], field: str
) -> None:
    found = problem(client, path, **query)
    assert found["status"] == 422
    assert found["errors"][0]["field"] == field
    assert found["errors"][0]["expected"]


def test_a_method_that_is_not_there_says_which_are(client: httpx.Client) -> None:
    answer = client.delete("/api/v1/tickets/1")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
    assert answer.json()["type"] == "urn:anju:problem:method-not-allowed"


def test_a_body_that_is_no_json_or_too_large_is_refused(client: httpx.Client) -> None:
    headers = {"Content-Type": "application/json"}
    assert client.post("/api/v1/complaints", content=b"{", headers=headers).status_code == 422
    large = b'{"category": "' + b"x" * 300_000 + b'"}'
    assert client.post("/api/v1/complaints", content=large, headers=headers).status_code == 413


def test_errors_of_pages_are_pages_in_the_readers_language(client: httpx.Client) -> None:
    for path, status in (("/c/nowhere", 404), ("/c/jinxiu/tickets?state=lost", 422), ("/tickets/1/none", 404)):
        answer = client.get(path, headers={"Cookie": "anju_lang=en"})
        assert answer.status_code == status
        assert answer.headers["content-type"].startswith("text/html")
    assert "Not found" in client.get("/c/nowhere?lang=en").text
    assert "没有这个页面" in client.get("/c/nowhere?lang=zh").text


def test_while_the_database_is_away_everything_says_so(tmp_path: Path) -> None:
    server = Postgres("plain", tmp_path / "postgres", durable=False)
    with server, serving(server.create_database("empty"), pool_timeout_s=0.5) as address, httpx.Client() as client:
        assert client.get(f"{address}/healthz").json() == {"status": "ok"}
        assert client.get(f"{address}/readyz").status_code == 503
        server.stop()
        away = client.get(f"{address}/api/v1/communities")
        assert (away.status_code, away.headers["retry-after"]) == (503, "5")
        assert away.json()["type"] == "urn:anju:problem:unavailable"
        assert client.get(f"{address}/").status_code == 503
        assert client.get(f"{address}/healthz").status_code == 200
        assert "anju_database_up 0.0" in client.get(f"{address}/metrics").text


def test_a_database_is_ready_when_nothing_is_left_to_migrate(own: httpx.Client, conn: psycopg.Connection) -> None:
    assert own.get("/readyz").json() == {"status": "ok"}
    conn.execute("DELETE FROM schema_migration WHERE name LIKE '0120%%'")
    assert own.get("/readyz").status_code == 503


def test_the_figures_for_prometheus_count_requests_by_route_and_the_fleet_by_state(own: httpx.Client) -> None:
    own.get("/api/v1/tickets/1")
    own.get("/api/v1/tickets/2")
    text = own.get("/metrics").text
    assert "anju_database_up 1.0" in text
    assert 'anju_http_requests_total{method="GET",route="/api/v1/tickets/{ticket}",status="200"} 2.0' in text
    assert 'anju_open_tickets{community="jinxiu",origin="proactive",state="new"} 1.0' in text
    assert 'anju_gateway_online{community="jinxiu",gateway="gw-2"} 0.0' in text
