"""The program `anju-gateway`."""

import logging
import os
import signal
import sys
import threading
from pathlib import Path

import click

from anju_contracts.clock import CLOCK_VARIABLE, parse_clock
from anju_contracts.errors import ContractError
from anju_contracts.jsonlog import configure_logging
from anju_edge_agent.profile import points_of
from anju_edge_agent.profile_reader import builtin_profile, builtin_profiles
from anju_gateway.config import GatewayConfig
from anju_gateway.config_reader import load_config
from anju_gateway.errors import ConfigurationError, GatewayError
from anju_gateway.gateway import Gateway, exclusive
from anju_gateway.local_broker import write_local_broker

log = logging.getLogger(__name__)
_FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.group()
def main() -> None:
    """The box in a community: reads its devices, keeps every reading on disk, carries it to the platform."""


@main.command()
@_FILE
@click.option(
    "--log-level", default="INFO", show_default=True, type=click.Choice(["DEBUG", "INFO", "WARNING", "ERROR"])
)
def run(file: Path, log_level: str) -> None:
    """Run the gateway that FILE (gateway.toml) describes, until SIGTERM or Ctrl-C. Logs JSON to standard error."""
    config = _load(file)
    try:
        clock = parse_clock(os.environ.get(CLOCK_VARIABLE, ""))
    except ContractError as exc:
        _fail(str(exc))
    configure_logging("anju-gateway", level=log_level)
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    try:
        with exclusive(config.data_dir), Gateway(config, clock) as gateway:
            log.info(
                "running", extra={"gateway": f"{config.community}/{config.gateway}", "epoch": gateway.outbox.epoch}
            )
            stop.wait()
            log.info("stopping")
    except (GatewayError, OSError) as exc:
        _fail(str(exc))


@main.command()
@_FILE
def check(file: Path) -> None:
    """Check FILE (gateway.toml) and the profiles it uses; name every mistake. Exit code 2 when there is one."""
    config = _load(file)
    devices = [device.device for agent in config.agents for device in agent.devices]
    points = sum(len(points_of(device.profile)) for device in devices)
    click.echo(f"{file}: fine; {len(config.agents)} agents, {len(devices)} devices, {points} points")


@main.command("local-broker")
@_FILE
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder for the files.")
@click.option("--port", type=click.IntRange(1, 65535), default=1883, show_default=True)
def local_broker(file: Path, out: Path, port: int) -> None:
    """Write accounts and rights for the Mosquitto on the box's own network: one account for each device of FILE that
    speaks over it, which may use the topics of that device only, and one for the gateway.

    Called again, it keeps the passwords and adds what is new; then tell that Mosquitto to reload (SIGHUP).
    """
    try:
        accounts = write_local_broker(_load(file), out, port=port)
    except (GatewayError, OSError) as exc:
        _fail(str(exc))
    click.echo(f"{out}: {len(accounts) - 1} devices; each password is in {out / 'passwords'}")


@main.command()
def profiles() -> None:
    """List the device models that come with Anju."""
    for name in builtin_profiles():
        profile = builtin_profile(name)
        title = f"{profile.label.zh} / {profile.label.en}" if profile.label else ""
        click.echo(f"{name:<20} {profile.driver:<10} {profile.kind:<16} {len(points_of(profile)):>3} points  {title}")


def _load(file: Path) -> GatewayConfig:
    try:
        return load_config(file)
    except ConfigurationError as exc:
        for problem in exc.problems:
            click.echo(str(problem), err=True)
        click.echo(f"{len(exc.problems)} mistake{'s' if len(exc.problems) > 1 else ''}", err=True)
        sys.exit(2)


def _fail(reason: str) -> None:
    click.echo(f"anju-gateway: {reason}", err=True)
    sys.exit(1)
