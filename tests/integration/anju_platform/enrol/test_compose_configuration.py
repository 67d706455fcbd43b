"""The broker of docker-compose.tls.yml, with its files where a test has them."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from eventual import eventually
from guarded import HOST, Guarded

from anju_contracts.topics import Channel, GatewayAddress
from anju_platform.enrol.authority import create_authority, open_authority
from anju_simulators.services import Broker
from anju_simulators.services.ports import free_port

pytestmark = pytest.mark.mosquitto
ROOT = Path(__file__).resolve().parents[4]
A = GatewayAddress("jinxiu", "gw-1")


def test_gateways_outside_come_by_certificate_and_the_platform_inside_by_password(tmp_path: Path) -> None:
    authority_folder, secrets, now = tmp_path / "authority", tmp_path / "secrets", datetime.now(UTC)
    create_authority(authority_folder, title="test", now=now)
    with open_authority(authority_folder) as authority:
        authority.equip([HOST], broker_folder="/mosquitto/authority", now=now)
    subprocess.run([sys.executable, ROOT / "docker/make_secrets.py", secrets], check=True)
    inside = free_port()

    def lines(port: int) -> str:
        text = (ROOT / "docker/mosquitto-tls.conf").read_text(encoding="utf-8").partition("persistence true")[0]
        moved = {"/mosquitto/authority": f"{authority_folder}/broker", "/run/secrets": str(secrets)}
        moved |= {"listener 1883": f"listener {inside} {HOST}", "listener 8883": f"listener {port} {HOST}"}
        for old, new in moved.items():
            text = text.replace(old, new)
        return text

    with Broker(tmp_path / "broker", kind="mosquitto", listeners=lines) as broker:
        guarded = Guarded(broker, authority_folder, inside)
        heard: list[str] = []
        platform = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        platform.username_pw_set("platform", (secrets / "mqtt_platform").read_text(encoding="utf-8"))
        subscribed: list[int] = []
        platform.on_connect = lambda client, *_: client.subscribe("anju/1/+/+/event", qos=1)
        platform.on_subscribe = lambda _client, _data, mid, *_: subscribed.append(mid)
        platform.on_message = lambda _client, _data, message: heard.append(message.topic)
        platform.connect(HOST, inside)
        platform.loop_start()
        assert eventually(lambda: subscribed)
        gateway = guarded.gateway(guarded.enrol(A))
        assert gateway.connect()
        assert gateway.publish(A.topic(Channel.EVENT))
        assert eventually(lambda: heard == [A.topic(Channel.EVENT)])
        assert not guarded.with_certificate(None).connect()
        guarded.close()
        platform.disconnect()
        platform.loop_stop()
