"""From what a device says to the ticket in the database and to whoever watches the pages.

Lift monitors send a message; of water meters a register changes, which the gateway reads once a second. Each alarm is
of an asset of its own, so each opens a ticket. A ticket counts when the notification of its transaction arrives, which
the database sends at its commit; being told counts when the API's event stream names the ticket.
"""

import random
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import psycopg

from anju_simulators.services import Broker
from benchmarks.broker_client import client_on
from benchmarks.devices import VALUES, reports, write_gateway
from benchmarks.figures import Figure, Goal, NotMeasuredError, percentile
from benchmarks.fleet import Fleet
from benchmarks.ingest import announce, count_of
from benchmarks.meters import PROFILE, Meters, agent_of, meter_name
from benchmarks.programs import Program, PublisherProcess, program, wait_until
from benchmarks.publisher import Plan
from benchmarks.stage import Bench, Stage, database_on, stage
from benchmarks.watchers import NoticeWatcher, StreamWatcher

DEVICES = 50
ALARMS_PER_S = 8.0
LIFTS = """
[[agent]]
name = "lifts"
driver = "mqtt_json"
url = "mqtt://127.0.0.1:{port}"
"""
LIFT = """
[[agent.device]]
asset = "{name}"
profile = "shengtong-lm3"
device = "{name}"
"""
TRAPPED = 7
HOW = {
    "idle": "from {start} to {end}, nothing else going on; of {alarms} alarms",
    "loaded": "from {start} to {end}, while this gateway carries up a backlog of {backlog:,} readings and ten others"
    " backfill batches of 500 as fast as receipts allow; of {alarms} alarms",
}
ENDS = {"ticket": "the ticket's commit", "told": "the API's event stream naming it"}
STARTS = {"message": "a lift monitor's message", "register": "the change of a register that is read once a second"}


@dataclass(frozen=True)
class _Sizes:
    """How many lifts and meters raise an alarm; messages of ten readings that wait in the gateway under load."""

    lifts: int
    meters: int
    backlog: int

    def of(self, start: str) -> int:
        return self.lifts if start == "message" else self.meters


@dataclass(frozen=True)
class _Scene:
    """What runs: `devices_port` is of the gateway's local broker."""

    on: Stage
    devices_port: int
    meters: Meters
    conn: psycopg.Connection
    watchers: Mapping[str, NoticeWatcher | StreamWatcher]
    needs: list[Program]


def run(bench: Bench) -> Iterator[Figure]:
    sizes = _Sizes(bench.size(200, quick=10), bench.size(50, quick=5), bench.size(100_000, quick=2_000))
    for load in ("idle", "loaded"):
        with stage(bench) as on, ExitStack() as running:
            scene = running.enter_context(_scene(on, sizes, backlog=sizes.backlog if load == "loaded" else 0))
            if load == "loaded":
                running.enter_context(_backfilling(on, scene))
            waits = {start: _raise_alarms(scene, start, sizes.of(start)) for start in STARTS}
        for start, by_end in waits.items():
            for end, values in by_end.items():
                yield from _figures(f"alarm_{start}_{end}_{load}", values, _how(load, start, end, sizes))


def _how(load: str, start: str, end: str, sizes: _Sizes) -> str:
    words = {"start": STARTS[start], "end": ENDS[end], "backlog": sizes.backlog * VALUES, "alarms": sizes.of(start)}
    return HOW[load].format(**words)


def _figures(name: str, values: list[float], how: str) -> Iterator[Figure]:
    yield Figure(f"{name}_p50", "s", [percentile(values, 50)], how)
    goal = Goal("median", most=2) if "loaded" in name else None
    yield Figure(f"{name}_p99", "s", [percentile(values, 99)], how, goal=goal)


