"""Device profiles: everything Anju knows about a device model, as data. Adding a model is adding a profile."""

from collections.abc import Mapping
from dataclasses import dataclass

from anju_contracts.birth import PointKind
from anju_contracts.kinds import Label
from anju_edge_agent.actions import ActionSpec
from anju_edge_agent.dialect import JsonDialect
from anju_edge_agent.dlt645 import Dlt645Map
from anju_edge_agent.osdp import OsdpMap
from anju_edge_agent.registers import ModbusMap
from anju_edge_agent.rules import Threshold
from anju_edge_agent.sampling import EVERY_VALUE, Sampling

Protocol = ModbusMap | Dlt645Map | OsdpMap | JsonDialect


@dataclass(frozen=True, slots=True)
class PointSpec:
    """One measured value. `value = raw * scale + offset` in `unit`; outside `plausible` its quality is uncertain.
    A value equal to `error` says that the sensor failed (quality bad). `period_s` is how often it is asked for."""

    id: str
    unit: str
    kind: PointKind
    label: Label | None = None
    scale: float = 1.0
    offset: float = 0.0
    plausible: tuple[float, float] | None = None
    error: float | None = None
    period_s: float = 0.0
    sampling: Sampling = EVERY_VALUE

    @property
    def is_plain(self) -> bool:
        """Whether raw values are in the point's unit already."""
        return self.scale == 1.0 and self.offset == 0.0


@dataclass(frozen=True, slots=True)
class Profile:
    """A device model. `protocol` is the part that only its driver reads. `silent_after` periods without an answer
    raise `device.silent`."""

    name: str
    kind: str
    model: str
    driver: str
    label: Label | None
    period_s: float
    silent_after: int
    points: tuple[PointSpec, ...]
    thresholds: tuple[Threshold, ...]
    protocol: Protocol

    @property
    def actions(self) -> Mapping[str, ActionSpec]:
        """What devices of this model can be told to do, by name."""
        if isinstance(self.protocol, ModbusMap | Dlt645Map):
            return {}
        return {name: command.spec for name, command in self.protocol.commands.items()}


COMM_POINTS = (
    PointSpec("comm_errors", "1", PointKind.COUNTER, Label("通信错误次数", "communication errors")),
    PointSpec("comm_latency_ms", "ms", PointKind.GAUGE, Label("通信时延", "communication latency")),
)
"""What a driver that asks its devices measures itself, for every one of them."""


def points_of(profile: Profile) -> tuple[PointSpec, ...]:
    """All points of a device of this model, those that the driver measures included."""
    return profile.points + (COMM_POINTS if isinstance(profile.protocol, ModbusMap | Dlt645Map) else ())
