"""The whole demo: prepare, go live, and either stay until Ctrl-C or give a verdict after a bounded span."""

import shutil
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rich.console import Console

from anju_contracts.clock import CLOCK_VARIABLE
from anju_simulators.demo.box_network import BoxNetwork
from anju_simulators.demo.database import Database
from anju_simulators.demo.errors import DemoError
from anju_simulators.demo.kept import read_kept, write_kept
from anju_simulators.demo.live import LIVE_PROGRAMS, Site, await_true, failed_pages, start_live, watch
from anju_simulators.demo.plan import Options, Places, choose_flavour
from anju_simulators.demo.ports import preferred_port
from anju_simulators.demo.prepare import Services, prepare
from anju_simulators.demo.report import Span, figures
from anju_simulators.demo.stages import Stages
from anju_simulators.demo.supervise import Supervisor
from anju_simulators.one_run import interruptible, only_one
from anju_simulators.services import Broker, Postgres, flavours

MQTT_PORT = 1883
"""Preferred for the broker that gateways publish to; another is taken where it is in use."""
DRAIN_WITHIN_S = 180.0
STEADY_S = 3.0
SCORED_EVERY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Running:
    """A live demo and what looks after it."""

    options: Options
    places: Places
    site: Site
    database: Database
    supervisor: Supervisor
    stages: Stages
    console: Console


def show(options: Options, console: Console) -> dict[str, Any] | None:
    """Run it. With a span: the figures, of which `ended_badly` and `pages_failed` are lists. Without: until Ctrl-C."""
    places = Places(options.folder.resolve())
    taken = DemoError(f"another demo runs in {places.folder}; stop it first, or give --folder")
    with only_one(places.lock, taken), interruptible(), ExitStack() as stack:
        kept = read_kept(places, options)
        options = kept or options
        if kept is None:
            shutil.rmtree(places.folder, ignore_errors=True)
        places.logs.mkdir(parents=True, exist_ok=True)
        stages = Stages(console)
        with stages.stage("services", "start PostgreSQL and the MQTT brokers"):
            services = _services(options, places, stack)
        supervisor = stack.enter_context(Supervisor(places.logs))
        if kept is None:
            prepare(options, places, services, supervisor, stages)
            write_kept(places, options, services.postgres.flavour)
        database = stack.enter_context(closing(Database(services.database_url, options.scenario.community)))
        start = _start(options, database)
        if kept is not None:
            console.print(f"going on with the community of the demo before, at {start:%Y-%m-%d %H:%M} UTC")
        port = _page_port(options, console)
        with stages.stage("start", "start gateway, ingest, worker, page and devices"):
            site = start_live(options, places, services, supervisor, port=port, start=start)
        _introduce(site, services, options, console)
        running = Running(options, places, site, database, supervisor, stages, console)
        if options.span is not None:
            return _bounded(running, site.since + options.span)
        console.print("[dim]Ctrl-C stops everything[/dim]")
        watch(site, database, supervisor, console)
    return None


def _page_port(options: Options, console: Console) -> int:
    port = preferred_port(options.port)
    if port != options.port:
        console.print(f"[yellow]port {options.port} is in use; the page takes {port}[/yellow]")
    return port


def _introduce(site: Site, services: Services, options: Options, console: Console) -> None:
    console.print(f"\n  [bold]{site.url}[/bold]   a simulated day in {86400 / options.speed:.0f} s")
    console.print(f"  [dim]{services.uplink.url}   where gateways publish[/dim]")
    console.print(f"  [dim]export {CLOCK_VARIABLE}='{site.clock}'   for a gateway of your own[/dim]\n", soft_wrap=True)


def _start(options: Options, database: Database) -> datetime:
    """When the live part begins: after the history, and after everything that was ever live."""
    last = database.last_moment()
    return max(options.history_end, last + timedelta(seconds=1)) if last is not None else options.history_end


def _services(options: Options, places: Places, stack: ExitStack) -> Services:
    flavour = choose_flavour(options.flavour, flavours())
    postgres = stack.enter_context(Postgres(flavour, places.folder / f"postgres-{flavour}"))
    uplink = stack.enter_context(Broker(places.folder / "uplink", port=MQTT_PORT, persistent=True))
    local = stack.enter_context(BoxNetwork(places.folder / "local"))
    return Services(postgres, uplink, local)


def _bounded(running: Running, until: datetime) -> dict[str, Any]:
    site, database, supervisor, stages = running.site, running.database, running.supervisor, running.stages
    with stages.stage("live", f"live until {until:%Y-%m-%d %H:%M} UTC"):
        watch(site, database, supervisor, running.console, until=until)
    with stages.stage("drain", "devices stop; what is under way arrives"):
        supervisor.stop("devices")
        _drain(running, until)
        pages_failed = failed_pages(site.url, running.options.scenario.community)
    ended_badly: list[str] = []
    with stages.stage("stop", "stop every program"):
        for name in LIVE_PROGRAMS[1:]:
            ended_badly += supervisor.end(name)
    with stages.stage("evaluate", "compare with the devices' log and the hidden truth"):
        span = Span(site.since, until, tolerance=3 * running.options.period)
        report = figures(database, running.places.publications, running.places.truth, span)
    return {**report, "pages_failed": pages_failed, "ended_badly": ended_badly, "seconds": stages.seconds}


def _drain(running: Running, until: datetime) -> None:
    """Until nothing more arrives, every hour of the live span is rolled up and its last day is scored."""
    site, database = running.site, running.database
    last, steady_since_s = -1, time.monotonic()

    def settled() -> bool:
        nonlocal last, steady_since_s
        count = database.readings_count(site.since)
        if count != last:
            last, steady_since_s = count, time.monotonic()
        scored = database.scored_until()
        return (
            time.monotonic() - steady_since_s >= STEADY_S
            and database.rollups_due(site.since, until) == 0
            and scored is not None
            and scored >= until - SCORED_EVERY
        )

    what = "everything has arrived, is rolled up and scored"
    await_true(settled, running.supervisor, what, within_s=DRAIN_WITHIN_S)
