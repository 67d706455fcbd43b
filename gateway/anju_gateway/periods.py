"""How often devices are asked, where a command has changed it: kept in a file, so that it holds over a restart."""

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import msgspec

from anju_contracts.command import Param
from anju_edge_agent.actions import ActionRefused, Result
from anju_gateway.config import ConfiguredAgent, ConfiguredDevice, GatewayConfig

LEAST_S = 1.0
MOST_S = 86_400.0
log = logging.getLogger(__name__)


class Periods:
    """Periods by asset, in seconds of the deployment's clock. They outdo those of gateway.toml."""

    def __init__(self, file: Path, config: GatewayConfig) -> None:
        self._file = file
        self._config = config
        self._assets = {device.device.asset for agent in config.agents for device in agent.devices}
        self._by_asset = {asset: period_s for asset, period_s in _read(file).items() if asset in self._assets}

    def applied(self) -> GatewayConfig:
        return replace(self._config, agents=tuple(self._applied(agent) for agent in self._config.agents))

    def set(self, params: Mapping[str, Param], change: Callable[[str, float], None]) -> Result:
        """Takes `asset` and `period_s`. It is on disk before `change` makes it true."""
        asset, period_s = params.get("asset"), params.get("period_s")
        if params.keys() != {"asset", "period_s"} or not isinstance(asset, str):
            raise ActionRefused(f"params: got {', '.join(sorted(params)) or 'none'}, expected asset and period_s")
        if isinstance(period_s, bool | str | None) or not LEAST_S <= period_s <= MOST_S:
            raise ActionRefused(f"params.period_s: got {period_s!r}, expected seconds from {LEAST_S:g} to {MOST_S:g}")
        if asset not in self._assets:
            raise ActionRefused(f"params.asset: got {asset!r}, expected an asset of this gateway")
        changed = self._by_asset | {asset: float(period_s)}
        _write(self._file, changed)
        self._by_asset = changed
        change(asset, float(period_s))
        return {"period_s": float(period_s)}

    def _applied(self, agent: ConfiguredAgent) -> ConfiguredAgent:
        return replace(agent, devices=tuple(self._changed(device) for device in agent.devices))

    def _changed(self, device: ConfiguredDevice) -> ConfiguredDevice:
        period_s = self._by_asset.get(device.device.asset)
        return device if period_s is None else with_period(device, period_s)


def with_period(device: ConfiguredDevice, period_s: float) -> ConfiguredDevice:
    return replace(device, device=replace(device.device, period_s=period_s))


def _read(file: Path) -> dict[str, float]:
    """Nothing where the file is absent or broken: then gateway.toml holds."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, float])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as exc:
        found = {"file": str(file), "reason": str(exc)}
        log.warning("periods can't be read; those of gateway.toml hold", extra=found)
        return {}


def _write(file: Path, by_asset: Mapping[str, float]) -> None:
    new = file.with_name(file.name + ".new")
    with new.open("wb") as target:
        target.write(msgspec.json.encode(by_asset))
        target.flush()
        os.fsync(target.fileno())
    new.replace(file)
