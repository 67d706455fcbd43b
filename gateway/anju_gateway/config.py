"""What a gateway is told by its configuration file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from anju_contracts.birth import Asset, Birth, Point
from anju_contracts.kinds import Label
from anju_edge_agent.drivers.catalog import Build
from anju_edge_agent.endpoint import Endpoint
from anju_edge_agent.flow import Device
from anju_edge_agent.place import Place
from anju_edge_agent.profile import points_of
from anju_gateway.outbox_file import Limits


@dataclass(frozen=True, slots=True)
class Uplink:
    """Windows are in batches, times in real seconds but for `historical_after_s`: what was still queued when a
    session began and is older than that, in seconds of the data, goes up as backfill."""

    endpoint: Endpoint
    client_id: str
    account_interval_s: float = 60.0
    flush_timeout_s: float = 5.0
    keepalive_s: int = 30
    telemetry_window: int = 64
    event_window: int = 32
    backfill_batches_per_s: float = 100.0
    historical_after_s: float = 300.0


@dataclass(frozen=True, slots=True)
class ConfiguredDevice:
    """A device and what its birth says about the asset it stands for."""

    device: Device
    label: Label | None = None
    location: str | None = None
    installed_on: date | None = None
    attributes: Mapping[str, str | float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConfiguredAgent:
    """`build` makes a new agent of its driver for its devices; `place` is the bus that it asks, if it asks one."""

    name: str
    driver: str
    build: Build
    devices: tuple[ConfiguredDevice, ...]
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class GatewayConfig:
    community: str
    gateway: str
    data_dir: Path
    software: str
    community_label: Label | None
    uplink: Uplink
    limits: Limits
    agents: tuple[ConfiguredAgent, ...]
    command_key_file: Path | None = None
    """The public key that commands are checked with; None: this gateway takes none."""


def birth_of(config: GatewayConfig, *, epoch: str, at: datetime) -> Birth:
    """Everything this gateway will speak of."""
    return Birth(
        community=config.community,
        gateway=config.gateway,
        epoch=epoch,
        software=config.software,
        at=at,
        assets=[_asset_of(device) for agent in config.agents for device in agent.devices],
        label=config.community_label,
    )


def _asset_of(configured: ConfiguredDevice) -> Asset:
    profile = configured.device.profile
    return Asset(
        id=configured.device.asset,
        kind=profile.kind,
        model=profile.model,
        points=[Point(point.id, point.unit, point.kind, point.label) for point in points_of(profile)],
        label=configured.label,
        location=configured.location,
        installed_on=configured.installed_on,
        attributes=dict(configured.attributes),
    )
