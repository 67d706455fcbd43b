"""Modbus RTU: many meters on one pair of wires, some of them dead."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from on_lines import OnLines, deaf_unit, steady_unit

from anju_simulators.devices.lines import SerialLine, TcpLine
from anju_simulators.devices.registers import SDM630
from anju_simulators.devices.rtu import RtuBus

DEAD = frozenset(range(5, 61, 5))
METERS = range(1, 61)


@pytest.fixture
def lines() -> Iterator[OnLines]:
    running = OnLines()
    yield running
    running.stop()


def bus(place: str, units: range, *, period_s: float, more: str = "timeout_s = 0.1") -> str:
    devices = "".join(
        f'[[agent.device]]\nasset = "em-{unit}"\nprofile = "eastron-sdm630"\nunit = {unit}\nperiod_s = {period_s}\n'
        for unit in units
    )
    return f'[[agent]]\nname = "bus"\ndriver = "modbus"\n{place}\n{more}\n{devices}'


def sdm630(volts: float) -> dict[str, float]:
    return dict.fromkeys(SDM630.points.values(), volts)


def test_sixty_meters_share_a_serial_bus_and_the_dead_do_not_slow_the_living(
    lines: OnLines, run_agent: Any, eventually: Callable[..., bool]
) -> None:
    units = {unit: deaf_unit if unit in DEAD else steady_unit(SDM630, sdm630(200.0 + unit)) for unit in METERS}
    path = lines.start(SerialLine(RtuBus(units).serve))
    agent = run_agent(bus(f'serial = "{path}"', METERS, period_s=1.0))
    living = {f"em-{unit}" for unit in METERS if unit not in DEAD}

    def readings() -> Counter[str]:
        found = tuple(agent.kept.samples)
        return Counter(sample.asset for sample in found if sample.point == "power_w")

    assert eventually(lambda: all(readings()[asset] >= 4 for asset in living), within_s=60.0)
    agent.end()
    assert set(readings()) == living
    assert max(readings().values()) - min(readings().values()) <= 1
    assert {asset: agent.kept.latest(asset)["voltage_l1_v"] for asset in living} == {
        f"em-{unit}": 200.0 + unit for unit in METERS if unit not in DEAD
    }
    assert all(agent.kept.latest(asset)["comm_errors"] == 0 for asset in living)
    assert all(agent.kept.latest(f"em-{unit}")["comm_errors"] >= 1 for unit in DEAD)


def test_an_answer_that_comes_too_late_is_not_taken_for_another_meters(
    lines: OnLines, run_agent: Any, eventually: Callable[..., bool]
) -> None:
    slow = steady_unit(SDM630, sdm630(111.0))

    def late(function: int, address: int, count: int) -> Any:
        answer = slow(function, address, count)
        return None if answer is None else type(answer)(answer.registers, 0.15, answer.sent)

    units = {1: late, 2: steady_unit(SDM630, sdm630(222.0))}
    path = lines.start(SerialLine(RtuBus(units).serve))
    agent = run_agent(bus(f'serial = "{path}"', range(1, 3), period_s=0.2))
    assert eventually(lambda: agent.kept.latest("em-2").get("power_w") and agent.kept.latest("em-1"))
    assert eventually(lambda: len(agent.kept.samples) > 100)
    agent.end()
    read = {(sample.asset, sample.value) for sample in agent.kept.samples if sample.point == "power_w"}
    assert read <= {("em-1", 111.0), ("em-2", 222.0)}


def test_a_serial_port_that_is_not_there_yet_is_named_and_found_later(
    lines: OnLines, run_agent: Any, eventually: Callable[..., bool], tmp_path: Any
) -> None:
    link = tmp_path / "rs485-1"
    agent = run_agent(bus(f'serial = "{link}"', range(1, 2), period_s=0.2))
    assert eventually(lambda: any(reason and f"{link} (9600 8N1): no" in reason for reason in agent.troubles))
    lines.start(SerialLine(RtuBus({1: steady_unit(SDM630, sdm630(229.0))}).serve, link=link))
    assert eventually(lambda: agent.kept.latest("em-1").get("voltage_l1_v") == 229.0, within_s=60.0)
    assert agent.troubles[-1] is None


def test_rtu_frames_through_a_serial_server(lines: OnLines, run_agent: Any, eventually: Callable[..., bool]) -> None:
    units = {unit: steady_unit(SDM630, sdm630(200.0 + unit)) for unit in (1, 2)}
    host, port = lines.start(TcpLine(RtuBus(units).serve)).split(":")
    place = f'host = "{host}"\nport = {port}\nframing = "rtu"'
    agent = run_agent(bus(place, range(1, 4), period_s=0.2))
    assert eventually(lambda: all(agent.kept.latest(f"em-{unit}").get("power_w") == 200.0 + unit for unit in (1, 2)))
    assert eventually(lambda: ("em-3", "device.silent", "raise") in agent.kept.codes(), within_s=60.0)
    assert not any(agent.troubles)
