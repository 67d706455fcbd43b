"""The gateway's configuration for a simulated community, as a person would write it by hand."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from anju_simulators.devices.wiring import OnBroker, OnBus, Wiring
from anju_simulators.fleet import AssetSpec
from anju_simulators.scenario import Scenario

AGENT_OF = {"lift": "lifts", "door": "doors"}
ANSWER_WITHIN_S = 3.0
"""Patience with the simulated meters (real seconds): they share two cores with everything else."""
SILENCE_PERIODS = 4
"""Monitors are said to report this many times more seldom than they do: an hour is only a second of the demo."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Where the gateway finds everything. Converter number n listens on `modbus_port` + n."""

    uplink_url: str
    local_url: str
    modbus_port: int
    data_dir: Path
    period_s: float


def gateway_toml(scenario: Scenario, fleet: Iterable[AssetSpec], wiring: Wiring, lines: Lines) -> str:
    """The text of gateway.toml."""
    specs = {spec.asset_id: spec for spec in fleet}
    head = [
        f"community = {_text(scenario.community)}",
        'gateway = "gw-1"',
        f"data_dir = {_text(str(lines.data_dir))}",
        "",
        "[community_label]",
        f"zh = {_text(scenario.label_zh)}",
        f"en = {_text(scenario.label_en)}",
        "",
        "[uplink]",
        f"url = {_text(lines.uplink_url)}",
    ]
    return "\n".join([*head, *_meters(specs, wiring, lines), *_monitors(specs, wiring, lines), ""])


def _meters(specs: dict[str, AssetSpec], wiring: Wiring, lines: Lines) -> Iterator[str]:
    for converter in range(wiring.converters):
        yield from (
            "",
            "[[agent]]",
            f'name = "meters-{converter + 1}"',
            'driver = "modbus"',
            'host = "127.0.0.1"',
            f"port = {lines.modbus_port + converter}",
            f"timeout_s = {ANSWER_WITHIN_S:g}",
        )
        for meter in wiring.meters:
            if meter.converter == converter:
                yield from _device(specs[meter.asset], meter, f"unit = {meter.unit}", lines.period_s)


def _monitors(specs: dict[str, AssetSpec], wiring: Wiring, lines: Lines) -> Iterator[str]:
    for kind, name in AGENT_OF.items():
        mine = [monitor for monitor in wiring.monitors if monitor.kind == kind]
        if mine:
            yield from ("", "[[agent]]", f'name = "{name}"', 'driver = "mqtt_json"', f"url = {_text(lines.local_url)}")
        for monitor in mine:
            period_s = lines.period_s * SILENCE_PERIODS
            yield from _device(specs[monitor.asset], monitor, f'device = "{monitor.serial}"', period_s)


def _device(spec: AssetSpec, place: OnBus | OnBroker, address: str, period_s: float) -> Iterator[str]:
    yield from ("", "  [[agent.device]]", f"  asset = {_text(place.asset)}", f"  profile = {_text(spec.model)}")
    yield f"  {address}"
    yield f"  period_s = {period_s:g}"
    yield f"  location = {_text(spec.location)}"
    yield f"  installed_on = {spec.installed_on.isoformat()}"
    yield f"  label = {{ zh = {_text(spec.label.zh)}, en = {_text(spec.label.en)} }}"


def _text(value: str) -> str:
    """A TOML basic string: JSON's escapes are among TOML's."""
    return json.dumps(value, ensure_ascii=False)
