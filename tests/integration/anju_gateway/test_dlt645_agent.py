"""The DL/T 645 driver against simulated meters on lines, and against the server of the `dlt645` package."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from dlt645 import MeterServerService
from on_lines import OnLines

from anju_simulators.devices.dlt645 import ANSWER, NO_SUCH_DATA, REFUSAL, Dlt645Bus, Told, encode_items
from anju_simulators.devices.lines import SerialLine, TcpLine

A, B, C = "000000000161", "202311130042", "999999999999"
VALUES = {
    **{f"voltage_l{phase}_v": 230.0 + phase for phase in (1, 2, 3)},
    **{f"current_l{phase}_a": -1.5 * phase for phase in (1, 2, 3)},
    "power_w": -1234.5,
    "import_kwh": 12345.67,
}


@pytest.fixture
def lines() -> Iterator[OnLines]:
    running = OnLines()
    yield running
    running.stop()


def meter(values: dict[str, float], *, after_s: float = 0.0, without: str = "") -> Callable[[int, bytes], Told]:
    def speak(_control: int, data: bytes) -> Told:
        identifier = data[::-1].hex().upper()
        if identifier == without:
            return Told(REFUSAL, bytes([NO_SUCH_DATA]), after_s, lambda: None)
        return Told(ANSWER, data + encode_items(identifier, values), after_s, lambda: None)

    return speak


def bus(place: str, *addresses: str, profile: str = "dlt645-three-phase", more: str = "timeout_s = 0.3") -> str:
    devices = "".join(
        f'[[agent.device]]\nasset = "em-{n}"\nprofile = "{profile}"\naddress = "{address}"\nperiod_s = 0.2\n'
        for n, address in enumerate(addresses, 1)
    )
    return f'[[agent]]\nname = "bus"\ndriver = "dlt645"\n{place}\n{more}\n{devices}'


def tcp(where: str) -> str:
    host, port = where.split(":")
    return f'host = "{host}"\nport = {port}'


def readings(latest: dict[str, float]) -> dict[str, float]:
    return {point: value for point, value in latest.items() if not point.startswith("comm_")}


def test_meters_are_read_through_a_serial_server(
    lines: OnLines, run_agent: Any, eventually: Callable[..., bool]
) -> None:
    other = {**VALUES, "power_w": 15.0}
    where = lines.start(TcpLine(Dlt645Bus({A: meter(VALUES), B: meter(other)}).serve))
    agent = run_agent(bus(tcp(where), A, B))
    assert eventually(lambda: len(readings(agent.kept.latest("em-1"))) == len(readings(agent.kept.latest("em-2"))) == 8)
    assert readings(agent.kept.latest("em-1")) == pytest.approx(VALUES)
    assert agent.kept.latest("em-2")["power_w"] == 15.0


def test_meters_are_read_on_a_serial_port_and_a_dead_one_does_not_slow_them(
    lines: OnLines, run_agent: Any, eventually: Callable[..., bool]
) -> None:
    path = lines.start(SerialLine(Dlt645Bus({A: meter(VALUES), C: meter(VALUES)}).serve))
    agent = run_agent(bus(f'serial = "{path}"', A, B, C, profile="dlt645-single-phase"))
    assert eventually(lambda: ("em-2", "device.silent", "raise") in agent.kept.codes())
    assert eventually(lambda: len([1 for s in agent.kept.samples if (s.asset, s.point) == ("em-3", "power_w")]) > 10)
    assert readings(agent.kept.latest("em-1")) == {
        "voltage_l1_v": 231.0,
        "current_l1_a": -1.5,
        "power_w": -1234.5,
        "import_kwh": 12345.67,
    }
    assert agent.kept.latest("em-2").keys() == {"comm_errors"}


def test_an_answer_that_comes_too_late_is_told_from_the_next(
    lines: OnLines, run_agent: Any, eventually: Callable[..., bool]
) -> None:
    late = meter({**VALUES, "power_w": 1.0}, after_s=0.35)
    where = lines.start(TcpLine(Dlt645Bus({A: late, B: meter({**VALUES, "power_w": 2.0})}).serve))
    agent = run_agent(bus(tcp(where), A, B, more="timeout_s = 0.3\nretries = 0"))
    assert eventually(lambda: len([1 for sample in agent.kept.samples if sample.point == "power_w"]) > 5)
    agent.end()
    assert {(s.asset, s.value) for s in agent.kept.samples if s.point == "power_w"} == {("em-2", 2.0)}


def test_what_a_meter_does_not_have_counts_as_an_error_and_the_rest_is_kept(
    lines: OnLines, run_agent: Any, eventually: Callable[..., bool]
) -> None:
    where = lines.start(TcpLine(Dlt645Bus({A: meter(VALUES, without="02030000")}).serve))
    agent = run_agent(bus(tcp(where), A))
    assert eventually(lambda: agent.kept.latest("em-1").get("comm_errors", 0) >= 2)
    assert "no_answer" in agent.oddities
    others = {point: value for point, value in VALUES.items() if point != "power_w"}
    assert readings(agent.kept.latest("em-1")) == pytest.approx(others)
    assert agent.kept.codes() == []


def test_what_a_meter_cannot_measure_is_left_out(
    lines: OnLines, run_agent: Any, eventually: Callable[..., bool]
) -> None:
    known = {point: value for point, value in VALUES.items() if point != "voltage_l2_v"}
    where = lines.start(TcpLine(Dlt645Bus({A: meter(known)}).serve))
    agent = run_agent(bus(tcp(where), A))
    assert eventually(lambda: readings(agent.kept.latest("em-1")) == pytest.approx(known))
    assert "not_a_number" in agent.oddities


def test_a_line_that_goes_away_is_reported_and_found_again(
    lines: OnLines, run_agent: Any, eventually: Callable[..., bool]
) -> None:
    line = TcpLine(Dlt645Bus({A: meter(VALUES)}).serve)
    where = lines.start(line)
    agent = run_agent(bus(tcp(where), A))
    assert eventually(lambda: readings(agent.kept.latest("em-1")))
    lines.stop_line(line)
    assert eventually(lambda: any(reason and "no connection" in reason for reason in agent.troubles))
    port = int(where.split(":")[1])
    again = TcpLine(Dlt645Bus({A: meter({**VALUES, "power_w": 7.0})}).serve, port=port)
    lines.start(again)
    assert eventually(lambda: agent.kept.latest("em-1")["power_w"] == 7.0, within_s=60.0)
    assert agent.troubles[-1] is None


@pytest.fixture
def foreign_meter() -> Iterator[tuple[int, Any]]:
    """The server of the `dlt645` package, and its port."""
    server = MeterServerService.new_tcp_server("127.0.0.1", 0)
    server.set_address(bytes.fromhex(A)[::-1])
    server.start()
    yield server.server.port, server
    server.stop()


def test_a_meter_that_nobody_here_wrote_is_read(
    foreign_meter: tuple[int, Any], run_agent: Any, eventually: Callable[..., bool]
) -> None:
    port, server = foreign_meter
    server.set_00(0x00010000, 12.34)
    for identifier, value in ((0x02010100, 230.4), (0x02020100, 1.234), (0x02030000, 0.5678)):
        server.set_02(identifier, value)
    agent = run_agent(bus(f'host = "127.0.0.1"\nport = {port}', A, profile="dlt645-single-phase"))
    assert eventually(lambda: len(readings(agent.kept.latest("em-1"))) == 4)
    assert readings(agent.kept.latest("em-1")) == pytest.approx(
        {"voltage_l1_v": 230.4, "current_l1_a": 1.234, "power_w": 567.8, "import_kwh": 12.34}
    )
