"""The OSDP driver: the control panel of a bus of readers, with a secure channel to each.

libosdp does the protocol. Cards become pseudonyms here, and what is typed on a keypad is thrown away here.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import osdp_sys
from osdp import Command, CompletionStatus, Event, LibFlag, LogLevel, PDInfo, StatusReportType

from anju_contracts.codes import Severity
from anju_edge_agent.actions import Action, ActionRefused, ActionUnanswered, Order, Orders, Result, allowed
from anju_edge_agent.agent import AgentContext
from anju_edge_agent.drivers.osdp_channel import WireChannel
from anju_edge_agent.flow import Device, DeviceFlow
from anju_edge_agent.osdp import OsdpMap, command_fields, pseudonym
from anju_edge_agent.place import Place
from anju_edge_agent.rules import EventRule, momentary
from anju_edge_agent.samples import Handover

REFRESH_S: Final = 0.025
"""libosdp wants to be called at least every 50 ms."""
TICK_S: Final = 0.5
REVIVE_S: Final = 1.0
"""libosdp leaves a lost reader alone for minutes; one that is unplugged and plugged in, by its own means, is found."""
GRACE_S: Final = 3.0
"""Nobody is called offline before it had this long to answer."""
MEASURED_HERE: Final = ("online", "comm_losses")
CARD_READ: Final = "door.credential_read"
_CODES: Final = {"output": Command.Output, "buzzer": Command.Buzzer, "led": Command.LED}


@dataclass(frozen=True, slots=True)
class OsdpBus:
    """`keys` are the readers' secure channel base keys by address; `credential_key` makes pseudonyms of cards."""

    place: Place
    keys: Mapping[str, bytes]
    credential_key: bytes
    timeout_s: float = 1.0


@dataclass(slots=True)
class _Reader:
    """One reader. `shown` is what is known of it by source; `fresh` whether a sample of it is due at once. `told` is
    the order that the library has, with its code, until the library ends it; `withdrawn` whether it was taken back."""

    flow: DeviceFlow
    real_period_s: float
    shown: dict[str, float] = field(default_factory=lambda: {"card_reads": 0.0, "comm_losses": 0.0})
    fresh: bool = False
    due_s: float = 0.0
    told: tuple[int, Order] | None = None
    withdrawn: bool = False

    @property
    def protocol(self) -> OsdpMap:
        protocol = self.flow.device.profile.protocol
        assert isinstance(protocol, OsdpMap)
        return protocol

    @property
    def is_told_late(self) -> bool:
        """Whether the library has an order that nobody waits for any more."""
        return self.told is not None and self.told[1].is_late

    def show(self, source: str, value: float) -> bool:
        """Whether that is news."""
        news = self.shown.get(source) != value
        self.shown[source] = value
        self.fresh = self.fresh or news
        return news


