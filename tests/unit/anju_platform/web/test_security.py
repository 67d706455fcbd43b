"""Which requests are refused, and what a browser is told on every answer."""

import asyncio
from typing import Any

import pytest

from anju_platform.web.security import HEADERS, SecurityMiddleware, is_cross_site

OWN = {"host": "127.0.0.1:8000"}


async def _inner(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": [(b"referrer-policy", b"no-referrer")]})
    await send({"type": "http.response.body", "body": b""})


def ask(method: str, headers: dict[str, str], hosts: tuple[str, ...] = ("127.0.0.1", "[::1]")) -> tuple[int, Any]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "headers": pairs, "path": "/"}
    asyncio.run(SecurityMiddleware(_inner, hosts=hosts)(scope, _nothing, send))
    return sent[0]["status"], dict(sent[0]["headers"])


async def _nothing() -> dict[str, str]:
    return {"type": "http.disconnect"}


@pytest.mark.parametrize(
    ("headers", "cross"),
    [
        ({"sec-fetch-site": "same-origin"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"sec-fetch-site": "cross-site"}, True),
        ({"sec-fetch-site": "same-site", "origin": "http://127.0.0.1:8000"}, True),
        ({"origin": "http://127.0.0.1:8000"}, False),
        ({"origin": "http://127.0.0.1:9000"}, True),
        ({"origin": "null"}, True),
        ({}, False),
    ],
)
def test_a_browser_says_where_a_request_comes_from(headers: dict[str, str], *, cross: bool) -> None:
    assert is_cross_site({**OWN, **headers}) is cross


def test_a_post_from_another_site_is_refused_but_a_link_to_this_one_is_followed() -> None:
    foreign = {**OWN, "sec-fetch-site": "cross-site"}
    assert ask("POST", foreign)[0] == 403
    assert ask("GET", foreign)[0] == 204


def test_a_program_without_a_browser_may_post() -> None:
    assert ask("POST", OWN)[0] == 204


@pytest.mark.parametrize("host", ["rebound.example", "rebound.example:8000", "", "127.0.0.1.example", "[::2]:80"])
def test_a_name_that_merely_points_here_is_refused(host: str) -> None:
    assert ask("GET", {"host": host})[0] == 400
    assert ask("GET", {"host": host}, hosts=("*",))[0] == 204


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8000", "[::1]", "[::1]:8000"])
def test_its_own_names_are_known_with_and_without_a_port(host: str) -> None:
    assert ask("GET", {"host": host})[0] == 204


def test_every_answer_forbids_what_no_page_of_ours_needs_and_keeps_what_it_says_itself() -> None:
    for headers in (ask("GET", OWN)[1], ask("POST", {**OWN, "origin": "http://elsewhere"})[1]):
        assert headers[b"content-security-policy"] == HEADERS["Content-Security-Policy"].encode()
        assert headers[b"x-content-type-options"] == b"nosniff"
    assert ask("GET", OWN)[1][b"referrer-policy"] == b"no-referrer"
    assert "unsafe" not in HEADERS["Content-Security-Policy"]


def test_what_is_no_request_passes_through() -> None:
    seen: list[str] = []

    async def inner(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(scope["type"])

    asyncio.run(SecurityMiddleware(inner)({"type": "lifespan"}, _nothing, _nothing))  # type: ignore[arg-type]
    assert seen == ["lifespan"]
