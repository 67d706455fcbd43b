"""`anju-ml remaining`, and its part of a backtest: expected remaining life of every component, and how right it was."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click
import polars as pl
from rich.console import Console

from anju_ml.errors import PredictionError
from anju_ml.grid import DAY
from anju_ml.history import History, read_history
from anju_ml.options import Moment, Span
from anju_ml.remaining_judged import assess_remaining, print_remaining, write_remaining
from anju_ml.report import print_import, write_json
from anju_ml.truth import read_truth
from anju_ml.words import read_words


def add_remaining(
    report: dict[str, Any], path: Path, history: History, *, start: datetime, truth: pl.DataFrame | None, seed: int
) -> None:
    """Writes `path`, and puts `remaining_life` into the `report` of a backtest from `start` on."""
    found = assess_remaining(history, start=start, truth=truth, seed=seed)
    write_remaining(path, found.expected)
    report["remaining_life"] = found.report


@click.command("remaining")
@click.option(
    "--history", "folder", type=click.Path(path_type=Path), required=True, help="Folder of CSV, Parquet or Excel."
)
@click.option("--from", "start", type=Moment(), help="First day not learned from.  [default: the end of the history]")
@click.option("--out", type=click.Path(path_type=Path), help="CSV file: days left by asset and component.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="JSON file for the report.")
@click.option("--truth", type=click.Path(path_type=Path), help="File that says when lives ended, for judging alone.")
@click.option("--limit", type=Span(), default="125d", show_default=True, help="Longer lives count as so long.")
@click.option("--words", "words_file", type=click.Path(path_type=Path), help="TOML file: the words of your books.")
@click.option("--seed", type=int, default=0, show_default=True)
def remaining_command(
    *,
    folder: Path,
    start: datetime | None,
    out: Path | None,
    json_file: Path | None,
    truth: Path | None,
    limit: timedelta,
    words_file: Path | None,
    seed: int,
) -> None:
    """Say how long every component will last, from the same features and hazard as tickets."""
    console = Console()
    try:
        history, imported = read_history(folder, words=read_words(words_file))
        print_import(console, imported)
        lives = read_truth(truth) if truth else None
        found = assess_remaining(history, start=start, truth=lives, limit_days=limit / DAY, seed=seed)
        if out:
            write_remaining(out, found.expected)
        if json_file:
            write_json(json_file, found.report, imported)
    except (PredictionError, OSError) as exc:
        raise click.ClickException(str(exc)) from exc
    if found.too_poor:
        console.print(f"Too poor to predict from: {found.too_poor}.", markup=False)
    else:
        print_remaining(console, found.report)
