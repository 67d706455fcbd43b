"""A machine whose clock jumps or was wrong from the start, and what the platform sees of it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from anju_contracts.clock import RealClock
from anju_contracts.senml import decode_pack
from anju_contracts.topics import Channel
from anju_edge_agent.samples import us_of
from anju_gateway.config_reader import load_config
from anju_gateway.gateway import Gateway
from anju_simulators.services import Broker

HOUR = timedelta(hours=1)
TRUTH = RealClock()


class Machine:
    """The clock of a machine that is `wrong` by so much."""

    def __init__(self, wrong: timedelta = timedelta(0)) -> None:
        self.wrong = wrong

    def now(self) -> datetime:
        return TRUTH.now() + self.wrong

    def real_s(self, data_s: float) -> float:
        return data_s


Start = Callable[[Machine], Gateway]


@pytest.fixture
def start(platform: Any, broker: Broker, serve: Any, meters: Any, tmp_path: Path) -> Iterator[Start]:
    """Starts a gateway with a meter that is read ten times a second, on a machine of the test's own."""
    server = serve(*meters(230.5))
    (tmp_path / "gateway.toml").write_text(
        f'community = "{platform.address.community}"\ngateway = "gw-1"\ndata_dir = "var"\n'
        f'[uplink]\nurl = "{broker.url}"\naccount_interval_s = 0.5\n'
        f'[[agent]]\nname = "meters"\ndriver = "modbus"\nhost = "127.0.0.1"\nport = {server.port}\n'
        '[[agent.device]]\nasset = "em-001"\nprofile = "eastron-sdm630"\nunit = 1\nperiod_s = 0.1\n',
        encoding="utf-8",
    )
    config = load_config(tmp_path / "gateway.toml")
    config.data_dir.mkdir()
    with ExitStack() as running:
        yield lambda machine: running.enter_context(Gateway(config, machine))


def moments(platform: Any) -> list[int]:
    """When the voltage was read, as its samples say, in the order of their batches."""
    payloads = [payload for channel, payload, _ in list(platform.messages) if channel is Channel.TELEMETRY]
    packs = sorted((decode_pack(payload, now=TRUTH.now()) for payload in payloads), key=lambda pack: pack.envelope.seq)
    return [
        at_us
        for pack in packs
        for name, at_us in zip(pack.names, pack.at_us, strict=True)
        if name == "em-001/voltage_l1_v"
    ]


def fault(platform: Any, code: str) -> dict[str, Any] | None:
    """The fault of this code in the latest account."""
    accounts = platform.on(Channel.ACCOUNT)
    found = accounts[-1].get("faults", []) if accounts else []
    return next((one for one in found if one["code"] == code), None)


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_a_jump_of_an_hour_is_a_fault_and_neither_a_false_alarm_nor_a_false_time_nor_a_hole(
    start: Start, platform: Any, eventually: Callable[..., bool], jump: timedelta
) -> None:
    machine = Machine()
    start(machine)
    assert eventually(lambda: len(moments(platform)) >= 5)
    machine.wrong = jump
    assert eventually(lambda: fault(platform, "gateway.clock_jump"))
    told = fault(platform, "gateway.clock_jump")
    assert told is not None
    assert told["value"] == pytest.approx(jump.total_seconds(), abs=1)
    seen = len(moments(platform))
    assert eventually(lambda: len(moments(platform)) >= seen + 10)
    machine.wrong = timedelta(0)
    assert eventually(lambda: fault(platform, "gateway.clock_jump") is None)
    found = moments(platform)
    assert found == sorted(set(found))
    assert found[-1] <= us_of(TRUTH.now())
    assert max(later - earlier for earlier, later in pairwise(found)) < HOUR // timedelta(microseconds=2)
    assert platform.on(Channel.EVENT) == []


@pytest.mark.parametrize("wrong", [HOUR, -HOUR])
def test_a_gateway_that_started_with_a_wrong_clock_is_right_after_the_first_receipts(
    start: Start, platform: Any, eventually: Callable[..., bool], wrong: timedelta
) -> None:
    platform.clock = TRUTH
    gateway = start(Machine(wrong))
    assert eventually(lambda: fault(platform, "gateway.clock_corrected"))
    told = fault(platform, "gateway.clock_corrected")
    assert told is not None
    assert told["value"] == pytest.approx(-wrong.total_seconds(), abs=5)
    assert fault(platform, "gateway.clock_jump")
    assert eventually(lambda: abs(moments(platform)[-1] - us_of(TRUTH.now())) < 60 * 1_000_000)
    assert abs(gateway.clock.now() - TRUTH.now()) < timedelta(seconds=5)
    assert eventually(lambda: abs(platform.on(Channel.ACCOUNT)[-1]["clock_offset_s"]) < 5)
    assert platform.on(Channel.EVENT) == []
    assert not any("restarts" in agent for agent in platform.on(Channel.ACCOUNT)[-1]["agents"])


def test_a_batch_says_when_it_was_taken(start: Start, platform: Any, eventually: Callable[..., bool]) -> None:
    start(Machine(-HOUR))
    assert eventually(lambda: platform.on(Channel.TELEMETRY))
    taken_at = datetime.fromisoformat(platform.on(Channel.TELEMETRY)[0][0]["taken_at"])
    assert abs(taken_at - (TRUTH.now() - HOUR)) < timedelta(minutes=1)
