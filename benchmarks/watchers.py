"""Who hears of tickets: a listener on the database's channel, and a client of the API's event stream."""

import http.client
import json
import threading
import time
from collections.abc import Iterator
from typing import Self
from urllib.parse import urlsplit

import msgspec
import psycopg
from psycopg import sql

from anju_platform.storage.notify import CHANNEL, Change


class NoticeWatcher:
    """`heard` is when the first notification of a ticket about an asset came, by asset key; monotonic seconds."""

    def __init__(self, database_url: str) -> None:
        self.heard: dict[str, float] = {}
        self._conn = psycopg.connect(database_url, autocommit=True)
        self._conn.execute(sql.SQL("LISTEN {}").format(sql.Identifier(CHANNEL)))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stop.set()
        self._thread.join()
        self._conn.close()

    def _listen(self) -> None:
        while not self._stop.is_set():
            for notice in self._conn.notifies(timeout=0.2):
                change = msgspec.json.decode(notice.payload, type=Change)
                if change.topic == "ticket" and change.asset:
                    self.heard.setdefault(change.asset, time.monotonic())


class StreamWatcher:
    """The same, as the API's stream of a community tells it."""

    def __init__(self, address: str, community: str) -> None:
        self.heard: dict[str, float] = {}
        parts = urlsplit(address)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
        self._connection.request("GET", f"/events/stream?community={community}")
        self._answer = self._connection.getresponse()
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        """The thread ends with the connection, when the API does."""

    def _read(self) -> None:
        for topic, rows in _events(self._answer):
            if topic == "ticket":
                for row in rows:
                    if row["asset"]:
                        self.heard.setdefault(str(row["asset"]), time.monotonic())


def _events(answer: http.client.HTTPResponse) -> Iterator[tuple[str, list[dict[str, object]]]]:
    """Topic and rows of each event of the stream."""
    topic = ""
    while line := answer.readline():
        name, _, value = line.decode().strip().partition(": ")
        if name == "event":
            topic = value
        elif name == "data":
            yield topic, json.loads(value)
