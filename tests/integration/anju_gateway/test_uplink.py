"""Outbox and uplink against a real broker, with a stand-in for the platform's ingest."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from anju_contracts.clock import RealClock
from anju_contracts.codes import Severity
from anju_contracts.envelope import Stream
from anju_contracts.event import Event, EventState
from anju_contracts.receipt import Receipt
from anju_contracts.topics import Channel
from anju_edge_agent.samples import Sample
from anju_gateway.config_reader import load_config
from anju_gateway.gateway import Gateway
from anju_simulators.services import Broker

Start = Callable[..., Gateway]


@pytest.fixture
def start(platform: Any, broker: Broker, tmp_path: Path) -> Iterator[Start]:
    """Starts a gateway of the platform's community, whose only agent never reaches its bus: the tests hand over
    themselves. Each start uses the same outbox."""
    running: list[Gateway] = []

    def begin(*, url: str = broker.url, more: str = "") -> Gateway:
        text = (
            f'community = "{platform.address.community}"\ngateway = "gw-1"\ndata_dir = "var"\n'
            f'[uplink]\nurl = "{url}"\naccount_interval_s = 0.3\nflush_timeout_s = 2\n{more}\n'
            '[[agent]]\nname = "meters"\ndriver = "modbus"\nhost = "127.0.0.1"\nport = 1\n'
            '[[agent.device]]\nasset = "em-001"\nprofile = "eastron-sdm630"\nunit = 1\nperiod_s = 86400\n'
        )
        (tmp_path / "gateway.toml").write_text(text, encoding="utf-8")
        config = load_config(tmp_path / "gateway.toml")
        config.data_dir.mkdir(exist_ok=True)
        running.append(Gateway(config, RealClock()))
        return running[-1].__enter__()

    yield begin
    for gateway in running:
        gateway.__exit__()


def power(*values: float) -> list[Sample]:
    now_us = round(time.time() * 1e6)
    return [Sample("em-001", "power_w", now_us + number, value) for number, value in enumerate(values)]


def alarm(state: EventState = EventState.RAISE) -> Event:
    return Event("em-001", "meter.cover_open", RealClock().now(), state, Severity.MAJOR)


def faults(platform: Any) -> list[str]:
    """What the latest account says is wrong with the gateway itself."""
    accounts = platform.on(Channel.ACCOUNT)
    return [fault["code"] for fault in accounts[-1].get("faults", [])] if accounts else []


def committed(platform: Any, stream: str = "telemetry") -> int:
    accounts = platform.on(Channel.ACCOUNT)
    return int(accounts[-1]["streams"][stream]["committed"]) if accounts else 0


def test_a_session_announces_itself_before_anything_else(
    start: Start, platform: Any, eventually: Callable[..., bool]
) -> None:
    gateway = start()
    gateway.outbox(power(1.0), [])
    assert eventually(lambda: platform.values("em-001/power_w") == [1.0])
    channels = [channel for channel, _, _ in platform.messages if channel is not Channel.ACCOUNT]
    assert channels.index(Channel.BIRTH) < channels.index(Channel.STATE) < channels.index(Channel.TELEMETRY)
    birth, state = platform.on(Channel.BIRTH)[0], platform.on(Channel.STATE)[0]
    assert birth["epoch"] == state["epoch"] == gateway.outbox.epoch
    assert state["state"] == "online"
    assert "power_w" in {point["id"] for point in birth["assets"][0]["points"]}


def test_only_a_receipt_empties_the_outbox(start: Start, platform: Any, eventually: Callable[..., bool]) -> None:
    platform.answering = False
    gateway = start()
    gateway.outbox(power(1.0, 2.0), [alarm()])
    assert eventually(lambda: platform.batches() and platform.batches(Stream.EVENT))
    counts = gateway.outbox.counts()
    assert (counts[Stream.TELEMETRY].queued, counts[Stream.EVENT].queued) == (3, 1)
    epoch = gateway.outbox.epoch
    for receipt in (
        Receipt("another", Stream.TELEMETRY, [(1, 9)]),
        Receipt(epoch, Stream.EVENT, [(1, 1)]),
        Receipt(epoch, Stream.TELEMETRY, [(2, 4), (7, 9)]),
        Receipt(epoch, Stream.TELEMETRY, [(1, 1)]),
        Receipt(epoch, Stream.TELEMETRY, [(1, 1)]),
    ):
        platform.send_receipt(receipt)
    platform.publish_raw(Channel.RECEIPT, b"no receipt")
    assert eventually(lambda: gateway.outbox.counts()[Stream.TELEMETRY].committed == 3)
    assert eventually(lambda: gateway.outbox.counts()[Stream.EVENT].committed == 1)
    assert eventually(lambda: committed(platform) == 3)


def test_what_got_no_receipt_is_sent_again_under_the_same_number(
    start: Start, platform: Any, eventually: Callable[..., bool]
) -> None:
    platform.answering = False
    gateway = start()
    gateway.outbox(power(1.0), [])
    assert eventually(lambda: platform.values("em-001/power_w") == [1.0])
    platform.answering = True
    assert eventually(lambda: gateway.outbox.counts()[Stream.TELEMETRY].queued == 0)
    assert platform.values("em-001/power_w") == [1.0]
    assert len(platform.batches()) > len(set(platform.batches()))


def test_a_gateway_that_starts_again_goes_on_where_it_was(
    start: Start, platform: Any, eventually: Callable[..., bool]
) -> None:
    platform.answering = False
    first = start(more="historical_after_s = 0")
    for number in range(5):
        first.outbox(power(float(number)), [])
    first.__exit__()
    platform.messages.clear()
    platform.answering = True
    second = start(more="historical_after_s = 0")
    assert second.outbox.epoch == first.outbox.epoch
    assert eventually(lambda: second.outbox.counts()[Stream.TELEMETRY].queued == 0)
    second.outbox(power(99.0), [])
    assert eventually(lambda: second.outbox.counts()[Stream.TELEMETRY].queued == 0)
    assert platform.values("em-001/power_w") == [0.0, 1.0, 2.0, 3.0, 4.0, 99.0]
    marks = {seq: historical for _, seq, historical in platform.batches()}
    assert marks[1] is True
    assert marks[max(marks)] is False


def test_a_clean_end_flushes_and_says_goodbye(start: Start, platform: Any, eventually: Callable[..., bool]) -> None:
    gateway = start()
    assert eventually(lambda: platform.on(Channel.STATE))
    gateway.outbox(power(*range(1_000)), [alarm()])
    gateway.__exit__()
    assert eventually(lambda: [state["state"] for state in platform.on(Channel.STATE)] == ["online", "offline"])
    account = platform.on(Channel.ACCOUNT)[-1]
    telemetry = account["streams"]["telemetry"]
    assert (telemetry["produced"], telemetry["committed"], telemetry["queued"]) == (1_001, 1_001, 0)
    assert account["agents"][0]["name"] == "meters"


def test_a_broker_that_restarts_costs_nothing(
    broker: Broker, platform: Any, start: Start, eventually: Callable[..., bool], tmp_path: Path
) -> None:
    other_platform = type(platform)
    with Broker(tmp_path / "broker") as own:
        stand_in = other_platform(own, platform.address.community)
        gateway = start(url=own.url)
        gateway.outbox(power(1.0), [])
        assert eventually(lambda: stand_in.values("em-001/power_w") == [1.0])
        own.crash()
        for number in range(2, 30):
            gateway.outbox(power(float(number)), [])
        own.start()
        assert eventually(lambda: gateway.outbox.counts()[Stream.TELEMETRY].queued == 0, 40)
        assert stand_in.values("em-001/power_w") == [float(number) for number in range(1, 30)]
        gateway.__exit__()
        stand_in.stop()


@pytest.mark.mosquitto
def test_two_gateways_with_one_name_say_so(
    start: Start, platform: Any, eventually: Callable[..., bool], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = start()
    assert eventually(lambda: platform.on(Channel.BIRTH))
    (tmp_path / "var").rename(tmp_path / "elsewhere")
    second = start()
    assert first.outbox.epoch != second.outbox.epoch
    assert eventually(lambda: "gateway.name_conflict" in faults(platform), 60)
    assert "another gateway has our name" in caplog.messages


def test_an_uplink_that_cannot_be_reached_keeps_everything(start: Start) -> None:
    gateway = start(url="mqtt://127.0.0.1:1")
    gateway.outbox(power(1.0), [])
    time.sleep(0.3)
    assert gateway.outbox.counts()[Stream.TELEMETRY].queued >= 1


def test_an_outbox_with_a_new_epoch_begins_a_new_session(
    start: Start, platform: Any, eventually: Callable[..., bool], tmp_path: Path
) -> None:
    gateway = start()
    assert eventually(lambda: platform.on(Channel.BIRTH))
    first = gateway.outbox.epoch
    for name in ("outbox.sqlite3", "outbox.sqlite3-wal"):
        file = tmp_path / "var" / name
        file.write_bytes(b"\xff" * max(file.stat().st_size, 8_192))
    gateway.outbox(power(1.0), [])
    assert eventually(lambda: gateway.outbox.epoch != first)
    gateway.outbox(power(2.0), [])
    assert eventually(lambda: 2.0 in platform.values("em-001/power_w"))
    assert eventually(lambda: platform.on(Channel.BIRTH)[-1]["epoch"] == gateway.outbox.epoch)
    assert eventually(lambda: faults(platform) == ["gateway.outbox_corrupt"])
    (told,) = platform.on(Channel.ACCOUNT)[-1]["faults"]
    assert f"epoch {first}, with " in told["text"]
