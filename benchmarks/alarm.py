"""From a lift monitor's message to the ticket in the database and to whoever watches the pages.

Each alarm is of a lift of its own, so each opens a ticket. A ticket counts when the notification of its transaction
arrives, which the database sends at its commit; being told counts when the API's event stream names the ticket.
"""

import random
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import msgspec
import psycopg

from anju_simulators.services import Broker
from benchmarks.broker_client import client_on
from benchmarks.devices import reports, write_gateway
from benchmarks.figures import Figure, Goal, NotMeasuredError, percentile
from benchmarks.fleet import Fleet
from benchmarks.ingest import announce, count_of
from benchmarks.programs import Program, PublisherProcess, program, wait_until
from benchmarks.publisher import Plan
from benchmarks.stage import Bench, Stage, database_on, stage
from benchmarks.watchers import NoticeWatcher, StreamWatcher

DEVICES = 50
ALARMS_PER_S = 4.0
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
    "idle": "from the message of a lift monitor to {end}, nothing else going on",
    "loaded": "from the message of a lift monitor to {end}, while this gateway carries up a backlog of {backlog:,}"
    " readings and ten others backfill batches of 500 as fast as receipts allow",
}
ENDS = {"ticket": "the ticket's commit", "told": "the API's event stream naming it"}


@dataclass(frozen=True)
class _Scene:
    """What runs: `devices_port` is of the gateway's local broker."""

    on: Stage
    devices_port: int
    conn: psycopg.Connection
    watchers: Mapping[str, NoticeWatcher | StreamWatcher]
    needs: list[Program]


def run(bench: Bench) -> Iterator[Figure]:
    alarms = bench.size(200, quick=10)
    backlog = bench.size(100_000, quick=2_000)
    for load in ("idle", "loaded"):
        with stage(bench) as on, ExitStack() as running:
            scene = running.enter_context(_scene(on, alarms, backlog if load == "loaded" else 0))
            if load == "loaded":
                running.enter_context(_backfilling(on, scene))
            waits = _raise_alarms(scene, alarms)
        for end, values in waits.items():
            how = HOW[load].format(end=ENDS[end], backlog=backlog * 10)
            for percent in (50, 99):
                goal = Goal("median", most=2) if percent == 99 and load == "loaded" else None
                name = f"alarm_{end}_{load}_p{percent}"
                yield Figure(name, "s", [percentile(values, percent)], f"{how}; of {alarms} alarms", goal=goal)


@contextmanager
def _scene(on: Stage, lifts: int, backlog: int) -> Iterator[_Scene]:
    """Gateway, ingest and API over an empty database; the gateway has `backlog` messages of ten readings queued."""
    with ExitStack() as running:
        box = running.enter_context(Broker(on.folder / f"box-{on.broker.port}", kind="mosquitto"))
        names = "".join(LIFT.format(name=_lift(number)) for number in range(lifts))
        file = write_gateway(
            on.folder / f"gateway-{on.broker.port}",
            DEVICES,
            port=box.port,
            uplink_port=on.broker.port,
            account_s=5.0,
            more_agents=LIFTS.format(port=box.port) + names,
        )
        gateway = running.enter_context(program("anju-gateway", "run", str(file), log=file.with_suffix(".log")))
        wait_until(lambda: gateway.has_logged("uplink established"), "the uplink", needs=[gateway])
        _queue(box.port, backlog)
        url = running.enter_context(database_on(on.server))
        environment = {**on.environment, "ANJU_DATABASE_URL": url}
        ingest = running.enter_context(
            program("anju", "ingest", log=file.with_name("ingest.log"), environment=environment)
        )
        api = running.enter_context(
            program("anju", "api", "--port", "0", log=file.with_name("api.log"), environment=environment)
        )
        conn = running.enter_context(psycopg.connect(url, autocommit=True))
        needs = [gateway, ingest, api]
        wait_until(lambda: api.has_logged('"serving"'), "serving", needs=needs)
        wanted = lifts + DEVICES
        wait_until(lambda: count_of(conn, "SELECT count(*) FROM asset") >= wanted, "the birth", needs=needs)
        watchers: dict[str, NoticeWatcher | StreamWatcher] = {
            "ticket": running.enter_context(NoticeWatcher(url)),
            "told": running.enter_context(StreamWatcher(_address(api), "bench")),
        }
        yield _Scene(on, box.port, conn, watchers, needs)


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


def _raise_alarms(scene: _Scene, alarms: int) -> dict[str, list[float]]:
    """Seconds from each message to the ticket, and until it was told, at moments that follow no beat."""
    chance = random.Random(1)
    said: dict[str, float] = {}
    with client_on(scene.devices_port) as client:
        for number in range(alarms):
            name = _lift(number)
            fault = {"sn": name, "ts": round(time.time() * 1000), "code": TRAPPED, "on": True}
            said[f"bench:{name}"] = time.monotonic()
            client.publish(f"liftmon/{name}/fault", msgspec.json.encode(fault), qos=1)
            time.sleep(chance.expovariate(ALARMS_PER_S))
        for end, watcher in scene.watchers.items():
            wait_until(lambda watcher=watcher: said.keys() <= watcher.heard.keys(), ENDS[end], needs=scene.needs)  # type: ignore[misc]
    tickets = count_of(scene.conn, "SELECT count(*) FROM ticket WHERE origin = 'alarm'")
    if tickets != alarms:
        raise NotMeasuredError(f"{alarms} alarms opened {tickets} tickets")
    return {end: [watcher.heard[key] - at_s for key, at_s in said.items()] for end, watcher in scene.watchers.items()}
