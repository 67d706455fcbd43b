"""`anju-simulate history`."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from anju_contracts.errors import ContractError
from anju_simulators.history import Format, Summary, check_folder, write_history
from anju_simulators.scenario import Scenario, ScenarioError, read_scenario, with_values
from anju_simulators.truth import write_truth
from anju_simulators.world import World


@click.command()
@click.option("--out", "out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder to write.")
@click.option("--scenario", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="TOML file.")
@click.option("--days", type=click.IntRange(1, 3650), default=365, show_default=True, help="Length of the history.")
@click.option(
    "--until", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"]), help="End, UTC. [default: start + days]"
)
@click.option("--seed", type=int, help="The same seed gives the same community.")
@click.option("--lifts", type=int)
@click.option("--doors", type=int)
@click.option("--electric-meters", type=int)
@click.option("--water-meters", type=int)
@click.option("--format", "file_format", type=click.Choice(["csv", "parquet"]), default="csv", show_default=True)
@click.option(
    "--truth", type=click.Path(dir_okay=False, path_type=Path), help="File for the hidden truth, outside --out."
)
@click.option("--json", "report", type=click.Path(dir_okay=False, path_type=Path), help="File for the summary.")
def history(
    out: Path,
    *,
    file: Path | None,
    days: int,
    until: datetime | None,
    file_format: Format,
    truth: Path | None,
    report: Path | None,
    **values: int | None,
) -> None:
    """Write months of hourly history of a simulated community, in the format that `anju import` reads."""
    if truth is not None and truth.resolve().is_relative_to(out.resolve()):
        raise click.BadParameter(f"got {truth}, expected a file outside {out}", param_hint="--truth")
    try:
        check_folder(out, file_format)
        scenario, end = _scenario(file, days, until, values)
    except (ScenarioError, ContractError) as exc:
        raise click.ClickException(str(exc)) from exc
    console = Console(stderr=True)
    summary, world = _write(scenario, end, out, file_format, console)
    if truth is not None:
        write_truth(truth, world.truth())
    if report is not None:
        report.write_bytes(msgspec.json.format(msgspec.json.encode(summary.as_json())))
    console.print(_table(summary))


def _scenario(
    file: Path | None, days: int, until: datetime | None, values: dict[str, int | None]
) -> tuple[Scenario, datetime]:
    given: dict[str, object] = {name: value for name, value in values.items() if value is not None}
    scenario = read_scenario(file) if file else Scenario()
    if until is not None:
        given["start"] = until.replace(tzinfo=UTC) - timedelta(days=days)
    scenario = with_values(scenario, given)
    return scenario, scenario.start + timedelta(days=days)


def _write(
    scenario: Scenario, end: datetime, out: Path, file_format: Format, console: Console
) -> tuple[Summary, World]:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    with Progress(*columns, TimeElapsedColumn(), console=console) as bar:
        world = World(scenario)
        total = len(world.assets)
        living, writing = (bar.add_task(title, total=total) for title in ("living", "writing readings"))
        world.run(end, progress=lambda _: bar.advance(living))
        summary = write_history(world, out, file_format=file_format, progress=lambda _: bar.advance(writing))
    return summary, world


def _table(summary: Summary) -> Table:
    shares = summary.as_json()
    table = Table(title=f"{shares['without_warning_share'] or 0:.0%} of failures came without warning")
    for title in ("kind", "assets", "failures", "a year and asset", "without warning", "complaints"):
        table.add_column(title, justify="left" if title == "kind" else "right")
    for kind, count in summary.assets.items():
        rate = shares["failures_per_asset_year"].get(kind, 0.0)
        cells = (count, summary.failures[kind], f"{rate:.2f}", summary.sudden[kind], summary.complaints[kind])
        table.add_row(kind, *(str(cell) for cell in cells))
    table.caption = ", ".join(f"{rows} {name}" for name, rows in summary.rows.items())
    return table
