"""Takes commands from the uplink, does them one after the other, and keeps the answers until the platform has them."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from anju_contracts.clock import Clock
from anju_contracts.codes import Severity
from anju_contracts.command import Command, CommandResponse, Param, Refusal, encode_response
from anju_contracts.event import Event
from anju_edge_agent.actions import Action, ActionRefused, ActionSpec, ActionUnanswered, Result, allowed
from anju_gateway.commands_book import BookError, CommandBook
from anju_gateway.commands_check import Gate, Refused

LONGEST_S = 10.0
"""How long a device may take to answer, in real seconds."""
MOST_WAITING = 100
MOST_TEXT = 200
EVENTS_A_MINUTE = 30
"""Further refusals of a minute stand in the log only: nobody can fill the outbox by sending nonsense."""
log = logging.getLogger(__name__)


Own = Callable[[Mapping[str, Param]], Result]


class Sent(Protocol):
    """A publish on its way, as paho tells of it."""

    def is_published(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Hands:
    """What commands can set in motion. `specs` are the actions of each asset's model; `own` those of the gateway
    itself, which refuse parameters that they don't take; `note` puts an event into the outbox."""

    specs: Mapping[str, Mapping[str, ActionSpec]]
    perform: Callable[[Action, float], Result]
    own: Mapping[str, Own]
    note: Callable[[Event], None]


