"""`anju-simulate chaos`."""

import csv
import json
import secrets
import shutil
from collections.abc import Iterable
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from anju_simulators.chaos.audit import Reading
from anju_simulators.chaos.errors import ChaosError
from anju_simulators.chaos.report import Report, broken
from anju_simulators.chaos.run import Options, run
from anju_simulators.demo.errors import DemoError
from anju_simulators.demo.plan import Wanted
from anju_simulators.one_run import interruptible, only_one
from anju_simulators.services import ServiceError

MOST_SEED = 1_000_000


@click.command("chaos")
@click.option("--minutes", type=click.FloatRange(0.25, 120), default=5.0, show_default=True, help="Of faults.")
@click.option("--seed", type=int, help="Of the plan of faults; the same seed replays it. [default: drawn and printed]")
@click.option(
    "--json", "json_path", type=click.Path(path_type=Path), help="Where the figures go; samples go beside it."
)
@click.option("--kills", type=click.IntRange(1), help="How many processes are killed. [default: 14 a minute]")
@click.option("--devices", type=click.IntRange(3, 1000), default=200, show_default=True)
@click.option("--period", "period_s", type=click.FloatRange(0.5, 2), default=1.0, show_default=True, help="Seconds.")
@click.option("--flavour", type=click.Choice(["auto", "plain", "timescale"]), default="auto", show_default=True)
@click.option("--folder", type=click.Path(path_type=Path), default=Path(".run/chaos"), show_default=True)
def chaos_command(
    *,
    minutes: float,
    seed: int | None,
    json_path: Path | None,
    kills: int | None,
    devices: int,
    period_s: float,
    flavour: Wanted,
    folder: Path,
) -> None:
    """Kill gateway, broker, ingests and database at random, cut the network, fill the disk, and count what was lost.

    Exit code 0 only when everything that the devices handed over is stored, once.
    """
    console = Console(stderr=True)
    seed = secrets.randbelow(MOST_SEED) if seed is None else seed
    console.print(f"seed {seed}: --seed {seed} replays these faults", highlight=False)
    options = Options(folder, seed, minutes * 60, kills, devices, period_s, flavour)
    try:
        taken = ChaosError(f"another run uses {folder}; wait for it, or give --folder")
        with only_one(folder.with_name(f"{folder.name}.lock"), taken), interruptible():
            shutil.rmtree(folder, ignore_errors=True)
            report = run(options, console)
    except (ChaosError, DemoError, ServiceError) as exc:
        raise click.ClickException(f"seed {seed}: {exc}") from exc
    except KeyboardInterrupt:
        console.print("stopped")
        raise SystemExit(130) from None
    _conclude(report, json_path, console)


def _conclude(report: Report, json_path: Path | None, console: Console) -> None:
    wrong = broken(report.figures)
    if json_path is not None:
        text = json.dumps({**report.figures, "broken": wrong}, indent=2, ensure_ascii=False)
        json_path.write_text(text + "\n", encoding="utf-8")
        for name, readings in (("dropped", report.dropped), ("lost", report.lost), ("misdated", report.misdated)):
            write_readings(json_path.with_name(f"{json_path.stem}-{name}.csv"), readings)
    table = Table("figure", "value", show_header=False)
    for name, value in report.figures.items():
        table.add_row(name, json.dumps(value, ensure_ascii=False))
    console.print(table)
    if wrong:
        raise click.ClickException(f"seed {report.figures['seed']}: {'; '.join(wrong)}")
    console.print("[green]nothing lost, nothing doubled[/green]")


def write_readings(path: Path, readings: Iterable[Reading]) -> None:
    """Sample by sample; no file when there is none."""
    rows = list(readings)
    path.unlink(missing_ok=True)
    if rows:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(Reading._fields)
            writer.writerows(rows)
