"""Everything that a chaos run stands on: servers, the line to the broker, the gateway's disk, and the programs."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from anju_simulators.chaos.community import METER_PROFILE, community
from anju_simulators.chaos.disk import Disk, small_disk
from anju_simulators.chaos.errors import ChaosError
from anju_simulators.chaos.keeper import Keeper
from anju_simulators.chaos.plan import INGESTS, Unit
from anju_simulators.chaos.programs import Program, Startable
from anju_simulators.chaos.proxy import Proxy
from anju_simulators.chaos.shifted import write_offset
from anju_simulators.chaos.values import meter_profile
from anju_simulators.demo.box_network import BoxNetwork
from anju_simulators.demo.gateway_config import Lines, gateway_toml
from anju_simulators.demo.plan import RunFolder, Wanted, choose_flavour
from anju_simulators.demo.ports import free_run
from anju_simulators.demo.programs import gateway, ingest, migrate, program
from anju_simulators.demo.supervise import Supervisor
from anju_simulators.services import Broker, Postgres, broker_kinds, flavours

DATABASE = "anju"
MODBUS_PORT = 16020
UPLINK = {"account_interval_s": 5, "keepalive_s": 5, "flush_timeout_s": 10}
"""Of the gateway: a run is short, so it accounts often and notices soon that nobody answers."""
OUTBOX = {"patience_s": 2}
"""Less than a disk is full, so that the gateway has to drop something, and to count it."""
TELEMETRY_DAYS = "30"


class Places(RunFolder):
    """Where a chaos run keeps what."""

    __slots__ = ()

    @property
    def clock(self) -> Path:
        return self.folder / "clock"

    def truth(self, devices: str, sort: str) -> Path:
        return self.folder / f"{devices}-{sort}.csv"


@dataclass(frozen=True, slots=True)
class Ground:
    """`keepers` hold what is killed. The devices are told where everything is and are never disturbed."""

    places: Places
    database_url: str
    flavour: str
    proxy: Proxy
    disk: Disk
    keepers: dict[Unit, Keeper]
    monitors: Program
    meters: Program

    @property
    def devices(self) -> tuple[Program, Program]:
        return self.monitors, self.meters

    def stop_programs(self) -> None:
        """The gateway first: it flushes while somebody listens. The servers go on."""
        for unit in (Unit.GATEWAY, *INGESTS):
            self.keepers[unit].stop()


def lay_ground(places: Places, *, devices: int, period_s: float, wanted: Wanted, stack: ExitStack) -> Ground:
    """Servers are started and the database is migrated; no program runs yet. `stack` ends it all."""
    if "mosquitto" not in broker_kinds():
        raise ChaosError("two ingests share a subscription, so Mosquitto is needed; to get it: make services")
    places.logs.mkdir(parents=True, exist_ok=True)
    flavour = choose_flavour(wanted, flavours())
    postgres = stack.enter_context(Postgres(flavour, places.folder / f"postgres-{flavour}"))
    broker = stack.enter_context(Broker(places.folder / "uplink", kind="mosquitto", persistent=True))
    local = stack.enter_context(BoxNetwork(places.folder / "local", kind="mosquitto"))
    proxy = stack.enter_context(Proxy(broker.port))
    environment = _migrated(places, postgres, broker)
    keepers: dict[Unit, Keeper] = {}
    disk = small_disk(places.folder / "box", log=places.logs / "disk.log", pid=lambda: keepers[Unit.GATEWAY].pid)
    stack.callback(disk.close)
    units: dict[Unit, Startable] = {Unit.DATABASE: postgres, Unit.BROKER: broker}
    units |= {unit: Program(ingest, environment, log=places.logs / f"{unit}.log") for unit in INGESTS}
    units[Unit.GATEWAY] = _gateway(places, disk)
    keepers |= {unit: Keeper(unit, startable) for unit, startable in units.items()}
    modbus_port = free_run(MODBUS_PORT, community(devices).wiring.converters)
    uplink = f"mqtt://127.0.0.1:{proxy.port}"
    lines = Lines(uplink, local.take_address(), modbus_port, disk.folder, period_s, accounts_dir=local.accounts)
    _write_gateway(places, lines, devices)
    with Supervisor(places.logs) as supervisor:
        local.open(places.gateway, supervisor)
    common = ("--devices", devices)
    where = ("--mqtt", local.url, "--passwords", local.passwords)
    monitors = _devices(places, "monitors", *common, *where, "--period", period_s)
    meters = _devices(places, "meters", *common, "--port", modbus_port)
    return Ground(places, postgres.url_of(DATABASE), flavour, proxy, disk, keepers, monitors, meters)


def _migrated(places: Places, postgres: Postgres, broker: Broker) -> dict[str, str]:
    """The environment of the ingests, once their database is there."""
    postgres.create_database(DATABASE)
    environment = {
        "ANJU_DATABASE_URL": postgres.url_of(DATABASE),
        "ANJU_MQTT_URL": broker.url,
        "ANJU_MQTT_SHARED": "yes",
        "ANJU_TELEMETRY_DAYS": TELEMETRY_DAYS,
    }
    with Supervisor(places.logs) as supervisor:
        supervisor.run("migrate", migrate(postgres.flavour), environment)
    return environment


def start_programs(ground: Ground, stack: ExitStack) -> None:
    """Ingests and the gateway, then the devices; the keepers of the servers begin to watch them."""
    for keeper in ground.keepers.values():
        stack.callback(keeper.stop)
        keeper.start()


def start_devices(ground: Ground, stack: ExitStack) -> None:
    for devices in ground.devices:
        stack.callback(devices.stop)
        devices.start()


def _gateway(places: Places, disk: Disk) -> Program:
    write_offset(places.clock, 0.0)
    python = program("python", "-m", "anju_simulators.chaos.shifted", places.clock)
    command = [*disk.enter, *python, *gateway(places.gateway)]
    return Program(lambda: command, {}, log=places.logs / "gateway.log")


def _devices(places: Places, name: str, *arguments: object) -> Program:
    files = ("--offered", places.truth(name, "offered"), "--handed-over", places.truth(name, "handed-over"))
    command = program("python", "-m", f"anju_simulators.chaos.{name}", *arguments, *files)
    return Program(lambda: command, {}, log=places.logs / f"{name}.log")


def _write_gateway(places: Places, lines: Lines, devices: int) -> None:
    mine = community(devices)
    text = gateway_toml(mine.scenario, mine.specs, mine.wiring, lines)
    tables = f"[outbox]\n{_lines_of(OUTBOX)}\n[uplink]\n{_lines_of(UPLINK)}"
    places.gateway.write_text(text.replace("[uplink]\n", tables), encoding="utf-8")
    (places.folder / METER_PROFILE).write_text(meter_profile("electric_meter"), encoding="utf-8")


def _lines_of(values: Mapping[str, float]) -> str:
    return "".join(f"{name} = {value}\n" for name, value in values.items())
