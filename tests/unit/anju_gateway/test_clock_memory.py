"""A gateway that is started again on a machine whose clock went wrong meanwhile still knows the time."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from anju_edge_agent.samples import moment_of, us_of
from anju_gateway.clock_memory import GOOD_FOR_S, KEEP_EVERY_S, ClockMemory, boot_of_machine
from anju_gateway.data_clock import JUMPED, DataClock

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass
class Box:
    """A machine that keeps its file over crashes of the gateway, and perhaps over a restart of its own."""

    path: Path
    boot: str = "a"
    wrong: timedelta = timedelta(0)
    passed_s: float = 100.0
    speed: float = 1.0

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.passed_s * self.speed) + self.wrong

    def real_s(self, data_s: float) -> float:
        return data_s / self.speed

    def memory(self) -> ClockMemory:
        return ClockMemory(self.path, self, steady=lambda: self.passed_s, boot=lambda: self.boot)

    def start(self, memory: ClockMemory) -> DataClock:
        return DataClock(self, start_us=memory.recall(), steady=lambda: self.passed_s)

    def confirm(self, clock: DataClock) -> None:
        self.passed_s += 0.1
        platform = NOON + timedelta(seconds=(self.passed_s - 0.05) * self.speed)
        clock.heard(platform, round_trip_s=0.1, ago_s=0.0)
        clock.watch()


@pytest.fixture
def box(tmp_path: Path) -> Box:
    """Its gateway has run, was confirmed by the platform, and was killed."""
    box = Box(tmp_path / "clock.json")
    memory = box.memory()
    clock = box.start(memory)
    box.confirm(clock)
    memory.keep(clock)
    box.passed_s += 10
    return box


def test_a_gateway_that_was_killed_goes_on_with_the_time_that_the_platform_confirmed(box: Box) -> None:
    box.wrong = -HOUR
    clock = box.start(box.memory())
    assert clock.now() == NOON + timedelta(seconds=box.passed_s)
    box.passed_s += 1
    clock.watch()
    assert {fault.code: fault.value for fault in clock.faults()} == {JUMPED: -3600.0}


def test_a_machine_that_was_switched_off_knows_only_its_own_clock(box: Box) -> None:
    box.boot, box.wrong = "b", HOUR
    assert box.memory().recall() is None
    assert box.start(box.memory()).now() == box.now()


def test_what_is_remembered_is_good_for_an_hour_and_never_from_the_future(box: Box) -> None:
    at_s = box.passed_s
    box.passed_s = at_s + GOOD_FOR_S
    assert box.memory().recall() is None
    box.passed_s = at_s - 60
    assert box.memory().recall() is None


def test_a_clock_that_nobody_confirmed_is_not_remembered(tmp_path: Path) -> None:
    box = Box(tmp_path / "clock.json")
    memory = box.memory()
    memory.keep(box.start(memory))
    assert not box.path.exists()


def test_a_scaled_clock_is_not_remembered(tmp_path: Path) -> None:
    box = Box(tmp_path / "clock.json", speed=3600.0)
    memory = box.memory()
    clock = box.start(memory)
    box.confirm(clock)
    assert clock.confirmed
    memory.keep(clock)
    assert not box.path.exists()


def test_it_is_written_down_once_a_minute_and_at_once_after_a_correction(box: Box) -> None:
    memory = box.memory()
    clock = box.start(memory)
    box.confirm(clock)
    memory.keep(clock)
    written = box.path.read_bytes()
    box.passed_s += KEEP_EVERY_S - 1
    memory.keep(clock)
    assert box.path.read_bytes() == written
    memory.keep(clock, at_once=True)
    assert box.path.read_bytes() != written
    written = box.path.read_bytes()
    box.passed_s += KEEP_EVERY_S
    memory.keep(clock)
    assert box.path.read_bytes() != written


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"boot": "a"}', b'{"boot":1,"steady_s":0,"data_us":0}'])
def test_a_file_that_says_nothing_is_as_none(box: Box, content: bytes) -> None:
    box.path.write_bytes(content)
    assert box.memory().recall() is None


def test_a_disk_that_takes_nothing_stops_nobody(box: Box, caplog: pytest.LogCaptureFixture) -> None:
    memory = box.memory()
    clock = box.start(memory)
    box.confirm(clock)
    box.path.with_suffix(".part").mkdir()
    memory.keep(clock)
    assert "can't be written down" in caplog.text
    assert memory.recall() is not None


def test_the_recalled_time_is_exact_to_the_microsecond(box: Box) -> None:
    recalled = box.memory().recall()
    assert recalled == us_of(NOON + timedelta(seconds=box.passed_s))
    assert moment_of(recalled) == NOON + timedelta(seconds=box.passed_s)


def test_this_machine_names_its_run() -> None:
    assert boot_of_machine() == boot_of_machine()
