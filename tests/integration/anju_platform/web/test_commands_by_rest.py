"""Commands in the REST API: what is asked for is on record with who and why."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from anju_platform.commands import store
from anju_platform.commands.models import Act
from anju_platform.errors import NotFound

NOW = datetime(2026, 3, 10, 2, 30, tzinfo=UTC)
ORDER = {"action": "unlock", "params": {"seconds": 5}, "actor": "wang", "why": "访客在门口等候"}


def post(own: httpx.Client, path: str, body: Any, *, status: int = 201) -> Any:
    answer = own.post(f"/api/v1{path}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_an_order_is_on_record_with_who_why_and_how_long(own: httpx.Client, conn: psycopg.Connection) -> None:
    asset = asset_with_gateway(conn)
    made = post(own, f"/assets/{asset}/commands", ORDER | {"valid_for_s": 60})
    assert (made["state"], made["answer"], made["asset"]) == ("asked", None, asset)
    assert (made["action"], made["params"], made["actor"], made["why"]) == (
        "unlock",
        {"seconds": 5},
        "wang",
        ORDER["why"],
    )
    issued, expires = (datetime.fromisoformat(made[name]) for name in ("issued_at", "expires_at"))
    assert expires - issued == timedelta(seconds=60)
    assert [(act["act"], act["detail"]) for act in made["log"]] == [("asked", {"actor": "wang"})]
    assert own.get(f"/api/v1/commands/{made['id']}").json() == made


def test_commands_are_listed_newest_first_by_community_and_asset(own: httpx.Client, conn: psycopg.Connection) -> None:
    asset = asset_with_gateway(conn)
    ids = [post(own, f"/assets/{asset}/commands", ORDER)["id"] for _ in range(3)]
    first = own.get("/api/v1/commands", params={"asset": asset, "limit": 2}).json()
    rest = own.get("/api/v1/commands", params={"asset": asset, "limit": 2, "cursor": first["next"]}).json()
    assert [one["id"] for one in first["items"] + rest["items"]] == ids[::-1]
    assert own.get("/api/v1/commands", params={"community": "nowhere"}).json()["items"] == []


def test_a_gateway_itself_can_be_told(own: httpx.Client, conn: psycopg.Connection) -> None:
    gateway = asset_with_gateway(conn, column="gateway_id")
    body = {"action": "announce", "actor": "wang", "why": "新装了设备"}
    made = post(own, f"/communities/jinxiu/gateways/{gateway}/commands", body)
    assert (made["asset"], made["gateway"], made["state"]) == (None, gateway, "asked")
    post(own, "/communities/jinxiu/gateways/gw-99/commands", body, status=404)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"action": "un lock"}, "action"),
        ({"valid_for_s": 0}, "valid_for_s"),
        ({"valid_for_s": 90_000}, "valid_for_s"),
        ({"why": " "}, "why"),
        ({"actor": ""}, "actor"),
        ({"params": {"seconds": [5]}}, None),
        ({"params": {f"p{number}": "x" * 200 for number in range(17)}}, "params"),
    ],
)
def test_an_order_that_cannot_be_taken_says_what_is_wrong(
    own: httpx.Client, conn: psycopg.Connection, change: dict[str, Any], field: str | None
) -> None:
    problem = post(own, f"/assets/{asset_with_gateway(conn)}/commands", ORDER | change, status=422)
    assert field is None or field in {error["field"] for error in problem["errors"]}


def test_nobody_can_be_told_for_an_asset_that_is_unknown_or_was_only_imported(
    own: httpx.Client, conn: psycopg.Connection
) -> None:
    post(own, "/assets/jinxiu:door-99/commands", ORDER, status=404)
    asset = asset_with_gateway(conn)
    conn.execute("UPDATE asset SET gateway_id = NULL WHERE key = %s", [asset])
    assert "no gateway has announced" in post(own, f"/assets/{asset}/commands", ORDER, status=409)["detail"]
    assert own.get("/api/v1/commands/999999").status_code == 404


def test_an_answer_that_comes_after_the_expiry_counts(own: httpx.Client, conn: psycopg.Connection) -> None:
    made = post(own, f"/assets/{asset_with_gateway(conn)}/commands", ORDER)
    answer = {"id": "c", "done": True, "at": NOW.isoformat()}
    with conn.transaction():
        store.record(conn, made["id"], Act.EXPIRED, at=NOW)
    assert own.get(f"/api/v1/commands/{made['id']}").json()["state"] == "expired"
    with conn.transaction():
        store.record(conn, made["id"], Act.DONE, at=NOW, detail=answer, answer=answer)
        store.record(conn, made["id"], Act.REPEATED, at=NOW)
    found = own.get(f"/api/v1/commands/{made['id']}").json()
    assert (found["state"], found["answer"]) == ("done", answer)
    assert [act["act"] for act in found["log"]] == ["asked", "expired", "done", "repeated"]


def test_a_command_whose_time_is_over_counts_as_expired_before_that_is_written_down(
    own: httpx.Client, conn: psycopg.Connection
) -> None:
    made = post(own, f"/assets/{asset_with_gateway(conn)}/commands", ORDER)
    conn.execute("UPDATE command SET issued_at = issued_at - interval '1 h', expires_at = expires_at - interval '1 h'")
    assert own.get(f"/api/v1/commands/{made['id']}").json()["state"] == "expired"


def test_nothing_is_recorded_for_a_command_that_is_not_there(conn: psycopg.Connection) -> None:
    with pytest.raises(NotFound), conn.transaction():
        store.record(conn, 999_999, Act.SENT, at=NOW)


def asset_with_gateway(conn: psycopg.Connection, column: str = "key") -> str:
    row = conn.execute(
        f"SELECT {column} FROM asset WHERE gateway_id IS NOT NULL ORDER BY id LIMIT 1".encode()
    ).fetchone()
    assert row is not None
    return str(row[0])