@contextmanager
def _scene(on: Stage, sizes: _Sizes, *, backlog: int) -> Iterator[_Scene]:
    """Gateway, ingest and API over an empty database; the gateway has `backlog` messages queued."""
    with ExitStack() as running:
        box = running.enter_context(Broker(on.folder / f"box-{on.broker.port}", kind="mosquitto"))
        meters = running.enter_context(Meters())
        file = _configure(on, sizes, box.port, meters.port)
        gateway = running.enter_context(program("anju-gateway", "run", str(file), log=file.with_suffix(".log")))
        wait_until(lambda: gateway.has_logged("uplink established"), "the uplink", needs=[gateway])
        _queue(box.port, backlog)
        url = running.enter_context(database_on(on.server))
        environment = {**on.environment, "ANJU_DATABASE_URL": url}
        commands = {"ingest": ("anju", "ingest"), "api": ("anju", "api", "--port", "0")}
        programs = {
            name: running.enter_context(program(*command, log=file.with_name(f"{name}.log"), environment=environment))
            for name, command in commands.items()
        }
        conn = running.enter_context(psycopg.connect(url, autocommit=True))
        needs = [gateway, *programs.values()]
        wait_until(lambda: programs["api"].has_logged('"serving"'), "serving", needs=needs)
        wanted = sizes.lifts + sizes.meters + DEVICES
        wait_until(lambda: count_of(conn, "SELECT count(*) FROM asset") >= wanted, "the birth", needs=needs)
        watchers: dict[str, NoticeWatcher | StreamWatcher] = {
            "ticket": running.enter_context(NoticeWatcher(url)),
            "told": running.enter_context(StreamWatcher(_address(programs["api"]), "bench")),
        }
        yield _Scene(on, box.port, meters, conn, watchers, needs)


def _configure(on: Stage, sizes: _Sizes, box_port: int, meters_port: int) -> Path:
    """gateway.toml of 50 devices that report, lifts and meters."""
    folder = on.folder / f"gateway-{on.broker.port}"
    lifts = LIFTS.format(port=box_port) + "".join(LIFT.format(name=_lift(number)) for number in range(sizes.lifts))
    more = lifts + agent_of(meters_port, sizes.meters)
    file = write_gateway(folder, DEVICES, port=box_port, uplink_port=on.broker.port, account_s=5.0, more_agents=more)
    (folder / "flow.toml").write_text(PROFILE, encoding="utf-8")
    return file


def _lift(number: int) -> str:
    return f"lift-{number:03}"


def _queue(port: int, messages: int) -> None:
    """What devices say before there is a platform; it waits in the gateway's outbox, or on the way into it."""
    if messages:
        with PublisherProcess(Plan(port, messages, reports(DEVICES, messages))) as publisher:
            publisher.go()
            publisher.published()


def _address(api: Program) -> str:
    lines = api.log.read_text(encoding="utf-8").splitlines()
    return str(next(msgspec.json.decode(line)["url"] for line in lines if '"serving"' in line))


@contextmanager
def _backfilling(on: Stage, scene: _Scene) -> Iterator[None]:
    """Ten other gateways that have more to carry up than the measurement lasts."""
    start_s = int(time.time()) - 2 * 86_400
    load = Fleet(gateways=10, assets=50, points=10, batch=500, start_s=start_s, historical=True, name="others")
    announce(on, load)
    with PublisherProcess(Plan(on.broker.port, 100_000, load, ahead=64)) as publisher:
        publisher.go()
        began = count_of(scene.conn, "SELECT count(*) FROM ledger")
        wait_until(
            lambda: count_of(scene.conn, "SELECT count(*) FROM ledger") > began + 100, "backfilling", needs=scene.needs
        )
        yield
        if not publisher.stop().receipted:
            raise NotMeasuredError("the backfilling gateways got no receipts: there was no load")


def _raise_alarms(scene: _Scene, start: str, alarms: int) -> dict[str, list[float]]:
    """Seconds from each alarm to its ticket, and until that was told; they come at moments that follow no beat."""
    chance = random.Random(1)
    said: dict[str, float] = {}
    with client_on(scene.devices_port) as client:
        for number in range(alarms):
            name = _lift(number) if start == "message" else meter_name(number)
            said[f"bench:{name}"] = time.monotonic()
            if start == "message":
                fault = {"sn": name, "ts": round(time.time() * 1000), "code": TRAPPED, "on": True}
                client.publish(f"liftmon/{name}/fault", msgspec.json.encode(fault), qos=1)
            else:
                scene.meters.flows[number + 1] = 2.0
            time.sleep(chance.expovariate(ALARMS_PER_S))
        for end, watcher in scene.watchers.items():
            _await_all(watcher, said, ENDS[end], scene.needs)
    return {end: [watcher.heard[key] - at_s for key, at_s in said.items()] for end, watcher in scene.watchers.items()}


def _await_all(
    watcher: NoticeWatcher | StreamWatcher, said: Mapping[str, float], what: str, needs: list[Program]
) -> None:
    wait_until(lambda: said.keys() <= watcher.heard.keys(), what, needs=needs)
