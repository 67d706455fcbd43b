"""The program `anju-gateway`."""

import logging
import os
import signal
import sys
import threading
from pathlib import Path
from typing import NoReturn

import click

from anju_contracts.clock import CLOCK_VARIABLE, RealClock, parse_clock
from anju_contracts.errors import ContractError
from anju_contracts.jsonlog import configure_logging
from anju_edge_agent.profile import points_of
from anju_edge_agent.profile_reader import builtin_profile, builtin_profiles
from anju_gateway.config import GatewayConfig
from anju_gateway.config_reader import load_config
from anju_gateway.errors import ConfigurationError, GatewayError
from anju_gateway.gateway import Gateway, exclusive
from anju_gateway.local_broker import GATEWAY, password_of, write_local_broker
from anju_gateway.probe import as_table, find_device, probe_device
from anju_gateway.probe_by_hand import agent_by_hand
from anju_gateway.probe_ports import missing_ports

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
    missing = list(missing_ports(config, file))
    if missing:
        _explain(ConfigurationError(missing))
    devices = [device.device for agent in config.agents for device in agent.devices]
    points = sum(len(points_of(device.profile)) for device in devices)
    counts = (_counted(len(config.agents), "agent"), _counted(len(devices), "device"), _counted(points, "point"))
    click.echo(f"{file}: fine; {', '.join(counts)}")


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
        password_of(GATEWAY, out)  # FILE may name it already
        accounts = write_local_broker(_load(file), out, port=port)
    except (GatewayError, OSError) as exc:
        _fail(str(exc))
    click.echo(f"{out}: {_counted(len(accounts) - 1, 'device')}; each password is in {out / 'passwords'}")


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.argument("device", required=False)
@click.option("--profile", help="Instead of FILE and DEVICE: a model from `anju-gateway profiles`, or a .toml file.")
@click.option("--address", help="Its unit id, meter address or device id.")
@click.option("--set", "options", multiple=True, metavar="KEY=VALUE", help="As in [[agent]]: host=10.0.0.5, baud=2400.")
@click.option("--within", "within_s", type=float, default=20.0, show_default=True, help="Seconds, for what reports.")
def probe(
    *,
    file: Path | None,
    device: str | None,
    profile: str | None,
    address: str | None,
    options: tuple[str, ...],
    within_s: float,
) -> None:
    """Read DEVICE (an asset of FILE, gateway.toml) once, and show what it says.

    Or a device that is in no file yet: --profile eastron-sdm630 --address 1 --set serial=/dev/ttyUSB0. A bus has one
    reader: stop the gateway first, unless the device speaks over a broker.
    """
    if (profile is None) == (file is None) or (file is not None) == (device is None):
        _fail("got neither or both, expected FILE and DEVICE, or --profile and --address")
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    try:
        if file is not None and device is not None:
            agent, found = find_device(_load(file), device)
        else:
            agent, found = agent_by_hand(profile or "", address or "", options)
        click.echo(as_table(probe_device(agent, found, RealClock(), within_s=within_s)))
    except ConfigurationError as exc:
        _explain(exc)
    except GatewayError as exc:
        _fail(str(exc))


@main.command()
def profiles() -> None:
    """List the device models that come with Anju."""
    for name in builtin_profiles():
        profile = builtin_profile(name)
        title = f"{profile.label.zh} / {profile.label.en}" if profile.label else ""
        click.echo(f"{name:<20} {profile.driver:<10} {profile.kind:<16} {len(points_of(profile)):>3} points  {title}")


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _load(file: Path) -> GatewayConfig:
    try:
        return load_config(file)
    except ConfigurationError as exc:
        _explain(exc)


def _explain(exc: ConfigurationError) -> NoReturn:
    for problem in exc.problems:
        click.echo(str(problem), err=True)
    click.echo(_counted(len(exc.problems), "mistake"), err=True)
    sys.exit(2)


def _fail(reason: str) -> NoReturn:
    click.echo(f"anju-gateway: {reason}", err=True)
    sys.exit(1)
