"""Reading one device once, by hand: what it says now, point by point, with the bytes that it said it in."""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from anju_contracts.clock import Clock
from anju_contracts.event import Event
from anju_contracts.kinds import Label
from anju_contracts.quality import Quality
from anju_contracts.units import SHOWN_AS
from anju_edge_agent.agent import Agent, AgentContext
from anju_edge_agent.errors import BusError
from anju_edge_agent.flow import Device, DeviceFlow
from anju_edge_agent.place import Place, SerialPlace
from anju_edge_agent.probing import Probing
from anju_edge_agent.profile import Profile, points_of
from anju_edge_agent.samples import Handover, Sample
from anju_gateway.config import ConfiguredAgent, GatewayConfig
from anju_gateway.errors import GatewayError


class ProbeError(GatewayError):
    """The device could not be read; the message says what to check."""


@dataclass(frozen=True, slots=True)
class Row:
    """One point as a person reads it. `raw` are bytes in hex, empty where a driver has none to show."""

    point: str
    value: str
    unit: str
    quality: str
    raw: str
    label: str


def find_device(config: GatewayConfig, asset: str) -> tuple[ConfiguredAgent, Device]:
    """The agent that asks this device; ProbeError names those that there are."""
    known = []
    for agent in config.agents:
        for configured in agent.devices:
            if configured.device.asset == asset:
                return agent, configured.device
            known.append(configured.device.asset)
    raise ProbeError(f"device: got {asset!r}, expected the asset of one in the file: {', '.join(known)}")


def probe_device(agent: ConfiguredAgent, device: Device, clock: Clock, *, within_s: float) -> list[Row]:
    """What the device says. One that is asked answers at once; one that reports by itself has `within_s` real seconds.
    ProbeError when nothing came."""
    listening = _Listening()
    context = AgentContext(
        agent.name, clock, listening.keep, listening.stop, trouble=listening.note, probing=True, count=listening.count
    )
    built = agent.build([device], context)
    if isinstance(built, Probing):
        try:
            return _ask(built, device, context)
        except BusError as exc:
            hint = f": {_hint(agent.place)}" if "no connection" in str(exc) else ""
            raise ProbeError(f"{exc}{hint}") from exc
    return _listen(built, device, listening, within_s)


def _ask(agent: Probing, device: Device, context: AgentContext) -> list[Row]:
    found = agent.probe(device)
    out = Handover()
    now_us = context.now_us()
    flow = DeviceFlow(device, now_us=now_us)
    flow.take(now_us, [(one.point, one.value) for one in found if one.value is not None], out)
    raw = {device.profile.points[one.point].id: one.raw.hex(" ", 2) for one in found}
    return _rows(device.profile, out.samples, raw)


def _hint(place: Place | None) -> str:
    if isinstance(place, SerialPlace):
        return "check that the port is there, that you may use it, and that no other program has it (a running gateway)"
    return "check host and port, and that nobody else is connected (a running gateway)"


class _Listening:
    """Keeps what an agent hands over while it is watched."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.samples: list[Sample] = []
        self.trouble: str | None = None
        self.odd: list[str] = []

    def keep(self, samples: Sequence[Sample], events: Sequence[Event]) -> None:
        self.samples += samples

    def note(self, reason: str | None) -> None:
        self.trouble = reason

    def count(self, what: str) -> None:
        self.odd.append(what)


def _listen(agent: Agent, device: Device, listening: _Listening, within_s: float) -> list[Row]:
    thread = threading.Thread(target=agent.run, name="probe", daemon=True)
    thread.start()
    until_s = time.monotonic() + within_s
    wanted = {point.id for point in device.profile.points}
    while time.monotonic() < until_s and thread.is_alive():
        if wanted <= {sample.point for sample in tuple(listening.samples)}:
            break
        time.sleep(0.05)
    listening.stop.set()
    thread.join(5)
    if not listening.samples:
        seen = f" What came instead: {', '.join(sorted(set(listening.odd)))}." if listening.odd else ""
        reason = listening.trouble or f"nothing came from {device.address!r} within {within_s:g} s: check its id"
        raise ProbeError(f"{reason}.{seen}")
    return _rows(device.profile, listening.samples, {})


def _rows(profile: Profile, samples: Sequence[Sample], raw: Mapping[str, str]) -> list[Row]:
    latest = {sample.point: sample for sample in samples}
    points = profile.points if raw else points_of(profile)
    rows = []
    for point in points:
        sample = latest.get(point.id)
        value = "-" if sample is None else f"{sample.value:.10g}"
        quality = "nothing" if sample is None else Quality(sample.quality).name.lower()
        rows.append(Row(point.id, value, SHOWN_AS[point.unit], quality, raw.get(point.id, ""), _title(point.label)))
    return rows


def _title(label: Label | None) -> str:
    return f"{label.zh} / {label.en}" if label else ""


def as_table(rows: Sequence[Row]) -> str:
    """Columns of equal width, with a line of titles."""
    head = Row("point", "value", "unit", "quality", "raw", "title")
    lines = [(row.point, row.value, row.unit, row.quality, row.raw, row.label) for row in (head, *rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(5)]
    padded = [[text.ljust(width) for text, width in zip(line, [*widths, 0], strict=True)] for line in lines]
    return "\n".join("  ".join(line).rstrip() for line in padded)
