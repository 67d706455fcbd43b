"""`/events/stream`: what changed in a community, as server-sent events named after the topic."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from anju_contracts.names import NAME_PATTERN
from anju_platform.storage.notify import Change
from anju_platform.web.changes import ChangeHub
from anju_platform.web.context import context_of

HEARTBEAT_S = 15.0
MIN_INTERVAL_S = 1.0
"""Changes within this time are told together, one event for each topic."""
RETRY_MS = 3000

router = APIRouter()


@router.get("/events/stream", include_in_schema=False)
async def stream(
    request: Request, community: Annotated[str, Query(pattern=NAME_PATTERN, max_length=64)]
) -> StreamingResponse:
    changes = context_of(request).changes
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(events(changes, community), media_type="text/event-stream", headers=headers)


async def events(
    hub: ChangeHub, community: str, *, heartbeat_s: float = HEARTBEAT_S, min_interval_s: float = MIN_INTERVAL_S
) -> AsyncIterator[str]:
    """The text of the stream, until the hub closes or the client goes."""
    async with hub.subscribe(community) as subscription:
        yield f"retry: {RETRY_MS}\n\n"
        while not hub.closed:
            taken = await subscription.take(heartbeat_s)
            yield format_changes(taken) if taken else ": still here\n\n"
            if taken and not hub.closed:
                await asyncio.sleep(min_interval_s)


def format_changes(changes: Iterable[Change]) -> str:
    """One server-sent event for each topic; its data lists the assets and rows that changed."""
    by_topic: dict[str, list[dict[str, str | int | None]]] = {}
    for change in changes:
        by_topic.setdefault(change.topic, []).append({"asset": change.asset, "id": change.id})
    return "".join(f"event: {topic}\ndata: {json.dumps(rows)}\n\n" for topic, rows in by_topic.items())
