"""What stands for the ThingsBoard server."""

from types import SimpleNamespace
from typing import Any

import msgspec

from benchmarks.devices import VALUES
from benchmarks.thingsboard_bed import ANSWERS, LIMITS, REQUESTS, TELEMETRY, ThingsBoard


class Client:
    def __init__(self) -> None:
        self.said: list[tuple[str, Any]] = []

    def publish(self, topic: str, payload: bytes, qos: int) -> None:
        self.said.append((topic, msgspec.json.decode(payload)))


def heard(server: ThingsBoard, topic: str, content: object) -> list[tuple[str, Any]]:
    client = Client()
    message = SimpleNamespace(topic=topic, payload=msgspec.json.encode(content))
    server._on_message(client, None, message)  # type: ignore[arg-type]
    return client.said


def test_it_answers_the_question_about_limits() -> None:
    server = ThingsBoard(1)
    assert heard(server, f"{REQUESTS}3", {"method": "getSessionLimits"}) == [(f"{ANSWERS}3", LIMITS)]
    assert server.readings == 0


def test_it_counts_readings_and_remembers_which_messages_came() -> None:
    server = ThingsBoard(1)
    values = {f"p{number}": 7 for number in range(VALUES)}
    packs = {"d000": [{"ts": 1, "values": values}, {"ts": 2, "values": values}], "d001": [{"ts": 1, "values": values}]}
    assert heard(server, TELEMETRY, packs) == []
    assert (server.readings, server.numbers) == (3 * VALUES, [7, 7, 7])
