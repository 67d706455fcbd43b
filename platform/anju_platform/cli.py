"""`anju`: the platform's programs. Heavy modules are imported by the command that needs them."""

import json
import os
import signal
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any, Literal

import click

from anju_contracts.errors import ContractError
from anju_contracts.jsonlog import configure_logging
from anju_platform.bootstrap import connect, settings_of_this_process
from anju_platform.errors import PlatformError


class Programs(click.Group):
    """A group whose commands report the platform's own errors in one line, without a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), "gateway"])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """`gateway` is a group of its own, in the step that it belongs to, and loads a library for certificates."""
        if cmd_name == "gateway":
            from anju_platform.enrol.program import gateway_group  # noqa: PLC0415

            return gateway_group
        return super().get_command(ctx, cmd_name)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (PlatformError, ContractError) as exc:
            raise click.ClickException(str(exc)) from exc


@click.group(cls=Programs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="anju-platform")
def main() -> None:
    """Anju watches lifts, doors and meters, and has a ticket with an engineer before a resident complains.

    Settings come from the environment: ANJU_DATABASE_URL (required), ANJU_MQTT_URL, ANJU_MQTT_SHARED, ANJU_MQTT_CA,
    ANJU_MQTT_CERT, ANJU_MQTT_KEY, ANJU_COMMAND_KEY, ANJU_CLOCK, ANJU_TELEMETRY_DAYS, ANJU_LOG_LEVEL, ANJU_METRICS_PORT.
    """


def write_report(path: Path | None, report: dict[str, Any]) -> None:
    """Write `report` as JSON to `path`, where one was asked for."""
    if path is not None:
        path.write_text(json.dumps(report, indent=2, ensure_ascii=False, default=str) + "\n", encoding="utf-8")


def stop_on_signals() -> Event:
    """Set by SIGTERM and SIGINT, so that a program ends what it has in hand first."""
    stopping = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    return stopping


json_option = click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the result here.")


@main.command("migrate")
@click.option(
    "--flavour",
    type=click.Choice(["auto", "plain", "timescale"]),
    default="auto",
    show_default=True,
    help="auto uses TimescaleDB where the server has it, and keeps what the database already is.",
)
@json_option
def migrate_command(flavour: str, json_path: Path | None) -> None:
    """Create the database's schema, or bring it up to date."""
    from anju_platform.storage.migrate import flavour_of, migrate  # noqa: PLC0415

    settings = settings_of_this_process()
    configure_logging("migrate", level=settings.log_level)
    with connect(settings, program="migrate", autocommit=True) as conn:
        applied = migrate(conn, flavour=flavour)
        chosen = flavour_of(conn)
    click.echo(f"{len(applied)} migrations applied ({chosen})" if applied else f"nothing to do ({chosen})")
    write_report(json_path, {"flavour": str(chosen), "applied": list(applied)})


@main.command("api")
@click.option("--host", default="127.0.0.1", show_default=True, help="There is no login yet: think before you open it.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes a free one.")
@click.option(
    "--allow-host",
    "hosts",
    multiple=True,
    help="A name, without port, that it answers to; may be repeated; * is any. "
    "Default: this machine's own names, or any where --host is not this machine alone.",
)
def api_command(host: str, port: int, hosts: tuple[str, ...]) -> None:
    """Serve the REST API and the pages.

    ANJU_ASSETS_DIR says where npm put htmx and uPlot; by default they lie beside this package.
    """
    from anju_platform.web.server import Address, options_from, serve  # noqa: PLC0415

    settings = settings_of_this_process()
    configure_logging("api", level=settings.log_level)
    serve(settings, options_from(os.environ, host=host, hosts=hosts), Address(host, port))


@main.command("import")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--community", required=True, help="Name of the community that this is the history of.")
@click.option("--label-zh", help="Its title in Chinese, where it has none yet.")
@click.option("--label-en", help="Its title in English, where it has none yet.")
@click.option(
    "--words",
    "words_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="TOML file with the words of your books; default: those that come with anju-ml.",
)
@click.option("--on-bad-row", type=click.Choice(["report", "stop"]), default="report", show_default=True)
@json_option
def import_command(
    *,
    folder: Path,
    community: str,
    label_zh: str | None,
    label_en: str | None,
    words_file: Path | None,
    on_bad_row: Literal["report", "stop"],
    json_path: Path | None,
) -> None:
    """Load a history (assets, readings, events, repairs, complaints as CSV, Parquet or Excel) from FOLDER.

    Importing it again changes nothing. Readings older than ANJU_TELEMETRY_DAYS are kept as hourly rollups.
    """
    from rich.console import Console  # noqa: PLC0415

    from anju_contracts.kinds import Label  # noqa: PLC0415
    from anju_platform.assets.history_import import Target  # noqa: PLC0415
    from anju_platform.assets.import_command import Reading, run_import  # noqa: PLC0415

    settings = settings_of_this_process()
    configure_logging("import", level=settings.log_level)
    label = Label(label_zh or label_en or community, label_en or label_zh or community)
    target = Target(community, label)
    reading = Reading(folder, on_bad_row, words_file)
    write_report(json_path, run_import(settings, reading, target, console=Console()))


