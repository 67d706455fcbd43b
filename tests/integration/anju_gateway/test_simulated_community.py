"""A simulated community with devices of every protocol, read by the gateway that its configuration describes."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from on_lines import OnLines

from anju_contracts.clock import RealClock
from anju_contracts.event import Event
from anju_edge_agent.agent import AgentContext
from anju_edge_agent.samples import Sample
from anju_gateway.config_reader import load_config
from anju_simulators.demo.gateway_config import Lines, gateway_toml, write_keys
from anju_simulators.demo.ports import free_run
from anju_simulators.devices.live import Buses, Visitors
from anju_simulators.devices.publication import PublicationLog
from anju_simulators.devices.wiring import reader_specs, wire
from anju_simulators.scenario import Scenario
from anju_simulators.world import World

NOW = datetime.now(UTC)
SCENARIO = Scenario(
    start=(NOW - timedelta(days=2)).replace(minute=0, second=0, microsecond=0),
    lifts=0,
    doors=0,
    electric_meters=8,
    water_meters=2,
    other_meter_share=0.5,
    failures=0.0,
    gaps=0.0,
)


class BusesAsLine:
    """All lines of a community, started and stopped as one."""

    def __init__(self, buses: Buses, first_port: int, serial_dir: Path) -> None:
        self._buses = buses
        self._first_port = first_port
        self._serial_dir = serial_dir

    async def start(self) -> str:
        await self._buses.start(host="127.0.0.1", first_port=self._first_port, serial_dir=self._serial_dir)
        return "everywhere"

    async def stop(self) -> None:
        await self._buses.stop()


@pytest.fixture
def lines() -> Iterator[OnLines]:
    running = OnLines()
    yield running
    running.stop()


class Heard:
    """A sink that remembers which points and events of which assets there were."""

    def __init__(self) -> None:
        self.of: set[tuple[str, str]] = set()

    def __call__(self, samples: Sequence[Sample], events: Sequence[Event]) -> None:
        self.of.update((sample.asset, sample.point) for sample in samples)
        self.of.update((event.asset, event.code) for event in events)


@contextmanager
def gateway(file: Path, heard: Heard) -> Iterator[None]:
    """All agents of a configuration, each in its thread."""
    stop, threads = threading.Event(), []
    for agent in load_config(file).agents:
        context = AgentContext(agent.name, RealClock(), heard, stop)
        built = agent.build([device.device for device in agent.devices], context)
        threads.append(threading.Thread(target=built.run, daemon=True))
        threads[-1].start()
    yield
    stop.set()
    for thread in threads:
        thread.join(10)


def test_meters_of_three_protocols_and_a_reader_are_read(
    lines: OnLines, tmp_path: Path, eventually: Callable[..., bool]
) -> None:
    world, heard, file = World(SCENARIO), Heard(), tmp_path / "gateway.toml"
    world.run(NOW)
    wiring = wire(world.assets, meters_a_converter=3, readers=1)
    port, keys = free_run(15_500, wiring.converters), tmp_path / "keys"
    places = Lines("mqtt://127.0.0.1:1", "mqtt://127.0.0.1:1", port, tmp_path / "var", 1.0, tmp_path, keys)
    specs = (*world.assets, *reader_specs(SCENARIO, 1))
    write_keys(wiring, keys)
    file.write_text(gateway_toml(SCENARIO, specs, wiring, places), encoding="utf-8")
    expected = {(spec.asset_id, "total_m3" if "wm" in spec.asset_id else "import_kwh") for spec in world.assets}
    expected |= {("reader-01", "reader_online"), ("reader-01", "door.credential_read")}
    with PublicationLog(tmp_path / "publications.csv") as publications:
        buses = Buses(wiring, world, RealClock(), publications)
        line = BusesAsLine(buses, port, tmp_path)
        lines.start(line)
        Visitors(buses.readers, start=NOW).step(NOW)
        with gateway(file, heard):
            assert eventually(lambda: heard.of >= expected, within_s=60), expected - heard.of
        lines.stop_line(line)


def test_other_meters_are_chosen_by_number_and_change_nothing_else() -> None:
    usual = World(Scenario(lifts=1, doors=1, electric_meters=10, water_meters=1))
    mixed = World(Scenario(lifts=1, doors=1, electric_meters=10, water_meters=1, other_meter_share=0.4))
    models = [spec.model for spec in mixed.assets if spec.kind == "electric_meter"]
    assert (models.count("chint-dtsu666"), models.count("dlt645-three-phase")) == (2, 2)
    assert [spec.installed_on for spec in usual.assets] == [spec.installed_on for spec in mixed.assets]
    assert [spec.model for spec in usual.assets].count("eastron-sdm630") == 10
