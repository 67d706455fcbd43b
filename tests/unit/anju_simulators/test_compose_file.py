"""What docker-compose.yml promises: pinned images, no secret, a gateway that matches the simulated community."""

import base64
import hashlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from anju_simulators.devices.wiring import wire
from anju_simulators.fleet import fleet
from anju_simulators.scenario import read_scenario

ROOT = Path(__file__).resolve().parents[3]
OWN_IMAGES = ("anju-platform", "anju-gateway", "anju-simulators")


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    loaded: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return loaded["services"]


def test_every_image_of_others_is_pinned_to_a_version(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        if service["image"] not in OWN_IMAGES:
            default = re.fullmatch(r"\$\{[A-Z]+_IMAGE:-(?P<image>.+)\}", service["image"])
            assert default is not None, name
            assert re.search(r":v?\d+\.\d+\.\d+", default["image"]), name


def test_passwords_are_files_and_never_values(services: dict[str, dict[str, Any]]) -> None:
    settings = [item for service in services.values() for item in service.get("environment", {}).items()]
    assert settings
    for name, value in settings:
        assert "PASSWORD" not in name or value.startswith("/run/secrets/"), name
        assert not re.search(r"//[^/@]+:[^/@]+@", value), name


def test_no_broker_lets_anybody_in_without_an_account(services: dict[str, dict[str, Any]]) -> None:
    brokers = [path.read_text(encoding="utf-8") for path in (ROOT / "docker").glob("*.conf")]
    assert sum(text.count("allow_anonymous false") for text in brokers) >= len(brokers)
    assert not any("allow_anonymous true" in text for text in brokers)
    made = {"box-accounts": {"condition": "service_completed_successfully"}}
    assert made.items() <= services["box-broker"]["depends_on"].items()


def test_the_database_ends_without_waiting_for_its_clients_and_has_time_to(services: dict[str, dict[str, Any]]) -> None:
    """Asked with SIGTERM, PostgreSQL waits for whoever is connected, and is killed in the end."""
    made_here = (ROOT / "docker/offline/images.sh").read_text(encoding="utf-8")
    database = made_here.partition("[timescaledb]='")[2].partition("'")[0]
    assert "STOPSIGNAL SIGINT" in database.splitlines()
    assert services["timescaledb"]["stop_grace_period"] == "1m"


def test_ports_are_published_on_this_machine_only(services: dict[str, dict[str, Any]]) -> None:
    published = [port for service in services.values() for port in service.get("ports", ())]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_ingest_can_be_scaled(services: dict[str, dict[str, Any]]) -> None:
    assert not {"container_name", "ports"} & services["ingest"].keys()


def test_whatever_the_services_mount_is_there(services: dict[str, dict[str, Any]]) -> None:
    mounted = [volume.split(":")[0] for service in services.values() for volume in service.get("volumes", ())]
    files = [path for path in mounted if path.startswith("./")]
    assert files
    assert all((ROOT / path).is_file() for path in files)


def test_the_gateway_reads_exactly_the_devices_of_the_community() -> None:
    scenario = read_scenario(ROOT / "docker/community/scenario.toml")
    gateway = tomllib.loads((ROOT / "docker/community/gateway.toml").read_text(encoding="utf-8"))
    wiring = wire(fleet(scenario), meters_a_converter=8)
    configured = {
        (agent.get("port"), device["asset"], device.get("unit", device.get("device")))
        for agent in gateway["agent"]
        for device in agent["device"]
    }
    meters = {(5020 + meter.converter, meter.asset, meter.unit) for meter in wiring.meters}
    monitors = {(None, monitor.asset, monitor.serial) for monitor in wiring.monitors}
    assert gateway["community"] == scenario.community
    assert configured == meters | monitors


def make_secrets(folder: Path, *gateways: str) -> dict[str, str]:
    subprocess.run([sys.executable, ROOT / "docker/make_secrets.py", folder, *gateways], check=True)
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_secrets_are_random_closed_to_others_and_stay_when_a_gateway_is_added(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    first = make_secrets(folder, "jinxiu/gw-1")
    second = make_secrets(folder, "jinxiu/gw-2")
    kept = ("postgres", "mqtt_platform", "mqtt_jinxiu+gw-1")
    assert folder.stat().st_mode & 0o077 == 0
    assert len({first[name] for name in kept}) == len(kept)
    assert all(first[name] == second[name] for name in kept)
    assert [line.split(":")[0] for line in second["broker_accounts"].splitlines()] == [
        "jinxiu/gw-1",
        "jinxiu/gw-2",
        "platform",
    ]


def test_the_broker_knows_an_account_by_the_hash_of_its_password(tmp_path: Path) -> None:
    written = make_secrets(tmp_path / "secrets")
    account, _, hashed = written["broker_accounts"].strip().partition(":")
    _, kind, iterations, salt, digest = hashed.split("$")
    expected = hashlib.pbkdf2_hmac("sha512", written["mqtt_platform"].encode(), base64.b64decode(salt), int(iterations))
    assert (account, kind) == ("platform", "7")
    assert base64.b64decode(digest) == expected


def test_only_the_listener_with_certificates_is_published_to_others() -> None:
    overlay = yaml.safe_load((ROOT / "docker-compose.tls.yml").read_text(encoding="utf-8"))["services"]
    assert [name for name, service in overlay.items() if "ports" in service] == ["mosquitto"]
    assert overlay["mosquitto"]["ports"] == ["${MQTTS_PORT:-8883}:8883"]
    sources = [volume.split(":")[0] for volume in overlay["mosquitto"]["volumes"]]
    assert sources == ["./docker/mosquitto-tls.conf", "./.secrets/authority/broker"]
    assert (ROOT / sources[0]).is_file()


def test_only_the_sender_of_commands_gets_the_key_that_signs_them(services: dict[str, dict[str, Any]]) -> None:
    overlay = yaml.safe_load((ROOT / "docker-compose.tls.yml").read_text(encoding="utf-8"))["services"]
    holders = [name for name, service in (services | overlay).items() if "command_key" in service.get("secrets", ())]
    assert holders == ["commands"]
    assert services["worker"]["environment"].items() <= (
        overlay["commands"]["environment"].items() | {("ANJU_METRICS_PORT", "9100")}
    )
