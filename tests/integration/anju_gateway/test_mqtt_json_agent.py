"""The mqtt_json driver against a real broker."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from anju_contracts.quality import Quality
from anju_simulators.services import Broker

TWO_LIFTS = """
[[agent.device]]
asset = "lift-01"
profile = "shengtong-lm3"
device = "{0}A"
[[agent.device]]
asset = "lift-02"
profile = "shengtong-lm3"
device = "{0}B"
period_s = {1}
"""


def listener(broker: Broker, prefix: str, *, client_id: str = "", period_s: float = 900.0, more: str = "") -> str:
    head = (
        f'[[agent]]\nname = "lifts"\ndriver = "mqtt_json"\nurl = "{broker.url}"\nclient_id = "{client_id or prefix}"\n'
    )
    return f"{head}{more}\n{TWO_LIFTS.format(prefix, period_s)}"


def status(device: str, trips: int, *, ago_s: float = 0.0) -> dict[str, object]:
    return {"sn": device, "ts": round((time.time() - ago_s) * 1000), "d": {"trips": trips}}


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_what_devices_publish_becomes_samples_and_events(
    broker: Broker, device: Any, run_agent: Any, eventually: Callable[..., bool], version: str
) -> None:
    if version == "3.1.1" and broker.kind == "iotcore":
        version = "5"
    agent = run_agent(listener(broker, f"both{version[0]}", more=f'mqtt_version = "{version}"'))
    assert eventually(lambda: agent.troubles == [None])
    a, b = f"both{version[0]}A", f"both{version[0]}B"
    for trips in range(20):
        device.say(f"liftmon/{a}/status", status(a, trips))
        device.say(f"liftmon/{b}/status", status(b, 100 + trips), qos=0)
    device.say(f"liftmon/{a}/fault", {"sn": a, "ts": round(time.time() * 1000), "code": 12, "on": True})
    assert eventually(lambda: agent.kept.codes() == [("lift-01", "lift.door_close_fault", "raise")])
    assert eventually(lambda: agent.kept.latest("lift-02") == {"trips": 119.0})
    assert [sample.value for sample in agent.kept.samples if sample.asset == "lift-01"] == [float(n) for n in range(20)]


def test_what_was_not_kept_is_not_acknowledged_and_comes_again(
    broker: Broker, device: Any, run_agent: Any, eventually: Callable[..., bool]
) -> None:
    first = run_agent(listener(broker, "ack"))
    assert eventually(lambda: first.troubles == [None])
    first.kept.refusing = True
    device.say("liftmon/ackA/status", status("ackA", 7))
    assert eventually(lambda: not first.thread.is_alive())
    assert first.kept.samples == []
    device.say("liftmon/ackA/status", status("ackA", 8))
    again = run_agent(listener(broker, "ack"))
    assert eventually(lambda: {sample.value for sample in again.kept.samples} == {7.0, 8.0})


def test_what_is_published_while_the_gateway_is_away_comes_when_it_is_back(
    broker: Broker, device: Any, run_agent: Any, eventually: Callable[..., bool]
) -> None:
    agent = run_agent(listener(broker, "away"))
    assert eventually(lambda: agent.troubles == [None])
    agent.end()
    device.say("liftmon/awayA/status", status("awayA", 42, ago_s=5))
    again = run_agent(listener(broker, "away"))
    assert eventually(lambda: again.kept.latest("lift-01") == {"trips": 42.0})
    assert again.kept.samples[0].at_us < (time.time() - 4) * 1e6


def test_messages_that_cannot_be_used_disturb_nothing(
    broker: Broker, device: Any, run_agent: Any, eventually: Callable[..., bool]
) -> None:
    agent = run_agent(listener(broker, "odd"))
    assert eventually(lambda: agent.troubles == [None])
    device.say("liftmon/oddA/status", b"{")
    device.say("liftmon/oddZ/status", status("oddZ", 1))
    device.say("liftmon/oddA/status", {**status("oddA", 5), "ts": 12})
    assert eventually(lambda: agent.kept.samples)
    assert [sample.quality for sample in agent.kept.samples] == [Quality.UNCERTAIN]
    assert sorted(agent.oddities) == ["implausible_time", "unknown_device", "unreadable_message"]


def test_a_device_that_stops_reporting_is_silent_until_it_reports(
    broker: Broker, device: Any, run_agent: Any, eventually: Callable[..., bool]
) -> None:
    agent = run_agent(listener(broker, "mute", period_s=0.1))
    assert eventually(lambda: agent.kept.codes() == [("lift-02", "device.silent", "raise")])
    assert agent.kept.samples == []
    device.say("liftmon/muteB/status", status("muteB", 1))
    assert eventually(lambda: ("lift-02", "device.silent", "clear") in agent.kept.codes())


def test_a_local_broker_that_goes_away_is_reported_and_found_again(
    run_agent: Any, eventually: Callable[..., bool], tmp_path: Path
) -> None:
    with Broker(tmp_path / "local") as local:
        agent = run_agent(listener(local, "gone", period_s=0.4))
        assert eventually(lambda: agent.troubles == [None])
        local.crash()
        assert eventually(lambda: len(agent.troubles) > 1 and agent.troubles[-1] is not None)
        local.start()
        assert eventually(lambda: agent.troubles[-1] is None)
    agent.end()


def test_a_local_broker_that_was_never_there_is_reported(run_agent: Any, eventually: Callable[..., bool]) -> None:
    text = '[[agent]]\nname = "lifts"\ndriver = "mqtt_json"\nurl = "mqtt://127.0.0.1:1"\n' + TWO_LIFTS.format("x", 900)
    agent = run_agent(text)
    assert eventually(lambda: any(reason and "mqtt://127.0.0.1:1" in reason for reason in agent.troubles))
