"""thingsboard-gateway in a virtual environment of its own, and what the ThingsBoard server is to it."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGTERM
from typing import Any

import msgspec
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from anju_simulators.services.account import unprivileged
from anju_simulators.services.places import mosquitto_program
from anju_simulators.services.ports import accepts
from anju_simulators.services.process import ServerProcess
from benchmarks.devices import VALUES
from benchmarks.figures import NotMeasuredError
from benchmarks.gateway_bed import Bed
from benchmarks.programs import ROOT, Program, program

VERSION = "3.8.5"
CLIENT_ID = "bench-thingsboard"
FOLDER = ROOT / ".cache" / "thingsboard"
TELEMETRY = "v1/gateway/telemetry"
REQUESTS = "v1/devices/me/rpc/request/"
ANSWERS = "v1/devices/me/rpc/response/"
LIMITS = {"maxPayloadSize": 65_536, "maxInflightMessages": 100, "rateLimits": {}, "gatewayRateLimits": {}}
"""What a ThingsBoard server without rate limits answers."""
INSTALL_WITHIN_S = 900
BROKER = """\
listener {port} 127.0.0.1
allow_anonymous true
acl_file {folder}/rights
max_inflight_messages 1000
max_queued_messages 100000
"""
RIGHTS = """\
topic readwrite #
user bench
topic write #
topic read v1/devices/me/rpc/response/+
"""


def installed() -> Path:
    """Its program, installed when it isn't yet; NotMeasuredError where it can't be had."""
    found = FOLDER / "venv" / "bin" / "thingsboard-gateway"
    if not found.exists():
        _run(sys.executable, "-m", "venv", str(FOLDER / "venv"))
        _run(str(FOLDER / "venv" / "bin" / "pip"), "install", "--quiet", f"thingsboard-gateway=={VERSION}")
    return found


def _run(*command: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=INSTALL_WITHIN_S)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as exc:
        said = str(exc.stderr or exc).strip().splitlines()[-1:]
        raise NotMeasuredError(f"thingsboard-gateway {VERSION} could not be installed: {' '.join(said)}") from exc


@contextmanager
def server_broker(folder: Path, port: int) -> Iterator[None]:
    """A broker that delivers to the gateway only what is meant for it: the plain one would give its requests back to
    it, as if they were the server's."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rights").write_text(RIGHTS, encoding="utf-8")
    (folder / "broker.conf").write_text(BROKER.format(port=port, folder=folder), encoding="utf-8")
    command = unprivileged([str(mosquitto_program()), "-c", str(folder / "broker.conf")], folder=folder)
    process = ServerProcess(command, log=folder / "log", stop_signal=SIGTERM)
    try:
        process.await_ready(lambda: accepts(port), within_s=20)
        yield
    finally:
        process.stop()


class ThingsBoard:
    """Answers what the gateway asks at its start, and counts the readings that come."""

    def __init__(self, port: int) -> None:
        self.numbers: list[int] = []
        """The values of p0, as they came."""
        self.readings = 0
        self.arrived_s = 0.0
        """When the last came; of the monotonic clock."""
        self._port = port
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.on_message = self._on_message

    def __enter__(self) -> "ThingsBoard":
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()
        for topic in (TELEMETRY, f"{REQUESTS}+"):
            self._client.subscribe(topic, qos=1)
        return self

    def __exit__(self, *_exc: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_message(self, client: Client, _data: Any, message: MQTTMessage) -> None:
        if message.topic.startswith(REQUESTS):
            request = message.topic.removeprefix(REQUESTS)
            client.publish(f"{ANSWERS}{request}", msgspec.json.encode(LIMITS), qos=1)
            return
        for packs in msgspec.json.decode(message.payload).values():
            for pack in packs:
                values = pack.get("values", pack)
                self.readings += len(values)
                self.numbers.append(int(values.get("p0", 0)))
        self.arrived_s = time.monotonic()


@contextmanager
def thingsboard_gateway(bed: Bed, folder: Path, *, uplink_port: int) -> Iterator[Program]:
    """It, with SQLite storage and a connector that reads the devices of the benchmark."""
    path = installed()
    (folder / "data").mkdir(parents=True, exist_ok=True)
    files = {
        "tb_gateway.json": _main_config(folder, uplink_port),
        "mqtt.json": _connector(bed.broker.port),
        "logs.json": _logging(),
    }
    for name, content in files.items():
        (folder / name).write_bytes(msgspec.json.encode(content))
    environment = {"TB_GW_CONFIG_DIR": str(folder), "PYTHONPATH": ""}
    with program(str(path), log=folder / "log", environment=environment, cores=bed.cores, folder=folder) as running:
        yield running


def _main_config(folder: Path, port: int) -> dict[str, Any]:
    return {
        "thingsboard": {
            "host": "127.0.0.1",
            "port": port,
            "remoteShell": False,
            "remoteConfiguration": False,
            "statistics": {"enable": False},
            "checkConnectorsConfigurationInSeconds": 3_600,
            "maxPayloadSizeBytes": 65_536,
            "minPackSendDelayMS": 50,
            "minPackSizeToSend": 500,
            "qos": 1,
            "security": {"type": "accessToken", "accessToken": "bench"},
        },
        "storage": {
            "type": "sqlite",
            "data_file_path": f"{folder}/data/",
            "messages_ttl_check_in_hours": 24,
            "messages_ttl_in_days": 7,
            "max_read_records_count": 1_000,
        },
        "grpc": {"enabled": False},
        "connectors": [{"type": "mqtt", "name": "devices", "configuration": "mqtt.json"}],
    }


def _connector(port: int) -> dict[str, Any]:
    broker = {
        "host": "127.0.0.1",
        "port": port,
        "clientId": CLIENT_ID,
        "version": 5,
        "maxMessageNumberPerWorker": 10,
        "maxNumberOfWorkers": 100,
        "cleanSession": False,
        "cleanStart": False,
        "sessionExpiryInterval": 86_400,
        "security": {"type": "anonymous"},
    }
    return {"broker": broker, "mapping": [_mapping()]}


def _mapping() -> dict[str, Any]:
    converter = {
        "type": "json",
        "deviceInfo": {
            "deviceNameExpressionSource": "message",
            "deviceNameExpression": "${id}",
            "deviceProfileExpressionSource": "constant",
            "deviceProfileExpression": "default",
        },
        "sendDataOnlyOnChange": False,
        "timeout": 60_000,
        "attributes": [],
        "timeseries": [
            {"type": "double", "key": f"p{number}", "value": f"${{v.p{number}}}"} for number in range(VALUES)
        ],
    }
    return {"topicFilter": "bench/+/report", "subscriptionQos": 1, "converter": converter}


def _logging() -> dict[str, Any]:
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "handlers": {"console": {"class": "logging.StreamHandler", "level": "WARNING"}},
        "root": {"level": "WARNING", "handlers": ["console"]},
    }
