"""Live updates: what one transaction changed reaches whoever watches that community."""

import json
import threading
import time
from collections.abc import Iterator

import httpx
import psycopg
import pytest

from anju_platform.storage.notify import notify
from anju_platform.web.changes import ChangeHub


def lines_of(own: httpx.Client, community: str) -> Iterator[str]:
    with own.stream("GET", "/events/stream", params={"community": community}, timeout=20) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield from answer.iter_lines()


def heard(lines: Iterator[str], topic: str) -> list[dict[str, object]]:
    """The rows of the next event of `topic`."""
    for line in lines:
        if line == f"event: {topic}":
            return list(json.loads(next(lines).removeprefix("data: ")))
    raise AssertionError("the stream ended")


def test_a_ticket_that_changes_is_told_to_those_who_watch_its_community(
    own: httpx.Client, conn: psycopg.Connection
) -> None:
    lines = lines_of(own, "jinxiu")
    assert next(lines) == "retry: 3000"
    # the listener may still be on its way: what it missed it tells as `resync`
    _when_listening(conn)
    notify(conn, "elsewhere", "ticket", id=99)
    answer = own.post("/api/v1/complaints", json={"community": "jinxiu", "category": "other"})
    assert {"asset": None, "id": answer.json()["ticket"]["id"]} in heard(lines, "ticket")
    lines.close()  # type: ignore[attr-defined]


def test_a_listener_whose_connection_breaks_listens_again_and_says_to_look_anew(
    own: httpx.Client, conn: psycopg.Connection
) -> None:
    lines = lines_of(own, "jinxiu")
    next(lines)
    _when_listening(conn)
    conn.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%%'")
    assert heard(lines, "resync") == [{"asset": None, "id": None}]
    lines.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("community", ["", "a b", "../x"])
def test_a_stream_of_no_community_is_refused(client: httpx.Client, community: str) -> None:
    assert client.get("/events/stream", params={"community": community}).status_code == 422


def test_the_server_stops_at_once_though_somebody_watches(own_url: str) -> None:
    from serving import serving  # noqa: PLC0415

    with serving(own_url) as address:
        ended = threading.Event()

        def watch() -> None:
            with httpx.stream("GET", f"{address}/events/stream?community=jinxiu", timeout=60) as answer:
                for _line in answer.iter_lines():
                    began.set()
            ended.set()

        began = threading.Event()
        thread = threading.Thread(target=watch)
        thread.start()
        assert began.wait(20)
    thread.join(20)
    assert ended.is_set()


def _when_listening(conn: psycopg.Connection) -> None:
    for _ in range(400):
        row = conn.execute("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'").fetchone()
        if row and row[0]:
            return
        time.sleep(0.05)
    raise AssertionError("nobody listens")


def test_a_hub_that_was_never_started_can_be_stopped() -> None:
    import asyncio  # noqa: PLC0415

    asyncio.run(ChangeHub("postgresql://nowhere").stop())
