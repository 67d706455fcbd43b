"""`anju-simulate demo`."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from anju_simulators.demo.errors import DemoError
from anju_simulators.demo.plan import Options
from anju_simulators.demo.report import broken_links
from anju_simulators.demo.show import show
from anju_simulators.services import ServiceError

SPEED = 3600.0
SPEED_ONCE = 7200.0


@click.command("demo")
@click.option("--once", is_flag=True, help="Run for a bounded span, evaluate, and exit 0 only if every link worked.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Where the figures of --once go.")
@click.option("--days", type=click.FloatRange(0.1, 400), default=10.0, show_default=True, help="Live days of --once.")
@click.option("--speed", type=click.FloatRange(1), help="Simulated seconds a second. [default: 3600; 7200 for --once]")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same community.")
@click.option("--lifts", type=click.IntRange(0), default=16, show_default=True)
@click.option("--doors", type=click.IntRange(0), default=40, show_default=True)
@click.option("--electric-meters", type=click.IntRange(0), default=80, show_default=True)
@click.option("--water-meters", type=click.IntRange(0), default=40, show_default=True)
@click.option("--readers", type=click.IntRange(0, 120), default=0, show_default=True, help="OSDP card readers.")
@click.option("--days-of-history", type=click.IntRange(30), default=365, show_default=True)
@click.option(
    "--port", type=int, default=8000, show_default=True, help="Of the page; the next free one if it is taken."
)
@click.option("--flavour", type=click.Choice(["auto", "plain", "timescale"]), default="auto", show_default=True)
@click.option("--keep", is_flag=True, help="Go on with the community of the demo before.")
@click.option("--folder", type=click.Path(path_type=Path), default=Path(".run/demo"), show_default=True)
def demo_command(*, once: bool, json_path: Path | None, days: float, speed: float | None, **community: Any) -> None:
    """A simulated community, live, on the real programs: devices, gateway, broker, database, model, tickets, page."""
    options = Options(
        speed=speed or (SPEED_ONCE if once else SPEED), span=timedelta(days=days) if once else None, **community
    )
    console = Console(stderr=True)
    try:
        report = show(options, console)
    except (DemoError, ServiceError) as exc:
        raise click.ClickException(str(exc)) from exc
    except KeyboardInterrupt:
        console.print("stopped")
        return
    if report is not None:
        _conclude(report, json_path, console)


def _conclude(report: dict[str, Any], json_path: Path | None, console: Console) -> None:
    broken = broken_links(report)
    if json_path is not None:
        text = json.dumps({**report, "broken": broken}, indent=2, ensure_ascii=False)
        json_path.write_text(text + "\n", encoding="utf-8")
    table = Table("figure", "value", show_header=False)
    for name, value in report.items():
        table.add_row(name, json.dumps(value, ensure_ascii=False))
    console.print(table)
    if broken:
        raise click.ClickException("; ".join(broken))
    console.print("[green]every link worked[/green]")