@main.command("ingest")
def ingest_command() -> None:
    """Store what gateways publish, until SIGTERM. Several may run where the broker has shared subscriptions."""
    from anju_platform.ingest.service import Ingest  # noqa: PLC0415

    settings = settings_of_this_process()
    configure_logging("ingest", level=settings.log_level)
    Ingest(settings, stopping=stop_on_signals()).run()


@main.command("worker")
def worker_command() -> None:
    """Run rollups, retention, scoring, training and the sweep of tickets as event time goes on, until SIGTERM.

    Every few seconds it also holds what gateways say they sent against what is stored.
    """
    from anju_platform.worker import Worker, all_beats, all_jobs  # noqa: PLC0415

    settings = settings_of_this_process()
    configure_logging("worker", level=settings.log_level)
    Worker(settings, all_jobs(), stopping=stop_on_signals(), beats=all_beats()).run()


@main.command("commands")
def commands_command() -> None:
    """Send commands to gateways and take their answers, until SIGTERM. One is enough.

    ANJU_COMMAND_KEY names the key that signs them: command.key of the authority (`anju gateway authority`).
    """
    from anju_platform.commands.sender import CommandSender  # noqa: PLC0415

    settings = settings_of_this_process()
    configure_logging("commands", level=settings.log_level)
    CommandSender(settings, stopping=stop_on_signals()).run()


as_of_option = click.option(
    "--as-of", metavar="TIME", help="Know nothing later than this (ISO 8601). Default: the end of the data."
)


@main.command("train")
@as_of_option
@json_option
def train_command(as_of: str | None, json_path: Path | None) -> None:
    """Train the prediction from readings, events and repairs, and say how good it is.

    A model that doesn't beat the best baseline is stored as refused and opens no tickets. ANJU_POLICY may name a
    TOML table of costs.
    """
    from anju_platform.scoring.commands import parse_as_of, run_command  # noqa: PLC0415
    from anju_platform.scoring.jobs import TRAIN  # noqa: PLC0415

    settings = settings_of_this_process()
    configure_logging("train", level=settings.log_level)
    report = run_command(TRAIN, settings, as_of=parse_as_of(as_of), doing="training")
    verdict = f": {report['why_not']}" if report["why_not"] else ""
    click.echo(f"model {report['model']} as of {report['as_of']} is {report['role']}{verdict}")
    write_report(json_path, report)


@main.command("score")
@as_of_option
@json_option
def score_command(as_of: str | None, json_path: Path | None) -> None:
    """Predict for every asset, and open tickets where a visit pays. Repeated at the same time, it changes nothing."""
    from anju_platform.scoring.commands import parse_as_of, run_command  # noqa: PLC0415
    from anju_platform.scoring.jobs import SCORE  # noqa: PLC0415

    settings = settings_of_this_process()
    configure_logging("score", level=settings.log_level)
    report = run_command(SCORE, settings, as_of=parse_as_of(as_of), doing="scoring")
    if report["model"] is None:
        click.echo(f"nothing scored: {report['why']}")
    else:
        counts = f"{report['predictions']} predictions, {report['opened']} tickets opened, {report['joined']} joined"
        click.echo(f"{counts} as of {report['as_of']}")
    write_report(json_path, report)


@main.command("replay-ahead")
@click.option("--community", required=True)
@click.option("--gateway", required=True)
@click.option(
    "--shift-s",
    type=float,
    default=0.0,
    show_default=True,
    help="Add this many seconds to every time: -3600 for a clock that was an hour ahead.",
)
@json_option
def replay_ahead_command(community: str, gateway: str, shift_s: float, json_path: Path | None) -> None:
    """Store what was set aside because a gateway's clock dated it into the future.

    Without --shift-s only what lies in the past by now, under the times that it has.
    """
    from anju_contracts.topics import address  # noqa: PLC0415
    from anju_platform.reconcile.ahead import replay_ahead  # noqa: PLC0415

    settings = settings_of_this_process()
    configure_logging("replay-ahead", level=settings.log_level)
    with connect(settings, program="replay-ahead", autocommit=True) as conn:
        done = replay_ahead(
            conn,
            address(community, gateway),
            shift=timedelta(seconds=shift_s),
            now=settings.clock.now(),
            telemetry_days=settings.telemetry_days,
        )
    click.echo(f"{done.stored} letters stored, {done.ahead} lie ahead even so")
    write_report(json_path, {"stored": done.stored, "ahead": done.ahead})
