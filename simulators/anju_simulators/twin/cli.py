"""`anju-simulate twin`."""

import os
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from anju_contracts.errors import ContractError
from anju_simulators.scenario import Scenario, ScenarioError, read_scenario, with_values
from anju_simulators.twin.arm import Plan
from anju_simulators.twin.compare import Pair, compare
from anju_simulators.twin.foresight import ForesightError
from anju_simulators.twin.run import live_all, train


@click.command()
@click.option("--scenario", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="TOML file.")
@click.option("--seeds", type=click.IntRange(2, 1000), default=20, show_default=True, help="How many communities.")
@click.option("--first-seed", type=int, default=101, show_default=True, help="The seed of the first of them.")
@click.option("--known-days", type=click.IntRange(30, 3650), default=180, show_default=True, help="History of each.")
@click.option("--days", type=click.IntRange(7, 3650), default=180, show_default=True, help="Days that are judged.")
@click.option("--technicians", type=click.IntRange(1, 1000), default=2, show_default=True)
@click.option("--score-every", type=click.IntRange(1, 30), default=1, show_default=True, help="Days.")
@click.option("--train-seed", type=int, default=1, show_default=True, help="The community that the model learns from.")
@click.option("--train-days", type=click.IntRange(60, 3650), default=540, show_default=True)
@click.option("--jobs", type=click.IntRange(1, 256), help="Communities at a time.  [default: one a core]")
@click.option("--lifts", type=int)
@click.option("--doors", type=int)
@click.option("--electric-meters", type=int)
@click.option("--water-meters", type=int)
@click.option("--json", "report", type=click.Path(dir_okay=False, path_type=Path), help="File for the result.")
def twin_command(
    *,
    file: Path | None,
    seeds: int,
    first_seed: int,
    known_days: int,
    days: int,
    technicians: int,
    score_every: int,
    train_seed: int,
    train_days: int,
    jobs: int | None,
    report: Path | None,
    **values: int | None,
) -> None:
    """Live communities twice, with the same residents, wear and weather: once with complaints alone as the trigger,
    once with proactive tickets as well. The model learns from a community that is none of them."""
    console = Console(stderr=True)
    chosen = range(first_seed, first_seed + seeds)
    if train_seed in chosen:
        raise click.BadParameter(f"got {train_seed}, expected a seed outside {chosen}", param_hint="--train-seed")
    try:
        scenario = with_values(
            read_scenario(file) if file else Scenario(),
            {name: value for name, value in values.items() if value is not None},
        )
        plan = Plan(scenario, known_days, days, technicians, timedelta(days=score_every))
        pairs = _run(plan, list(chosen), (train_seed, train_days), jobs or os.cpu_count() or 1, console)
    except (ScenarioError, ContractError, ForesightError) as exc:
        raise click.ClickException(str(exc)) from exc
    result = _result(plan, pairs, train_seed, train_days)
    if report is not None:
        report.write_bytes(msgspec.json.format(msgspec.json.encode(result)))
    console.print(_table(result["measures"], len(pairs), days))


def _run(plan: Plan, seeds: list[int], learn: tuple[int, int], jobs: int, console: Console) -> list[Pair]:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    with (
        tempfile.TemporaryDirectory(prefix="anju-twin-") as name,
        Progress(*columns, TimeElapsedColumn(), console=console) as bar,
    ):
        task = bar.add_task("training", total=len(seeds))
        model = train(plan, seed=learn[0], days=learn[1], folder=Path(name))
        bar.update(task, description="communities")
        return live_all(plan, model, seeds, Path(name), jobs=jobs, done=lambda _: bar.advance(task))


def _result(plan: Plan, pairs: list[Pair], train_seed: int, train_days: int) -> dict[str, Any]:
    return {
        "communities": len(pairs),
        "assets": plan.scenario.counts,
        "known_days": plan.known_days,
        "days": plan.days,
        "technicians": plan.technicians,
        "score_every_days": plan.score_every / timedelta(days=1),
        "trained_on": {"seed": train_seed, "days": train_days},
        "measures": compare(pairs),
        "pairs": [pair.as_json() for pair in pairs],
    }


def _table(measures: dict[str, dict[str, Any]], communities: int, days: int) -> Table:
    table = Table(title=f"{communities} communities, {days} days, means of a community")
    for title in ("", "complaints alone", "with tickets", "difference (95 %)", "ratio (95 %)"):
        table.add_column(title, justify="right" if title else "left")
    for name, row in measures.items():
        ratio = (
            "" if row["ratio"] is None else f"{row['ratio']:.2f} ({row['ratio_95'][0]:.2f} to {row['ratio_95'][1]:.2f})"
        )
        low, high = row["difference_95"]
        difference = f"{row['difference']:,.1f} ({low:,.1f} to {high:,.1f})"
        table.add_row(name.replace("_", " "), f"{row['reactive']:,.1f}", f"{row['proactive']:,.1f}", difference, ratio)
    return table
