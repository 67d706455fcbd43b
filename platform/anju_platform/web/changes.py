"""What changed in the database, fanned out to whoever watches: one LISTEN for each process.

A subscriber holds no queue of messages but the set of what changed since it last looked, so a slow one
costs a bounded amount of memory and sees each change at least once.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import msgspec
import psycopg
from psycopg import AsyncConnection, sql

from anju_contracts.names import is_name
from anju_platform.storage.notify import CHANNEL, Change

RESYNC = "resync"
"""The topic that says: changes may have been missed, look at everything anew."""
MAX_PENDING = 64
_LOG = logging.getLogger(__name__)


def parse_change(payload: str) -> Change | None:
    """The change that a notification tells; None when it can't be read (another program's, perhaps)."""
    try:
        change = msgspec.json.decode(payload, type=Change)
    except msgspec.MsgspecError:
        return None
    return change if is_name(change.community) and is_name(change.topic) else None


@dataclass(slots=True, eq=False)
class Subscription:
    """What changed in one community since `take` was last called."""

    community: str
    pending: set[Change] = field(default_factory=set)
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, change: Change) -> None:
        self.pending.add(change)
        if len(self.pending) > MAX_PENDING:
            topics = {Change(self.community, each.topic) for each in self.pending}
            self.pending = topics if len(topics) <= MAX_PENDING else {Change(self.community, RESYNC)}
        self.woken.set()

    async def take(self, timeout_s: float) -> list[Change]:
        """Everything pending, as soon as there is something; nothing after `timeout_s`."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.woken.wait(), timeout_s)
        self.woken.clear()
        taken, self.pending = self.pending, set()
        return sorted(taken, key=lambda change: (change.topic, change.asset or "", change.id or 0))


class ChangeHub:
    """Listens on one connection of its own and tells the subscribers of the community concerned."""

    def __init__(self, database_url: str, *, retry_s: float = 2.0) -> None:
        self._database_url = database_url
        self._retry_s = retry_s
        self._subscriptions: set[Subscription] = set()
        self._task: asyncio.Task[None] | None = None
        self.listening = asyncio.Event()
        self.closed = False

    @property
    def subscribers(self) -> int:
        return len(self._subscriptions)

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._listen_for_ever())

    async def stop(self) -> None:
        self.close()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def close(self) -> None:
        """Ends every stream, so that a server that stops needn't wait for its watchers."""
        self.closed = True
        for subscription in self._subscriptions:
            subscription.woken.set()

    @asynccontextmanager
    async def subscribe(self, community: str) -> AsyncIterator[Subscription]:
        subscription = Subscription(community)
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    def tell(self, change: Change) -> None:
        for subscription in self._subscriptions:
            if subscription.community == change.community:
                subscription.put(change)

    async def _listen_for_ever(self) -> None:
        while True:
            try:
                await self._listen()
            except psycopg.Error as exc:
                _LOG.warning("lost the connection that listens for changes", extra={"reason": str(exc)})
            self.listening.clear()
            await asyncio.sleep(self._retry_s)

    async def _listen(self) -> None:
        async with await AsyncConnection.connect(self._database_url, autocommit=True) as conn:
            await conn.execute(sql.SQL("LISTEN {}").format(sql.Identifier(CHANNEL)))
            self.listening.set()
            for subscription in self._subscriptions:
                subscription.put(Change(subscription.community, RESYNC))
            async for notice in conn.notifies():
                change = parse_change(notice.payload)
                if change is not None:
                    self.tell(change)
