"""Simulated devices of a gateway: JSON of ten values a message, the profile that reads it, and gateway.toml."""

import time
from pathlib import Path

import msgspec

from benchmarks.publisher import Messages

VALUES = 10
PROFILE = """\
driver = "mqtt_json"
kind = "electric_meter"
model = "bench"
period_s = 3600

[message.report]
topic = "bench/{device}/report"
device = "id"
time = { path = "ts", form = "ms" }
"""
POINT = """
[[point]]
id = "p{0}"
unit = "1"
path = "v.p{0}"
"""
GATEWAY = """\
community = "bench"
gateway = "gw-1"
data_dir = "{folder}/var"

[uplink]
url = "mqtt://127.0.0.1:{uplink_port}"
account_interval_s = {account_s}

[[agent]]
name = "devices"
driver = "mqtt_json"
url = "mqtt://127.0.0.1:{port}"
"""
DEVICE = """
[[agent.device]]
asset = "{name}"
profile = "bench.toml"
device = "{name}"
"""


def device_name(number: int) -> str:
    return f"d{number:03}"


def write_gateway(
    folder: Path,
    devices: int,
    *,
    port: int,
    uplink_port: int,
    account_s: float = 0.2,
    more_agents: str = "",
) -> Path:
    """gateway.toml and the profile it names. `port` is of the local broker, `uplink_port` of the platform's."""
    folder.mkdir(parents=True, exist_ok=True)
    points = "".join(POINT.format(number) for number in range(VALUES))
    (folder / "bench.toml").write_text(PROFILE + points, encoding="utf-8")
    head = GATEWAY.format(folder=folder, port=port, uplink_port=uplink_port, account_s=account_s)
    file = folder / "gateway.toml"
    names = [device_name(number) for number in range(devices)]
    file.write_text(head + "".join(DEVICE.format(name=name) for name in names) + more_agents, encoding="utf-8")
    return file


def reports(devices: int, count: int, *, first: int = 0) -> Messages:
    """`count` messages in turn from each device. Value p0 is the number of the message, from `first` on; their times
    are the last milliseconds, each its own."""
    start_ms = round(time.time() * 1000) - count
    topics = [f"bench/{device_name(number)}/report" for number in range(devices)]
    payloads = [_report(device_name(number % devices), first + number, start_ms + number) for number in range(count)]
    return Messages(topics, payloads)


def _report(device: str, number: int, at_ms: int) -> str:
    values = {f"p{place}": number if place == 0 else round(220 + place + number % 7 / 8, 3) for place in range(VALUES)}
    return msgspec.json.encode({"id": device, "ts": at_ms, "v": values}).decode()
