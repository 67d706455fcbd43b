"""The gateway's configuration for a simulated community, as a person would write it by hand."""

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from anju_simulators.devices.wiring import OnBroker, OnBus, Protocol, Wiring, reader_key
from anju_simulators.fleet import AssetSpec
from anju_simulators.scenario import Scenario

CREDENTIAL_KEY = "cards.key"
DRIVER_OF: Final[Mapping[Protocol, str]] = MappingProxyType(
    {"modbus_tcp": "modbus", "modbus_rtu": "modbus", "dlt645": "dlt645", "osdp": "osdp"}
)
GATEWAY_ACCOUNT: Final = "_gateway"
"""Of the agents on the local broker, as `anju-gateway local-broker` calls it."""
AGENT_OF = {"lift": "lifts", "door": "doors"}
ANSWER_WITHIN_S = 3.0
"""Patience with the simulated meters (real seconds): they share two cores with everything else."""
SILENCE_PERIODS = 4
"""Monitors are said to report this many times more seldom than they do: an hour is only a second of the demo."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Where the gateway finds everything. Line number n listens on `modbus_port` + n, or is a serial port in
    `serial_dir`; the readers' keys lie in `keys_dir`. `accounts_dir` is what `anju-gateway local-broker` fills; None
    for a local broker that asks for no accounts."""

    uplink_url: str
    local_url: str
    modbus_port: int
    data_dir: Path
    period_s: float
    serial_dir: Path | None = None
    keys_dir: Path | None = None
    accounts_dir: Path | None = None


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
    return "\n".join([*head, *_buses(specs, wiring, lines), *_monitors(specs, wiring, lines), ""])


def _buses(specs: dict[str, AssetSpec], wiring: Wiring, lines: Lines) -> Iterator[str]:
    for number in range(wiring.converters):
        places = wiring.behind(number)
        name = "readers" if places[0].protocol == "osdp" else f"meters-{number + 1}"
        yield from ("", "[[agent]]", f'name = "{name}"', f'driver = "{DRIVER_OF[places[0].protocol]}"')
        yield from _line(number, places[0].protocol, lines)
        for place in places:
            yield from _device(specs[place.asset], place, _address(place, lines), lines.period_s)


def _line(number: int, protocol: Protocol, lines: Lines) -> Iterator[str]:
    if lines.serial_dir is not None and protocol != "modbus_tcp":
        yield f"serial = {_text(str(lines.serial_dir / f'bus-{number + 1}'))}"
    else:
        yield from ('host = "127.0.0.1"', f"port = {lines.modbus_port + number}")
        if protocol == "modbus_rtu":
            yield 'framing = "rtu"'
    if protocol == "osdp":
        yield f"credential_key_file = {_text(str(_keys(lines) / CREDENTIAL_KEY))}"
    yield f"timeout_s = {ANSWER_WITHIN_S:g}"


def _address(place: OnBus, lines: Lines) -> str:
    if place.protocol == "dlt645":
        return f'address = "{place.meter_address}"'
    if place.protocol == "osdp":
        return f"address = {place.unit}\n  key_file = {_text(str(_keys(lines) / f'{place.asset}.key'))}"
    return f"unit = {place.unit}"


def _keys(lines: Lines) -> Path:
    return lines.keys_dir or lines.data_dir


def write_keys(wiring: Wiring, folder: Path) -> None:
    """The keys of the simulated readers, and one for pseudonyms of cards, each in a file for its owner alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    keys = {f"{place.asset}.key": reader_key(place) for place in wiring.readers}
    for name, key in {**keys, CREDENTIAL_KEY: secrets.token_bytes(16)}.items():
        file = folder / name
        file.touch(mode=0o600)
        file.write_text(key.hex(), encoding="ascii")


def _monitors(specs: dict[str, AssetSpec], wiring: Wiring, lines: Lines) -> Iterator[str]:
    for kind, name in AGENT_OF.items():
        mine = [monitor for monitor in wiring.monitors if monitor.kind == kind]
        if mine:
            yield from ("", "[[agent]]", f'name = "{name}"', 'driver = "mqtt_json"', f"url = {_text(lines.local_url)}")
            yield from _credentials(lines.accounts_dir)
        for monitor in mine:
            period_s = lines.period_s * SILENCE_PERIODS
            yield from _device(specs[monitor.asset], monitor, f'device = "{monitor.serial}"', period_s)


def _credentials(accounts: Path | None) -> Iterator[str]:
    if accounts is not None:
        yield f'username = "{GATEWAY_ACCOUNT}"'
        yield f"password_file = {_text(str(accounts / 'passwords' / GATEWAY_ACCOUNT))}"


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
