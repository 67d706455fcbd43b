"""`anju-simulate devices`."""

import asyncio
import logging
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from anju_contracts.clock import CLOCK_VARIABLE, parse_clock
from anju_contracts.errors import ContractError
from anju_contracts.jsonlog import configure_logging
from anju_simulators.devices.crew import CrewPolicy
from anju_simulators.devices.session import Setting, run_session
from anju_simulators.devices.visits import world_until
from anju_simulators.scenario import Scenario, ScenarioError, read_scenario


@click.command("devices")
@click.option("--scenario", "scenario_path", type=click.Path(exists=True, path_type=Path), help="A scenario (TOML).")
@click.option("--mqtt", "mqtt_url", default="mqtt://127.0.0.1:1884", show_default=True, help="The box's local broker.")
@click.option(
    "--passwords",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder `passwords` of `anju-gateway local-broker`: each device has its own account. Without: none has.",
)
@click.option("--modbus-host", "host", default="127.0.0.1", show_default=True, help="Where the converters listen.")
@click.option("--modbus-port", default=5020, show_default=True, help="Port of the first converter; the others follow.")
@click.option("--meters-per-converter", "meters_a_converter", type=click.IntRange(1, 60), default=8, show_default=True)
@click.option("--readers", type=click.IntRange(0, 120), default=0, show_default=True, help="OSDP card readers.")
@click.option(
    "--serial-dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="RTU, DL/T 645 and OSDP lines are serial ports DIR/bus-N instead of TCP ports.",
)
@click.option(
    "--period", "period_s", type=float, default=3600.0, show_default=True, help="Seconds (data time) a report."
)
@click.option("--publications", type=click.Path(path_type=Path), default=Path("publications.csv"), show_default=True)
@click.option("--api", "api_url", help="The platform: residents complain there, and a crew serves its tickets.")
@click.option("--crew-waits", type=float, default=3.0, show_default=True, help="Real seconds a ticket is left to you.")
@click.option("--crew-size", type=click.IntRange(0, 9), default=3, show_default=True)
@click.option("--live-from", help="Until then the world's own crews worked (RFC 3339). [default: now]")
@click.option("--visits", type=click.Path(path_type=Path), help="Visits of crews: read at the start, added to later.")
@click.option("--truth", type=click.Path(path_type=Path), help="Where the hidden truth goes at the end (CSV).")
def devices_command(
    *,
    scenario_path: Path | None,
    period_s: float,
    crew_waits: float,
    crew_size: int,
    live_from: str | None,
    visits: Path | None,
    **places: Any,
) -> None:
    """Live devices of a simulated community, on their own protocols, until Ctrl-C.

    Meters answer Modbus TCP, Modbus RTU or DL/T 645, as their model does; lift monitors and door controllers publish
    their vendors' JSON to a local broker, and controllers obey commands there; card readers speak OSDP. The device
    clock is ANJU_CLOCK, for example scaled:2026-01-01T00:00:00Z@2026-03-01T08:00:00Z*3600 for an hour a second.
    """
    configure_logging("devices", level=os.environ.get("ANJU_LOG_LEVEL", "INFO"))
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        clock = parse_clock(os.environ.get(CLOCK_VARIABLE, "real"))
        scenario = read_scenario(scenario_path) if scenario_path else _year_before(clock.now())
        begin = datetime.fromisoformat(live_from) if live_from else clock.now()
    except (ContractError, ScenarioError, ValueError) as exc:
        raise click.ClickException(str(exc)) from exc
    setting = Setting(
        period=timedelta(seconds=period_s),
        crew=CrewPolicy(technicians=CrewPolicy().technicians[:crew_size], watch_s=crew_waits),
        visits=visits,
        **places,
    )
    world = world_until(scenario, begin, clock.now(), visits)
    asyncio.run(run_session(world, setting, clock))


def _year_before(now: datetime) -> Scenario:
    """The default community, which has been lived in for a year."""
    return Scenario(start=(now - timedelta(days=365)).replace(minute=0, second=0, microsecond=0))
