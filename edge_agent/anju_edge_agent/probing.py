"""What a device says when it is asked once, on purpose, by somebody who installs it."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from anju_edge_agent.flow import Device


@dataclass(frozen=True, slots=True)
class Found:
    """The value of a profile's point (by index), as the device gave it, before scale and offset; `raw` are the bytes
    that it was read from. `value` is None for what the device says it can't measure."""

    point: int
    value: float | None
    raw: bytes


@runtime_checkable
class Probing(Protocol):
    """An agent that can read a device once. `probe` raises BusError; the agent must not be running."""

    def probe(self, device: Device) -> list[Found]: ...
