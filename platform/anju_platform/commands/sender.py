"""`anju commands`: signs what people ask for, sends it while it is valid, and writes down what came of it."""

import logging
import time
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Final

import msgspec
import psycopg
from psycopg.sql import SQL, Identifier

from anju_contracts.command import CommandResponse, decode_response
from anju_contracts.errors import ContractError
from anju_contracts.topics import parse_topic
from anju_platform.bootstrap import connect
from anju_platform.broker import certificates_of, parse_broker_url
from anju_platform.commands import store
from anju_platform.commands.link import Answered, CommandLink, Taken
from anju_platform.commands.models import Act, OpenCommand
from anju_platform.commands.rules import Schedule, act_of, on_the_wire
from anju_platform.commands.signing import read_signing_key, sign
from anju_platform.config import Settings
from anju_platform.errors import StorageUnavailable
from anju_platform.storage.notify import CHANNEL, Change

POLL_S: Final = 0.1
"""How long an answer may wait for the database to tell of something else."""
LOOK_EVERY_S: Final = 1.0
"""What is due without anybody's telling: to be sent again, or expired."""
RETRY_S: Final = 1.0
_log = logging.getLogger(__name__)


class CommandSender:
    """One is enough, and one only: it keeps its session at the broker by a name of its own. Everything it knows is in
    the database and at the broker, so it may end and begin at any time."""

    def __init__(self, settings: Settings, *, stopping: Event) -> None:
        self._settings = settings
        self._stopping = stopping
        self._key = read_signing_key(Path(settings.command_key))
        self.link = CommandLink(parse_broker_url(settings.mqtt_url), certificates_of(settings))
        self._schedule = Schedule()
        self._on_the_way: dict[int, int] = {}
        """Command by the number of its publish."""

    def run(self) -> None:
        """Until `stopping` is set. While the database is away nothing is sent and no answer is acknowledged."""
        self.link.start()
        try:
            while not self._stopping.is_set():
                try:
                    with connect(self._settings, program="commands", autocommit=True) as conn:
                        self._serve(conn)
                except (StorageUnavailable, psycopg.OperationalError) as exc:
                    _log.warning("database unavailable", extra={"reason": str(exc)})
                    self._stopping.wait(RETRY_S)
        finally:
            self.link.stop()

    def _serve(self, conn: psycopg.Connection) -> None:
        conn.execute(SQL("LISTEN {}").format(Identifier(CHANNEL)))
        _log.info("ready")
        look_at_s = time.monotonic()
        while not self._stopping.is_set():
            self._take_note(conn)
            if time.monotonic() >= look_at_s and self.link.connected:
                self._send_due(conn)
                look_at_s = time.monotonic() + LOOK_EVERY_S
            for told in conn.notifies(timeout=POLL_S, stop_after=1):
                if msgspec.json.decode(told.payload, type=Change).topic == "command":
                    look_at_s = time.monotonic()

    def _send_due(self, conn: psycopg.Connection) -> None:
        found, now, now_s = store.open_commands(conn), self._settings.clock.now(), time.monotonic()
        self._schedule.keep(one.id for one in found)
        for one in found:
            if now >= one.expires_at:
                with conn.transaction():
                    store.record(conn, one.id, Act.EXPIRED, at=now)
            elif self._schedule.is_due(one.id, now_s):
                self._send(conn, one, now)
                self._schedule.sent(one.id, now_s)

    def _send(self, conn: psycopg.Connection, one: OpenCommand, now: datetime) -> None:
        """The log comes first: what may have been sent is on record."""
        with conn.transaction():
            store.record(conn, one.id, Act.SENT, at=now)
        left_s = self._settings.clock.real_s((one.expires_at - now).total_seconds())
        mid = self.link.send(sign(on_the_wire(one), self._key), expires_in_s=left_s)
        self._on_the_way[mid] = one.id

    def _take_note(self, conn: psycopg.Connection) -> None:
        """Write down what the broker told since the last time."""
        while not self.link.happened.empty():
            happening = self.link.happened.get()
            try:
                if isinstance(happening, Taken):
                    self._note_taken(conn, happening)
                else:
                    self._note_answer(conn, happening)
            except psycopg.OperationalError:
                self.link.happened.put(happening)
                raise

    def _note_taken(self, conn: psycopg.Connection, taken: Taken) -> None:
        command_id = self._on_the_way.get(taken.mid)
        if command_id is not None:
            act = Act.DELIVERED if taken.delivered else Act.UNDELIVERED
            with conn.transaction():
                store.record(conn, command_id, act, at=self._settings.clock.now())
            del self._on_the_way[taken.mid]

    def _note_answer(self, conn: psycopg.Connection, answered: Answered) -> None:
        try:
            address, _ = parse_topic(answered.topic)
            response = decode_response(answered.payload)
        except ContractError as exc:
            _log.warning("a response that can't be read", extra={"topic": answered.topic, "reason": str(exc)})
        else:
            command_id = store.find(conn, response.id, community=address.community, gateway=address.gateway)
            if command_id is None:
                _log.warning("a response to no command", extra={"topic": answered.topic, "id": response.id})
            else:
                self._record_answer(conn, command_id, response)
        self.link.acknowledge(answered)

    def _record_answer(self, conn: psycopg.Connection, command_id: int, response: CommandResponse) -> None:
        """What the database can't hold (a NUL, for example) is as good as no answer: the broker would give it to us
        again after every restart."""
        answer = msgspec.to_builtins(response)
        try:
            with conn.transaction():
                now = self._settings.clock.now()
                store.record(conn, command_id, act_of(response), at=now, detail=answer, answer=answer)
        except psycopg.DataError as exc:
            _log.warning("a response that can't be stored", extra={"id": response.id, "reason": str(exc)})
