"""The live part: every program running, a clock that runs fast, and a line that says how it goes."""

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from rich.console import Console
from rich.live import Live
from rich.text import Text

from anju_contracts.clock import ScaledClock
from anju_simulators.demo import programs
from anju_simulators.demo.box_network import BoxNetwork
from anju_simulators.demo.database import Database
from anju_simulators.demo.errors import TooSlow
from anju_simulators.demo.gateway_config import Lines, gateway_toml, write_keys
from anju_simulators.demo.plan import Options, Places
from anju_simulators.demo.ports import free_run
from anju_simulators.demo.prepare import Services
from anju_simulators.demo.supervise import Supervisor
from anju_simulators.devices.wiring import reader_specs, wire
from anju_simulators.fleet import fleet

METERS_A_CONVERTER = 8
MODBUS_PORT = 15020
READY_WITHIN_S = 60.0
LOOK_EVERY_S = 1.0
LIVE_PROGRAMS = ("devices", "gateway", "worker", "ingest", "api")
"""In the order in which they end."""
PAGES = ("/", "/api/v1/communities", "/api/v1/assets?community={community}", "/api/v1/tickets", "/readyz", "/metrics")


@dataclass(frozen=True, slots=True)
class Site:
    """A running demo: where its page is and what time it is there."""

    url: str
    clock: ScaledClock
    since: datetime


def start_live(
    options: Options, places: Places, services: Services, supervisor: Supervisor, *, port: int, start: datetime
) -> Site:
    """Start everything that stays; the gateway listens before the devices speak."""
    clock = ScaledClock(start, datetime.now(UTC), options.speed)
    site = Site(f"http://127.0.0.1:{port}", clock, start)
    environment = services.environment(clock)
    modbus_port = _write_gateway(options, places, services)
    services.local.open(places.gateway, supervisor)
    for name, command in (("api", programs.api(port)), ("ingest", programs.ingest()), ("worker", programs.worker())):
        supervisor.start(name, command, environment)
    supervisor.start("gateway", programs.gateway(places.gateway), environment)
    with closing(Database(services.database_url, options.scenario.community)) as database:
        await_true(lambda: database.gateway_state() == "online", supervisor, "the gateway is online")
    await_true(lambda: is_ready(site.url), supervisor, "the page answers")
    supervisor.start("devices", _devices(options, places, services.local, modbus_port, site.url), environment)
    return site


def _write_gateway(options: Options, places: Places, services: Services) -> int:
    """Its configuration and the readers' keys; the port of the first Modbus line is returned."""
    scenario = options.scenario
    specs = fleet(scenario)
    wiring = wire(specs, meters_a_converter=METERS_A_CONVERTER, readers=options.readers)
    write_keys(wiring, places.keys)
    lines = Lines(
        services.uplink.url,
        services.local.take_address(),
        free_run(MODBUS_PORT, wiring.converters),
        places.outbox,
        options.period.total_seconds(),
        keys_dir=places.keys,
        accounts_dir=services.local.accounts,
    )
    everything = (*specs, *reader_specs(scenario, options.readers))
    places.gateway.write_text(gateway_toml(scenario, everything, wiring, lines), encoding="utf-8")
    return lines.modbus_port


def _devices(options: Options, places: Places, local: BoxNetwork, modbus_port: int, api_url: str) -> Sequence[str]:
    return programs.devices(
        scenario=places.scenario,
        mqtt=local.url,
        passwords=local.passwords,
        modbus_port=modbus_port,
        meters_per_converter=METERS_A_CONVERTER,
        readers=options.readers,
        period=options.period.total_seconds(),
        publications=places.publications,
        api=api_url,
        crew_waits=options.crew_waits_s,
        live_from=options.history_end.isoformat(),
        visits=places.visits,
        truth=places.truth,
    )


def await_true(
    condition: Callable[[], bool], supervisor: Supervisor, what: str, *, within_s: float = READY_WITHIN_S
) -> None:
    """Return once `condition` holds; TooSlow when it doesn't in time, ChildFailed when a program died meanwhile."""
    deadline = time.monotonic() + within_s
    while not condition():
        supervisor.check()
        if time.monotonic() > deadline:
            raise TooSlow(f"waited {within_s:g} s in vain until {what}; the programs' logs may say why")
        time.sleep(0.1)


def is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=5).is_success
    except httpx.TransportError:
        return False


def failed_pages(url: str, community: str) -> list[str]:
    """The pages that did not answer 200."""
    failed = []
    with httpx.Client(base_url=url, timeout=30, follow_redirects=True) as http:
        for path in (page.format(community=community) for page in PAGES):
            response = http.get(path)
            if response.status_code != httpx.codes.OK:
                failed.append(f"{path}: {response.status_code}")
    return failed


def watch(
    site: Site, database: Database, supervisor: Supervisor, console: Console, *, until: datetime | None = None
) -> None:
    """Show how it goes until simulated time reaches `until`, or for ever; ChildFailed when a program ends."""
    with Live(Text(""), console=console, refresh_per_second=4, transient=True) as shown:
        while until is None or site.clock.now() < until:
            supervisor.check()
            shown.update(status_line(site, database))
            time.sleep(LOOK_EVERY_S)


def status_line(site: Site, database: Database) -> Text:
    """Simulated time, readings, open tickets and the newest ticket, on two lines."""
    origins = database.open_tickets()
    tickets = ", ".join(f"{count} {origin}" for origin, count in sorted(origins.items())) or "none"
    text = Text()
    text.append(f"{site.clock.now():%Y-%m-%d %H:%M} UTC", style="bold")
    text.append(f"  readings {database.samples_committed(site.since):,}  open tickets: {tickets}\n")
    newest: dict[str, Any] | None = database.newest_ticket()
    if newest is not None:
        opened = f"{newest['opened_at'].astimezone(UTC):%m-%d %H:%M}"
        text.append(f"newest ticket: {newest['title_zh']} / {newest['title_en']} ({newest['origin']}, {opened})")
    return text
