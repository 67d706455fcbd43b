"""`anju gateway`: makes the authority, lets gateways in, shuts them out."""

import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from anju_contracts.clock import RealClock
from anju_contracts.topics import address
from anju_platform.enrol.authority import Authority, Enrolled, create_authority, open_authority
from anju_platform.enrol.bundle import usual_url, write_bundle
from anju_platform.enrol.certificates import read_request
from anju_platform.enrol.register import ending

Decorated = Callable[..., Any]
RELOAD = "Now tell the broker to reload (SIGHUP, for example `systemctl reload mosquitto`)."
_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group("gateway")
def gateway_group() -> None:
    """Let gateways in and shut them out: certificates, the broker's rights, the key that signs commands.

    Needs no database: everything is in the authority's folder. Keep that folder where neither broker nor API runs.
    """


def _named(command: Decorated) -> Decorated:
    """The options that say which gateway of which authority."""
    for option in (
        click.option("--gateway", required=True, help="Its name in the community."),
        click.option("--community", required=True, help="The community it is in."),
        click.option("--authority", "folder", type=_FOLDER, required=True, help="The authority's folder."),
    ):
        command = option(command)
    return command


def _issuing(command: Decorated) -> Decorated:
    """The options of whatever makes a certificate."""
    for option in (
        click.option("--url", help="Where the gateway finds the broker. Default: the first name in its certificate."),
        click.option(
            "--request",
            "request_file",
            type=click.Path(path_type=Path, exists=True, dir_okay=False),
            help="A certificate request (PEM) made on the box, so that its key never leaves it.",
        ),
        click.option("--days", type=click.FloatRange(0, 3650, min_open=True), default=90, show_default=True),
        click.option("--out", type=_FOLDER, required=True, help="Folder for what the box gets."),
    ):
        command = option(command)
    return _named(command)


@gateway_group.command("authority")
@click.argument("folder", type=_FOLDER)
@click.option("--broker", "hosts", multiple=True, required=True, help="A host name or IP address of the broker.")
@click.option("--broker-folder", default="", help="Where the broker finds its files. Default: FOLDER/broker.")
@click.option("--title", default="Anju", show_default=True, help="Name of a new authority.")
def authority_command(folder: Path, hosts: tuple[str, ...], broker_folder: str, title: str) -> None:
    """Make the authority in FOLDER, or renew the certificates of broker and platform.

    FOLDER/broker is for the broker, FOLDER/platform for ingest (ANJU_MQTT_CA, ANJU_MQTT_CERT, ANJU_MQTT_KEY),
    FOLDER/command.key for whoever sends commands (ANJU_COMMAND_KEY).
    """
    now = RealClock().now()
    made = create_authority(folder, title=title, now=now)
    with open_authority(folder) as authority:
        authority.equip(hosts, broker_folder=broker_folder, now=now)
    click.echo(
        f"{folder}: {'a new authority' if made else 'the authority was there'}; certificates for {', '.join(hosts)}"
    )
    click.echo(RELOAD)


@gateway_group.command("enrol")
@_issuing
def enrol_command(**options: Any) -> None:
    """Let a gateway in: key, certificate and the head of its gateway.toml, written to --out."""
    _issue(Authority.enrol, **options)


@gateway_group.command("rotate")
@_issuing
def rotate_command(**options: Any) -> None:
    """Give a gateway a new certificate while the old one is valid.

    A gateway that finds the new files beside its configuration takes them at once, without a restart.
    """
    _issue(Authority.rotate, **options)


@gateway_group.command("revoke")
@_named
@click.option("--serial", help="Only this certificate, for example the old one after a rotation. Default: all.")
@click.option("--reason", default="", help="Why, for the register.")
def revoke_command(folder: Path, community: str, gateway: str, serial: str | None, reason: str) -> None:
    """Shut a gateway out."""
    with open_authority(folder) as authority:
        ended = authority.revoke(address(community, gateway), now=RealClock().now(), reason=reason, serial=serial)
    for one in ended:
        click.echo(f"{one.name}: revoked {one.serial}")
    click.echo(RELOAD)


@gateway_group.command("list")
@click.option("--authority", "folder", type=_FOLDER, required=True, help="The authority's folder.")
@click.option("--ending", "days", type=click.FloatRange(0), help="Only what ends in so many days and was not renewed.")
def list_command(folder: Path, days: float | None) -> None:
    """Every certificate: serial number, name, state, end. With --ending, exit code 1 when there is one."""
    now = RealClock().now()
    with open_authority(folder) as authority:
        found = authority.enrolments()
    if days is not None:
        found = ending(found, now=now, within=timedelta(days=days))
    for one in found:
        reason = f"  {one.reason}" if one.reason else ""
        click.echo(f"{one.serial:<40} {one.name:<32} {one.state(now):<8} {one.expires_at:%Y-%m-%d %H:%M}Z{reason}")
    if days is not None and found:
        sys.exit(1)


def _issue(
    make: Callable[..., Enrolled],
    *,
    folder: Path,
    community: str,
    gateway: str,
    out: Path,
    days: float,
    request_file: Path | None,
    url: str | None,
) -> None:
    whose = address(community, gateway)
    asked = read_request(request_file.read_bytes()) if request_file else None
    with open_authority(folder) as authority:
        made = make(authority, whose, now=RealClock().now(), days=days, asked=asked)
        names = write_bundle(out, whose, made, authority=folder, url=url or usual_url(folder))
        was_out = any(one.revoked_at is not None for one in authority.of_gateway(whose))
    ends = made.enrolment.expires_at
    click.echo(f"{whose}: certificate {made.enrolment.serial}, valid to {ends:%Y-%m-%d %H:%M}Z")
    click.echo(f"{out}: {', '.join(names)}")
    if was_out:
        click.echo(RELOAD)
