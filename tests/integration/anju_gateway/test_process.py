"""The program itself, and what is left of it after kill -9."""

import itertools
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from anju_contracts.clock import RealClock
from anju_contracts.envelope import MAX_SEQ, Stream
from anju_contracts.senml import decode_pack
from anju_contracts.topics import Channel
from anju_gateway.outbox import Outbox
from anju_gateway.outbox_file import Limits
from anju_simulators.services import Broker

PROGRAM = Path(sys.executable).with_name("anju-gateway")
AGENTS = """
[[agent]]
name = "meters"
driver = "modbus"
host = "127.0.0.1"
port = {port}
[[agent.device]]
asset = "em-001"
profile = "eastron-sdm630"
unit = 1
period_s = 0.1
[[agent]]
name = "lifts"
driver = "mqtt_json"
url = "{url}"
[[agent.device]]
asset = "lift-01"
profile = "shengtong-lm3"
device = "{device}"
"""
HAND_OVER = """
import itertools, sys, threading
from pathlib import Path
from anju_contracts.clock import RealClock
from anju_edge_agent.samples import Sample
from anju_gateway.outbox import Outbox
from anju_gateway.outbox_file import Limits

outbox = Outbox(Path(sys.argv[1]), Limits(), RealClock())
start, speaking = int(sys.argv[2]), threading.Lock()

def hand_over(agent):
    for number in itertools.count(start + agent, 4):
        outbox([Sample("em-001", "power_w", 1767268800000000 + number, float(number))] * 1, [])
        with speaking:
            print(number, flush=True)

for agent in range(4):
    threading.Thread(target=hand_over, args=(agent,)).start()
"""


def numbers_in(path: Path) -> set[int]:
    outbox = Outbox(path, Limits(), RealClock())
    batches = outbox.read(Stream.TELEMETRY, after=0, up_to=MAX_SEQ, most=10**6) or []
    outbox.close()
    assert outbox.set_aside is None
    packs = [decode_pack(batch.message(historical=False), now=RealClock().now()) for batch in batches]
    return {int(value) for pack in packs for value in pack.values}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_an_agent_was_told_is_on_disk_survives_kill_9(tmp_path: Path, seed: int) -> None:
    chance, told = random.Random(seed), set[int]()
    path = tmp_path / "outbox.sqlite3"
    for life in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", HAND_OVER, str(path), str(life * 10**6)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        told.update(int(line) for line in itertools.islice(process.stdout, chance.randint(20, 400)))
        time.sleep(chance.uniform(0, 0.02))
        process.kill()
        told.update(int(line) for line in process.stdout.read().split("\n")[:-1] if line)
        process.stdout.close()
        process.wait()
    assert len(told) > 60
    assert told <= numbers_in(path)


Launch = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def launch(platform: Any, broker: Broker, serve: Any, meters: Any, tmp_path: Path) -> Iterator[Launch]:
    """Starts the program on one data folder, with a meter and a lift monitor."""
    server = serve(*meters(230.5))
    agents = AGENTS.format(port=server.port, url=broker.url, device=platform.address.community)
    (tmp_path / "gateway.toml").write_text(
        f'community = "{platform.address.community}"\ngateway = "gw-1"\ndata_dir = "var"\n'
        f'[uplink]\nurl = "{broker.url}"\naccount_interval_s = 0.5\n{agents}',
        encoding="utf-8",
    )
    processes: list[subprocess.Popen[str]] = []

    def begin() -> subprocess.Popen[str]:
        command = [str(PROGRAM), "run", str(tmp_path / "gateway.toml")]
        processes.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ}))
        return processes[-1]

    yield begin
    for process in processes:
        process.kill()
        process.wait()
        if process.stderr is not None:
            process.stderr.close()


def states(platform: Any) -> list[str]:
    return [state["state"] for state in platform.on(Channel.STATE)]


def test_the_program_carries_samples_and_alarms_and_ends_cleanly(
    launch: Launch, platform: Any, device: Any, eventually: Callable[..., bool]
) -> None:
    process, name = launch(), platform.address.community
    assert eventually(lambda: len(platform.values("em-001/voltage_l1_v")) >= 3)
    now_ms = round(time.time() * 1000)
    device.say(f"liftmon/{name}/status", {"sn": name, "ts": now_ms, "d": {"door": {"close_ms": 2410}}})
    device.say(f"liftmon/{name}/fault", {"sn": name, "ts": now_ms, "code": 7, "on": True})
    assert eventually(lambda: platform.values("lift-01/door_close_s") == [2.41])
    assert eventually(lambda: platform.on(Channel.EVENT))
    assert platform.on(Channel.EVENT)[-1]["events"][0]["code"] == "lift.trapped_level"
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=20)
    assert process.returncode == 0
    assert eventually(lambda: states(platform) == ["online", "offline"])
    lines = [json.loads(line) for line in log.splitlines()]
    assert {line["program"] for line in lines} == {"anju-gateway"}
    assert [line["message"] for line in lines if line["level"] != "info"] == []
    telemetry = platform.on(Channel.ACCOUNT)[-1]["streams"]["telemetry"]
    assert telemetry["produced"] == telemetry["committed"] > 0


def test_a_gateway_that_is_killed_is_lost_and_goes_on_under_its_epoch(
    launch: Launch, platform: Any, eventually: Callable[..., bool], tmp_path: Path
) -> None:
    process = launch()
    assert eventually(lambda: len(platform.values("em-001/voltage_l1_v")) >= 3)
    platform.answering = False
    before = max(seq for _, seq, _ in platform.batches())
    assert eventually(lambda: max(seq for _, seq, _ in platform.batches()) >= before + 3)
    process.kill()
    assert eventually(lambda: states(platform) == ["online", "lost"])
    db = sqlite3.connect(tmp_path / "var" / "outbox.sqlite3")
    (queued,) = db.execute("SELECT count(*) FROM batch WHERE stream = 'telemetry'").fetchone()
    db.close()
    assert queued >= 3
    platform.answering = True
    launch()
    assert eventually(lambda: states(platform)[-1] == "online")
    again = before + queued + 3
    assert eventually(lambda: {seq for _, seq, _ in platform.batches()} >= set(range(1, again)))
    assert len({epoch for epoch, _, _ in platform.batches()}) == 1


def test_a_second_gateway_on_the_same_folder_is_refused(
    launch: Launch, platform: Any, eventually: Callable[..., bool]
) -> None:
    launch()
    assert eventually(lambda: states(platform) == ["online"])
    second = launch()
    _, log = second.communicate(timeout=20)
    assert second.returncode == 1
    assert "in use by another anju-gateway" in log