class OsdpAgent:
    """Runs in its own thread; actions come in from others."""

    def __init__(self, bus: OsdpBus, devices: Sequence[Device], context: AgentContext) -> None:
        now_us = context.now_us()
        self._bus = bus
        self._context = context
        self._orders = Orders()
        self._readers = [
            _Reader(
                DeviceFlow(device, now_us=now_us, raised=context.raised.get(device.asset, ())),
                context.clock.real_s(device.period_s),
            )
            for device in devices
        ]
        self._channel = WireChannel(bus.place, timeout_s=bus.timeout_s, may_send=self._may_send)
        self._panel = self._control_panel()
        self._out = Handover()
        self._began_s = self._revived_s = self._ticked_s = time.monotonic()

    def run(self) -> None:
        try:
            while not self._context.stop.is_set():
                self._withdraw()
                self._panel.refresh()
                self._look()
                for order in self._orders.take():
                    self._tell(order)
                self._tick()
                self._hand_over()
                self._context.stop.wait(REFRESH_S)
        finally:
            self._channel.close()

    def perform(self, action: Action, *, timeout_s: float) -> Result:
        """See anju_edge_agent.actions.Actor."""
        reader = self._reader_of(action)
        return self._orders.perform(allowed(reader.flow.device.profile.actions, action), timeout_s=timeout_s)

    def _control_panel(self) -> Any:
        osdp_sys.set_loglevel(LogLevel.Emergency)
        infos = [
            PDInfo(
                int(reader.flow.device.address),
                self._channel,
                scbk=self._bus.keys[reader.flow.device.address],
                name=reader.flow.device.asset,
                flags=[LibFlag.EnforceSecure],
            )
            for reader in self._readers
        ]
        panel = osdp_sys.ControlPanel([info.get() for info in infos])
        panel.set_event_callback(self._on_event)
        panel.set_command_completion_callback(self._on_completion)
        return panel

    def _look(self) -> None:
        """Who is there now; whoever has just come is asked for its state."""
        secure = 0 if self._channel.trouble else self._panel.status() & self._panel.sc_status()
        waited = time.monotonic() - self._began_s >= GRACE_S
        for number, reader in enumerate(self._readers):
            is_online = bool(secure & (1 << number))
            if not is_online and "online" not in reader.shown and not waited:
                continue
            if not reader.show("online", float(is_online)):
                continue
            if is_online:
                self._ask(number)
            else:
                reader.shown["comm_losses"] += 1

    def _ask(self, number: int) -> None:
        self._panel.submit_command(number, {"command": Command.Status, "type": StatusReportType.Local})

    def _tick(self) -> None:
        now_s = time.monotonic()
        if now_s - self._revived_s >= REVIVE_S:
            self._revived_s = now_s
            self._revive()
        if now_s - self._ticked_s >= TICK_S:
            self._ticked_s = now_s
            self._context.trouble(self._trouble())
            self._advance()
        now_us = self._context.now_us()
        for reader in self._readers:
            if reader.fresh or ("online" in reader.shown and now_s >= reader.due_s):
                reader.fresh, reader.due_s = False, now_s + reader.real_period_s
                self._take(reader, now_us)

    def _advance(self) -> None:
        now_us = self._context.now_us()
        for reader in self._readers:
            if reader.shown.get("online"):
                reader.flow.heard(now_us, self._out)
            reader.flow.advance(now_us, self._out)
            reader.flow.advance_silence(now_us, self._out)

    def _revive(self) -> None:
        """Pull a lost reader's plug, and put it back the next time."""
        for number, reader in enumerate(self._readers):
            if reader.shown.get("online") != 0.0:
                continue
            if self._panel.is_pd_enabled(number):
                self._panel.disable_pd(number)
            else:
                self._panel.enable_pd(number)

    def _trouble(self) -> str | None:
        """What keeps us from all of the readers."""
        if self._channel.trouble is not None:
            return self._channel.trouble
        heard = self._channel.was_heard()
        if not all(reader.shown.get("online") == 0.0 for reader in self._readers):
            return None
        place = self._bus.place
        if heard:
            return f"{place}: a reader answers, but no secure channel comes about: check key_file"
        return f"{place}: no reader answers: check addresses, baud rate and wiring"

    def _take(self, reader: _Reader, now_us: int) -> None:
        """Of a reader that is offline only what is known here is fresh."""
        known = reader.shown if reader.shown.get("online") else {name: reader.shown[name] for name in MEASURED_HERE}
        values = [(index, known[source]) for index, source in enumerate(reader.protocol.sources) if source in known]
        reader.flow.take(now_us, values, self._out)

    def _on_event(self, number: int, event: dict[str, Any]) -> int:
        reader = self._readers[number]
        if event["event"] == Event.CardRead:
            self._card(reader, event)
        elif event["event"] == Event.Status and event["type"] == StatusReportType.Local:
            tamper, power_lost = event["report"][:2]
            reader.show("tamper", float(bool(tamper)))
            reader.show("power_lost", float(bool(power_lost)))
        elif event["event"] == Event.KeyPress:
            self._context.count("keypad_not_stored")
        return 0

    def _card(self, reader: _Reader, event: dict[str, Any]) -> None:
        data = bytes(event["data"])
        bits = int(event.get("length", 8 * len(data)))
        text = pseudonym(self._bus.credential_key, int(event["format"]), bits, data)
        rule = EventRule(CARD_READ, Severity.INFO, text=text)
        self._out.events.append(momentary(rule, reader.flow.device.asset, self._context.now_us()))
        reader.show("card_reads", reader.shown["card_reads"] + 1)

    def _tell(self, order: Order) -> None:
        reader = self._reader_of(order.action)
        if not reader.shown.get("online"):
            order.refuse(ActionRefused("the reader is offline"))
            return
        if reader.told is not None:
            order.refuse(ActionRefused("the reader has not ended an earlier order"))
            return
        command = reader.protocol.commands[order.action.name]
        code = _CODES[command.kind]
        fields = {"command": code, **command_fields(command, order.action)}
        if self._panel.submit_command(self._readers.index(reader), fields):
            reader.told = code, order
        else:
            order.refuse(ActionRefused("the reader takes no command now"))

    def _withdraw(self) -> None:
        """Take late orders back: the library keeps what waits for a lost reader, and repeats what is on its way. The
        latter it ends when it finds that it may not send."""
        for number, reader in enumerate(self._readers):
            if not reader.is_told_late or reader.withdrawn:
                continue
            reader.withdrawn = True
            self._panel.flush_commands(number)
            if reader.told is None:
                self._ask(number)  # that question may have been thrown away, too
            else:
                self._channel.drop()

    def _may_send(self, address: int) -> bool:
        """Asked at the moment of sending, so that no late order goes out."""
        return not any(reader.is_told_late for reader in self._readers if int(reader.flow.device.address) == address)

    def _on_completion(self, number: int, command: dict[str, Any], status: int) -> None:
        """A reader has one order at a time, and the next one only after the end of the last: it can't be another's."""
        reader = self._readers[number]
        if reader.told is None or reader.told[0] != command["command"]:
            return
        (_code, order), reader.told, reader.withdrawn = reader.told, None, False
        if status == CompletionStatus.Ok:
            order.done({"acknowledged": True})
        elif self._channel.is_answered:
            order.refuse(ActionRefused("the reader refused it"))
        else:
            self._channel.drop()
            order.refuse(ActionUnanswered("the reader was lost meanwhile: it may have been done or not"))

    def _reader_of(self, action: Action) -> _Reader:
        for reader in self._readers:
            if reader.flow.device.asset == action.asset:
                return reader
        raise ActionRefused(f"asset: got {action.asset!r}, expected one of this agent's")

    def _hand_over(self) -> None:
        if self._out:
            out, self._out = self._out, Handover()
            self._context.sink(out.samples, out.events)
