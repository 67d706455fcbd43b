"""From an MQTT message to a device's samples and events: pure, with time as an argument."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from anju_edge_agent.dialect import JsonDialect, JsonMessage, number_of, pick, time_us, topic_filter, topic_regex
from anju_edge_agent.flow import DeviceFlow, unknown_code
from anju_edge_agent.samples import Handover

MOST_AHEAD_US = 300 * 1_000_000
MOST_BEHIND_US = 30 * 86_400 * 1_000_000
"""A device may hold readings back for a month while it has no network; further off, its clock is wrong."""
_MOST_REMEMBERED_TOPICS = 10_000


@dataclass(frozen=True, slots=True)
class _Route:
    """A kind of message of one device model, and the model's devices by their ids."""

    regex: re.Pattern[str]
    message: JsonMessage
    flows: Mapping[str, DeviceFlow]


class Interpreter:
    """All devices of one listener. `count` is told of whatever can't be used; nothing stops it."""

    def __init__(self, flows: Iterable[DeviceFlow], count: Callable[[str], None]) -> None:
        self.flows = tuple(flows)
        self._count = count
        self._routes = _routes(self.flows)
        self._by_topic: dict[str, list[tuple[_Route, str | None]]] = {}

    @property
    def filters(self) -> tuple[str, ...]:
        """What to subscribe to."""
        return tuple(sorted({topic_filter(route.message.topic) for route in self._routes}))

    def interpret(self, topic: str, payload: bytes, *, now_us: int, out: Handover) -> None:
        """Add what the message says to `out`; it arrived at `now_us`."""
        try:
            document = msgspec.json.decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self._count("unreadable_message")
            return
        known = False
        for route, in_topic in self._routes_of(topic):
            flow = route.flows.get(_device_id(route.message, document, in_topic))
            if flow is not None:
                known = True
                self._read(flow, route.message, document, now_us=now_us, out=out)
        if not known:
            self._count("unknown_device")

    def advance(self, now_us: int, out: Handover) -> None:
        for flow in self.flows:
            flow.advance(now_us, out)
            flow.advance_silence(now_us, out)

    def forgive(self, now_us: int) -> None:
        """No device can be blamed for a time in which nobody listened."""
        for flow in self.flows:
            flow.silence.forgive(now_us)

    def _read(self, flow: DeviceFlow, message: JsonMessage, document: object, *, now_us: int, out: Handover) -> None:
        flow.heard(now_us, out)
        at_us, doubtful = self._moment(message, document, now_us)
        if message.code is not None:
            self._report(flow, message, document, at_us, out)
        raw: list[tuple[int, float]] = []
        for field in message.values:
            found = pick(document, field.path)
            value = number_of(found, field.words)
            if value is not None:
                raw.append((field.point, value))
            elif found is not None:
                self._count("not_a_number")
        flow.take(at_us, raw, out, doubtful=doubtful)

    def _moment(self, message: JsonMessage, document: object, now_us: int) -> tuple[int, bool]:
        """When it was true; a device time that can't be is replaced by the arrival, and doubtful."""
        if message.time is None:
            return now_us, False
        at_us = time_us(pick(document, message.time.path), message.time.form)
        if at_us is None or not -MOST_BEHIND_US <= at_us - now_us <= MOST_AHEAD_US:
            self._count("implausible_time")
            return now_us, True
        return at_us, False

    def _report(self, flow: DeviceFlow, message: JsonMessage, document: object, at_us: int, out: Handover) -> None:
        assert message.code is not None
        found = pick(document, message.code)
        if isinstance(found, bool) or not isinstance(found, str | int):
            self._count("unreadable_code")
            return
        rule = message.codes.get(str(found)) or unknown_code(flow.device.profile, str(found))
        active = pick(document, message.active) if message.active is not None else None
        if rule is None or not isinstance(active, bool | int | None):
            self._count("unreadable_code")
            return
        flow.report(at_us, rule, None if active is None else bool(active), out)

    def _routes_of(self, topic: str) -> list[tuple[_Route, str | None]]:
        found = self._by_topic.get(topic)
        if found is None:
            found = [
                (route, match.groupdict().get("device"))
                for route in self._routes
                if (match := route.regex.fullmatch(topic))
            ]
            if len(self._by_topic) < _MOST_REMEMBERED_TOPICS:
                self._by_topic[topic] = found
        return found


def _routes(flows: Sequence[DeviceFlow]) -> list[_Route]:
    by_profile: dict[str, dict[str, DeviceFlow]] = {}
    for flow in flows:
        by_profile.setdefault(flow.device.profile.name, {})[flow.device.address] = flow
    routes = []
    for mine in by_profile.values():
        protocol = next(iter(mine.values())).device.profile.protocol
        assert isinstance(protocol, JsonDialect)
        routes += [_Route(topic_regex(message.topic), message, mine) for message in protocol.messages]
    return routes


def _device_id(message: JsonMessage, document: object, in_topic: str | None) -> str:
    """The id in the payload where the profile gives a path to it, else the one in the topic; "" when there is none.
    When both are there they must agree: a device speaks for itself alone."""
    if message.device is None:
        return in_topic or ""
    found = pick(document, message.device)
    text = str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""
    return "" if in_topic is not None and text != in_topic else text
