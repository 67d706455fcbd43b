"""Actions of devices behind a broker: from an order to a message, and from the device's answer to the order's end."""

import itertools
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from anju_edge_agent.actions import ActionRefused, Order, Param
from anju_edge_agent.dialect import DEVICE, JsonCommand, JsonDialect, pick
from anju_edge_agent.flow import Device

_ID = "{id}"


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An order that was told, on which topic its answer comes, and how that is read."""

    order: Order
    topic: str
    command: JsonCommand


class Commands:
    """All devices of one listener. `topics` are where answers come; used by the agent's thread."""

    def __init__(self, devices: Iterable[Device]) -> None:
        self._devices = {device.asset: device for device in devices}
        self._waiting: dict[str, _Waiting] = {}
        self._numbers = itertools.count(1)
        self._run = secrets.token_hex(4)
        self.topics = frozenset(
            _topic_of(command.answer_topic, device)
            for device in self._devices.values()
            for command in _commands_of(device).values()
        )

    def tell(self, order: Order) -> tuple[str, bytes]:
        """Topic and payload that tell the device; the order then waits for its answer."""
        device = self._devices[order.action.asset]
        command = _commands_of(device)[order.action.name]
        number = f"{self._run}-{next(self._numbers)}"
        self._waiting[number] = _Waiting(order, _topic_of(command.answer_topic, device), command)
        payload = {key: _filled(value, number, order.action.params) for key, value in command.payload.items()}
        return _topic_of(command.topic, device), msgspec.json.encode(payload)

    def answer(self, topic: str, payload: bytes) -> bool:
        """Whether it was the answer to an order that waits; then that is at its end. A device answers for itself."""
        try:
            document = msgspec.json.decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return False
        for number, waiting in self._waiting.items():
            if waiting.topic == topic and pick(document, waiting.command.answer_id) == number:
                del self._waiting[number]
                _end(waiting, document)
                return True
        return False

    def forget(self) -> None:
        """Orders for whose answers nobody waits any more."""
        for number in [number for number, waiting in self._waiting.items() if waiting.order.is_late]:
            del self._waiting[number]


def _end(waiting: _Waiting, document: object) -> None:
    if pick(document, waiting.command.done) is True:
        waiting.order.done({"acknowledged": True})
        return
    reason = pick(document, waiting.command.reason) if waiting.command.reason else None
    waiting.order.refuse(ActionRefused(f"the device refused it: {reason}" if reason else "the device refused it"))


def _commands_of(device: Device) -> Mapping[str, JsonCommand]:
    protocol = device.profile.protocol
    assert isinstance(protocol, JsonDialect)
    return protocol.commands


def _topic_of(pattern: str, device: Device) -> str:
    return pattern.replace(DEVICE, device.address)


def _filled(value: object, number: str, params: Mapping[str, Param]) -> object:
    """What stands for `{id}` or `{<parameter>}`; anything else as it is. Whole numbers are told as such."""
    if value == _ID:
        return number
    if isinstance(value, str) and value.startswith("{") and value[1:-1] in params:
        found = params[value[1:-1]]
        return int(found) if isinstance(found, float) and found.is_integer() else found
    return value