class Commands:
    """Runs in a thread of its own, so that a slow device holds up neither readings nor receipts."""

    def __init__(self, gate: Gate, book: CommandBook, hands: Hands, clock: Clock, *, wake: Callable[[], None]) -> None:
        self._gate = gate
        self._book = book
        self._hands = hands
        self._clock = clock
        self._wake = wake
        self._waiting: queue.Queue[tuple[bytes, bytes] | None] = queue.Queue(MOST_WAITING)
        self._on_the_way: dict[str, Sent] = {}
        self._passing: queue.SimpleQueue[tuple[bytes, bytes]] = queue.SimpleQueue()
        self._noted: list[float] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="commands", daemon=True)

    def start(self) -> None:
        for command_id, correlation in self._book.unfinished():
            response = self._refusal(command_id, Refusal.UNANSWERED, "the gateway was stopped while it was done")
            self._finish(command_id, correlation, response)
        self._thread.start()

    def stop(self) -> None:
        """What is being done is ended first; what waits is left."""
        self._stopping.set()
        with suppress(queue.Full):
            self._waiting.put_nowait(None)
        self._thread.join()
        self._book.close()

    def take(self, payload: bytes, correlation: bytes) -> None:
        """From any thread; returns at once. `correlation` goes back with the answer."""
        try:
            self._waiting.put_nowait((payload, correlation))
        except queue.Full:
            log.warning("a command too many", extra={"waiting": MOST_WAITING})

    def begin_session(self) -> None:
        """What was on its way in the last session may be lost: it is sent again."""
        self._on_the_way.clear()

    def carry(self, publish: Callable[[bytes, bytes], Sent], *, most: int) -> None:
        """Send the answers that the platform has not taken, by `publish(payload, correlation)`; no more than `most`,
        for a broker throws out whoever sends more than it said it takes."""
        for command_id in [found for found, sent in self._on_the_way.items() if sent.is_published()]:
            del self._on_the_way[command_id]
            self._told(command_id)
        untold = [answer for answer in self._book.untold() if answer.id not in self._on_the_way][:most]
        for answer in untold:
            self._on_the_way[answer.id] = publish(answer.payload, answer.correlation)
        for _ in range(min(most - len(untold), self._passing.qsize())):
            publish(*self._passing.get())

    def _run(self) -> None:
        while (found := self._waiting.get()) is not None and not self._stopping.is_set():
            try:
                self._handle(*found)
            except Exception:
                log.exception("a command failed in a way that was not foreseen")
            self._wake()

    def _handle(self, payload: bytes, correlation: bytes) -> None:
        """Refusals before a command is begun are answered in passing: they leave no trace in the book."""
        now = self._clock.now()
        try:
            command = self._gate.admit(payload, now=now)
            self._begin(command, correlation)
        except Refused as exc:
            log.warning("command refused", extra={"id": exc.command_id, "reason": exc.reason, "detail": exc.detail})
            if exc.command_id is not None:
                response = self._refusal(exc.command_id, exc.reason, exc.detail)
                self._passing.put((encode_response(response), correlation))
            return
        response = self._do(command)
        self._finish(command.id, correlation, response)
        self._audit(command, response)

    def _begin(self, command: Command, correlation: bytes) -> None:
        try:
            self._book.forget(now=self._clock.now())
            obstacle = self._obstacle(command)
            if obstacle is None:
                self._book.begin(command, correlation)
        except BookError as exc:
            raise Refused(Refusal.BUSY, f"can't be written down, so can't be done: {exc}", command.id) from exc
        if obstacle is not None:
            raise obstacle

    def _obstacle(self, command: Command) -> Refused | None:
        if self._book.knows(command):
            return Refused(Refusal.REPLAYED, f"{command.id} was here before, or may have been", command.id)
        if self._book.is_full():
            return Refused(Refusal.BUSY, "more commands than this gateway can remember", command.id)
        return None

    def _do(self, command: Command) -> CommandResponse:
        try:
            result = self._own(command) if command.asset is None else self._act(command, command.asset)
        except Refused as exc:
            return self._refusal(command.id, exc.reason, exc.detail)
        except ActionUnanswered as exc:
            return self._refusal(command.id, Refusal.UNANSWERED, exc.reason)
        except ActionRefused as exc:
            return self._refusal(command.id, Refusal.FAILED, exc.reason)
        except Exception as exc:
            log.exception("the action failed", extra={"id": command.id})
            return self._refusal(command.id, Refusal.FAILED, f"{type(exc).__name__}: {exc}")
        return CommandResponse(command.id, done=True, at=self._clock.now(), result=result)

    def _own(self, command: Command) -> Result:
        act = self._hands.own.get(command.action)
        if act is None:
            known = ", ".join(sorted(self._hands.own))
            raise Refused(Refusal.NOT_ALLOWED, f"got {command.action}, expected one of {known}")
        try:
            return act(command.params)
        except ActionRefused as exc:
            raise Refused(Refusal.NOT_ALLOWED, exc.reason) from exc

    def _act(self, command: Command, asset: str) -> Result:
        specs = self._hands.specs.get(asset)
        if specs is None:
            raise Refused(Refusal.UNKNOWN_ASSET, f"{asset} is not of this gateway")
        try:
            action = allowed(specs, Action(asset, command.action, command.params))
        except ActionRefused as exc:
            raise Refused(Refusal.NOT_ALLOWED, exc.reason) from exc
        left_s = self._clock.real_s((command.expires_at - self._clock.now()).total_seconds())
        return self._hands.perform(action, min(LONGEST_S, left_s))

    def _refusal(self, command_id: str, reason: Refusal, detail: str) -> CommandResponse:
        return CommandResponse(command_id, done=False, at=self._clock.now(), reason=reason, detail=detail[:MOST_TEXT])

    def _finish(self, command_id: str, correlation: bytes, response: CommandResponse) -> None:
        payload = encode_response(response)
        try:
            self._book.finish(command_id, payload)
        except BookError as exc:
            log.warning("the answer can't be kept", extra={"id": command_id, "reason": str(exc)})
            self._passing.put((payload, correlation))

    def _told(self, command_id: str) -> None:
        try:
            self._book.told(command_id)
        except BookError as exc:
            log.warning("the answer will be sent again", extra={"id": command_id, "reason": str(exc)})

    def _audit(self, command: Command, response: CommandResponse) -> None:
        """Whatever was begun stands in the log and, of an asset, among its events."""
        said = {"id": command.id, "action": command.action, "asset": command.asset}
        log.warning("command done" if response.done else "command not done", extra=said | {"reason": response.reason})
        if command.asset in self._hands.specs and self._may_note():
            code = "command.done" if response.done else "command.refused"
            text = f"{command.action} {command.id} {response.reason or ''}".strip()
            self._hands.note(Event(command.asset or "", code, response.at, severity=Severity.INFO, text=text))

    def _may_note(self) -> bool:
        now_s = time.monotonic()
        self._noted = [at_s for at_s in self._noted if now_s - at_s < 60]
        if len(self._noted) >= EVENTS_A_MINUTE:
            return False
        self._noted.append(now_s)
        return True
