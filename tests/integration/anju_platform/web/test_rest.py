"""The REST API over a planted community."""

from typing import Any

import httpx
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
