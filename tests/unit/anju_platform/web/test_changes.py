"""Changes on their way to those who watch: coalesced, bounded, never lost."""

import asyncio
import json

from anju_platform.storage.notify import Change
from anju_platform.web.changes import MAX_PENDING, RESYNC, ChangeHub, Subscription, parse_change
from anju_platform.web.stream import events, format_changes


def test_a_notification_is_read_and_anything_else_is_passed_over() -> None:
    told = json.dumps({"community": "jinxiu", "topic": "ticket", "asset": "jinxiu:lift-01", "id": 7})
    assert parse_change(told) == Change("jinxiu", "ticket", "jinxiu:lift-01", 7)
    for other in ("", "{}", "[]", '{"community": "jinxiu", "topic": "two\\nlines"}', '{"community": 1, "topic": "x"}'):
        assert parse_change(other) is None


def test_a_subscriber_sees_the_changes_of_its_community_alone_and_each_once() -> None:
    async def watch() -> list[Change]:
        hub = ChangeHub("postgresql://nowhere")
        async with hub.subscribe("jinxiu") as subscription:
            assert hub.subscribers == 1
            hub.tell(Change("jinxiu", "ticket", None, 1))
            hub.tell(Change("jinxiu", "ticket", None, 1))
            hub.tell(Change("elsewhere", "ticket", None, 2))
            return await subscription.take(1.0)

    assert asyncio.run(watch()) == [Change("jinxiu", "ticket", None, 1)]


def test_nothing_comes_when_nothing_happens() -> None:
    assert asyncio.run(Subscription("jinxiu").take(0.001)) == []


def test_a_slow_subscriber_costs_a_bounded_amount_of_memory_and_still_learns_what_to_look_at() -> None:
    async def flood(topics: int) -> list[Change]:
        subscription = Subscription("jinxiu")
        for number in range(10 * MAX_PENDING):
            subscription.put(Change("jinxiu", f"topic-{number % topics}", None, number))
            assert len(subscription.pending) <= MAX_PENDING
        return await subscription.take(1.0)

    few = asyncio.run(flood(2))
    assert {change.topic for change in few} == {"topic-0", "topic-1"}
    many = asyncio.run(flood(5 * MAX_PENDING))
    assert RESYNC in {change.topic for change in many}


def test_one_event_a_topic_lists_every_row_that_changed() -> None:
    text = format_changes([Change("c", "ticket", None, 1), Change("c", "ticket", "c:a", 2), Change("c", "event")])
    assert text == (
        'event: ticket\ndata: [{"asset": null, "id": 1}, {"asset": "c:a", "id": 2}]\n\n'
        'event: event\ndata: [{"asset": null, "id": null}]\n\n'
    )


def test_a_stream_beats_while_nothing_happens_and_ends_when_the_server_stops() -> None:
    async def watch() -> list[str]:
        hub = ChangeHub("postgresql://nowhere")
        heard = []
        async for text in events(hub, "jinxiu", heartbeat_s=0.01, min_interval_s=0):
            heard.append(text)
            if len(heard) == 2:
                hub.tell(Change("jinxiu", "ticket", None, 1))
            if len(heard) == 3:
                hub.close()
        assert hub.subscribers == 0
        return heard

    heard = asyncio.run(watch())
    assert heard[0].startswith("retry:")
    assert heard[1].startswith(":")
    assert heard[2].startswith("event: ticket\n")
