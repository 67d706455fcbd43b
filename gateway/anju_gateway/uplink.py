"""The uplink: carries the outbox to the platform over MQTT 5, session after session, until it is told to stop."""

import logging
import threading
import time
from dataclasses import dataclass

from anju_contracts.account import Fault, encode_account
from anju_contracts.birth import encode_birth
from anju_contracts.envelope import Stream
from anju_contracts.errors import ContractError
from anju_contracts.receipt import decode_receipt
from anju_contracts.state import GatewayState, Presence, encode_state
from anju_contracts.topics import Channel, address
from anju_edge_agent.backoff import Backoff
from anju_edge_agent.samples import us_of
from anju_gateway.accounting import Books
from anju_gateway.carrier import Carrier
from anju_gateway.commands import Commands
from anju_gateway.config import GatewayConfig, birth_of
from anju_gateway.data_clock import DataClock
from anju_gateway.outbox import Outbox
from anju_gateway.session import RESERVED, Session, UplinkError
from anju_gateway.window import RetryTimer, Window

CHANNELS = {Stream.TELEMETRY: Channel.TELEMETRY, Stream.EVENT: Channel.EVENT}
LONGEST_WAIT_S = 1.0
GOODBYE_S = 2.0
STABLE_S = 10.0
RIVAL_TOLD_S = 3_600.0
ANNOUNCEMENTS = 2
"""Birth and state."""
AGING_S = 10.0
"""How often it is asked what has become backfill."""
AGES_AFTER_S = 60.0
"""Real seconds that a batch must have waited in a session, however fast the data's clock runs."""
_US = 1_000_000
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the uplink needs to know of the rest of the gateway."""

    outbox: Outbox
    clock: DataClock
    wake: threading.Event
    books: Books
    commands: Commands | None = None


class UplinkRunner:
    """Runs in its own thread. `stop` ends it after flushing for as long as the configuration allows."""

    def __init__(self, config: GatewayConfig, around: Surroundings) -> None:
        self._config = config
        self._around = around
        self._address = address(config.community, config.gateway)
        self._stop = threading.Event()
        self._announcing = threading.Event()
        self._timers = {stream: RetryTimer() for stream in Stream}
        self._account_due_s = 0.0
        self._aging_due_s = 0.0
        self._told: set[str] = set()
        self._rival: Fault | None = None
        self._rival_until_s = 0.0
        self._thread = threading.Thread(target=self._run, name="uplink", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def announce(self) -> None:
        """Send birth and state again, from any thread."""
        self._announcing.set()
        self._around.wake.set()

    def stop(self) -> None:
        """Flush, say goodbye, and wait for the end of it."""
        self._stop.set()
        self._around.wake.set()
        self._thread.join()

    def _run(self) -> None:
        backoff, rivalry = Backoff(first_s=0.5, most_s=30.0), Backoff(first_s=5.0, most_s=300.0)
        while not self._stop.is_set():
            began_s = time.monotonic()
            session = self._session()
            try:
                session.connect()
                log.info("uplink established", extra={"broker": str(self._config.uplink.endpoint)})
                self._attend(session)
            except UplinkError as exc:
                log.warning("no uplink", extra={"reason": str(exc)})
            except Exception:
                log.exception("the uplink failed and starts again")
            finally:
                session.close()
            if time.monotonic() - began_s >= STABLE_S:
                backoff.reset()
            if session.taken_over:
                self._note_rival()
                self._stop.wait(rivalry.next_s())
            elif not self._stop.is_set():
                self._stop.wait(backoff.next_s())

    def _note_rival(self) -> None:
        """Whoever connected under our name was told to have it. We come back ever more seldom: should both do so, the
        broker would only be busy with throwing them out."""
        name = self._config.uplink.client_id
        text = f"another client connects to the broker as {name}; each gateway needs a name of its own"
        log.error("another gateway has our name", extra={"client_id": name})
        self._rival_until_s = time.monotonic() + RIVAL_TOLD_S
        self._rival = self._rival or Fault("gateway.name_conflict", self._around.clock.now(), text=text)

    def _session(self) -> Session:
        self._epoch = self._around.outbox.epoch
        will = encode_state(GatewayState(Presence.LOST, self._epoch, self._around.clock.now()))
        commands = self._around.commands
        on_command = commands.take if commands else None
        return Session(self._config.uplink, self._address, will=will, wake=self._around.wake, on_command=on_command)

    def _attend(self, session: Session) -> None:
        """Carry until the session ends, the outbox has a new epoch, or it is time to say goodbye."""
        self._announce(session)
        if self._around.commands is not None:
            self._around.commands.begin_session()
        carrier = self._carrier(session)
        while session.ended is None and self._around.outbox.epoch == self._epoch:
            if self._stop.is_set():
                self._say_goodbye(session, carrier)
                return
            wait_s = self._step(session, carrier)
            self._around.wake.wait(wait_s)
        log.warning("uplink lost", extra={"reason": session.ended or "the outbox began a new epoch"})

    def _announce(self, session: Session) -> None:
        self._announcing.clear()
        now = self._around.clock.now()
        birth = birth_of(self._config, epoch=self._epoch, at=now)
        session.publish(Channel.BIRTH, encode_birth(birth), retain=True)
        session.publish(Channel.STATE, encode_state(GatewayState(Presence.ONLINE, self._epoch, now)), retain=True)

    def _carrier(self, session: Session) -> Carrier:
        uplink, outbox = self._config.uplink, self._around.outbox
        sizes = {Stream.TELEMETRY: uplink.telemetry_window, Stream.EVENT: uplink.event_window}
        return Carrier(
            outbox,
            lambda stream, payload: session.publish(CHANNELS[stream], payload),
            boundaries=self._boundaries(uplink.historical_after_s),
            windows={stream: Window(sizes[stream], self._timers[stream]) for stream in Stream},
            backfill_per_s=uplink.backfill_batches_per_s,
            now_s=time.monotonic(),
        )

    def _boundaries(self, after_s: float) -> dict[Stream, int]:
        """The last batch of each stream that is backfill, because it was taken `after_s` ago (seconds of the data)."""
        before_us = us_of(self._around.clock.now()) - round(after_s * _US)
        return {stream: self._around.outbox.last_before(stream, before_us) for stream in Stream}

    def _step(self, session: Session, carrier: Carrier) -> float:
        """Take receipts, send what may be sent, account; how long there is nothing to do, in seconds."""
        self._around.wake.clear()
        now_s = time.monotonic()
        for payload, came_s in session.take_receipts():
            self._take_receipt(payload, carrier, came_s)
        self._serve_commands(session)
        if now_s >= self._aging_due_s:
            self._aging_due_s = now_s + AGING_S
            data_s = AGES_AFTER_S / self._around.clock.real_s(1.0)
            carrier.age(self._boundaries(max(self._config.uplink.historical_after_s, data_s)))
        room = session.room
        carrier.carry(room=room, reserved=min(RESERVED, max(1, room // 4)), now_s=now_s)
        is_due = now_s >= self._account_due_s or self._told != {fault.code for fault in self._faults()}
        if is_due and session.room > 0:
            self._account_due_s = now_s + self._config.uplink.account_interval_s
            self._publish_account(session)
        due_s = carrier.next_due_s(now_s)
        return LONGEST_WAIT_S if due_s is None else min(LONGEST_WAIT_S, max(0.01, due_s - now_s))

    def _serve_commands(self, session: Session) -> None:
        if self._announcing.is_set() and session.room >= ANNOUNCEMENTS:
            self._announce(session)
        if self._around.commands is not None:
            self._around.commands.carry(session.respond, most=session.room)

    def _take_receipt(self, payload: bytes, carrier: Carrier, came_s: float) -> None:
        try:
            receipt = decode_receipt(payload)
        except ContractError as exc:
            log.warning("a receipt that can't be read", extra={"reason": str(exc)})
            return
        if receipt.epoch != self._epoch:
            return
        round_trip_s = carrier.received(receipt, came_s)
        if receipt.at is not None and round_trip_s is not None:
            self._around.clock.heard(receipt.at, round_trip_s=round_trip_s, ago_s=time.monotonic() - came_s)
        self._around.outbox.receive(receipt)

    def _publish_account(self, session: Session) -> None:
        faults = self._faults()
        self._told = {fault.code for fault in faults}
        account = self._around.books.account(epoch=self._epoch, faults=faults)
        session.publish(Channel.ACCOUNT, encode_account(account))

    def _faults(self) -> list[Fault]:
        rivals = [] if self._rival is None or time.monotonic() > self._rival_until_s else [self._rival]
        return [*self._around.books.faults(), *rivals]

    def _say_goodbye(self, session: Session, carrier: Carrier) -> None:
        """Send what is queued and wait for its receipts, within the time allowed; then the last account and state."""
        until_s = time.monotonic() + self._config.uplink.flush_timeout_s
        while session.ended is None and time.monotonic() < until_s and self._is_queued():
            self._around.wake.wait(min(self._step(session, carrier), 0.1))
        self._publish_account(session)
        state = GatewayState(Presence.OFFLINE, self._epoch, self._around.clock.now())
        session.publish(Channel.STATE, encode_state(state), retain=True)
        session.settle(GOODBYE_S)

    def _is_queued(self) -> bool:
        return any(count.queued for count in self._around.outbox.counts().values())
