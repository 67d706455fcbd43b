"""`anju-ml`: judge prediction on a folder of history."""

import sys
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from anju_ml.artifact import dump, load
from anju_ml.backtest import Result, default_start, run_backtest
from anju_ml.engine import Engine, Here, dask_engine
from anju_ml.errors import PredictionError, TooPoor
from anju_ml.history import ImportReport, read_history
from anju_ml.model import train
from anju_ml.options import Moment, Span
from anju_ml.page import write_page
from anju_ml.policy import Policy, parse_policy
from anju_ml.remaining_command import add_remaining, remaining_command
from anju_ml.remaining_judged import print_remaining
from anju_ml.report import print_import, print_report, write_json, write_tickets
from anju_ml.truth import read_truth
from anju_ml.watch import Watcher, converse
from anju_ml.words import read_words


@click.group()
def main() -> None:
    """Prediction of failures from readings, events and repair history."""


@main.command()
@click.option(
    "--history", "folder", type=click.Path(path_type=Path), required=True, help="Folder of CSV, Parquet or Excel."
)
@click.option("--horizon", type=Span(), default="30d", show_default=True, help="How far ahead a ticket looks.")
@click.option("--lead", type=Span(), default="24h", show_default=True, help="A hit is at least so long ahead.")
@click.option("--from", "start", type=Moment(), help="First day of tickets.  [default: the last third]")
@click.option("--tickets", type=click.Path(path_type=Path), help="CSV file for the tickets.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="JSON file for the report.")
@click.option("--html", "html_file", type=click.Path(path_type=Path), help="HTML page of the report.")
@click.option("--remaining", type=click.Path(path_type=Path), help="CSV file: expected remaining life of components.")
@click.option("--truth", type=click.Path(path_type=Path), help="A simulation's truth file, for judging alone.")
@click.option("--policy", "policy_file", type=click.Path(path_type=Path), help="TOML file of costs.")
@click.option("--words", "words_file", type=click.Path(path_type=Path), help="TOML file: the words of your books.")
@click.option("--on-bad-row", type=click.Choice(["report", "stop"]), default="report", show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--engine", "engine_name", type=click.Choice(["here", "dask"]), default="here", show_default=True)
@click.option(
    "--address", metavar="HOST:PORT", help="Scheduler of a dask cluster.  [default: processes of this machine]"
)
@click.option("--workers", type=click.IntRange(min=1), help="Processes of this machine.  [default: one a core]")
def backtest(
    *,
    folder: Path,
    horizon: timedelta,
    lead: timedelta,
    start: datetime | None,
    tickets: Path | None,
    json_file: Path | None,
    html_file: Path | None,
    remaining: Path | None,
    truth: Path | None,
    policy_file: Path | None,
    words_file: Path | None,
    on_bad_row: str,
    seed: int,
    engine_name: str,
    address: str | None,
    workers: int | None,
) -> None:
    """Train on what was known, open tickets day after day, and say how good they were."""
    console = Console()
    try:
        policy = parse_policy(policy_file.read_bytes()) if policy_file else Policy()
        words = read_words(words_file)
        history, imported = read_history(folder, on_bad_row="stop" if on_bad_row == "stop" else "report", words=words)
        print_import(console, imported)
        lives = read_truth(truth) if truth else None
        with _engine(engine_name, address, workers) as engine, _bar(console) as bar:
            task = bar.add_task("reading", total=1.0)
            result = run_backtest(
                history,
                start=start,
                horizon=horizon,
                lead=lead,
                policy=policy,
                truth=lives,
                seed=seed,
                progress=lambda what, share: bar.update(task, description=what, completed=share),
                engine=engine,
            )
        if remaining and not result.too_poor:
            begin = start or default_start(history)
            add_remaining(result.report, remaining, history, start=begin, truth=lives, seed=seed)
    except (PredictionError, OSError) as exc:
        raise click.ClickException(str(exc)) from exc
    _write(console, result, imported, tickets, json_file)
    if html_file:
        write_page(html_file, result.report)


@main.command("train")
@click.option(
    "--history", "folder", type=click.Path(path_type=Path), required=True, help="Folder of CSV, Parquet or Excel."
)
@click.option("--model", "model_file", type=click.Path(path_type=Path), required=True, help="File to write.")
@click.option("--as-of", type=Moment(), help="Know nothing later than this.  [default: the end of the history]")
@click.option("--horizon", type=Span(), default="30d", show_default=True, help="How far ahead a ticket looks.")
@click.option("--lead", type=Span(), default="24h", show_default=True, help="How long before a failure it must come.")
@click.option("--words", "words_file", type=click.Path(path_type=Path), help="TOML file: the words of your books.")
@click.option("--policy", "policy_file", type=click.Path(path_type=Path), help="TOML file of costs.")
@click.option("--seed", type=int, default=0, show_default=True)
def train_command(
    *,
    folder: Path,
    model_file: Path,
    as_of: datetime | None,
    horizon: timedelta,
    lead: timedelta,
    policy_file: Path | None,
    words_file: Path | None,
    seed: int,
) -> None:
    """Train a model on a folder of history and write it to a file."""
    try:
        policy = parse_policy(policy_file.read_bytes()) if policy_file else Policy()
        history, _imported = read_history(folder, words=read_words(words_file))
        span = history.span()
        if span is None:
            raise TooPoor("the history has no record with a time")
        model = train(history, as_of=as_of or span[1], horizon=horizon, lead=lead, policy=policy, seed=seed)
        model_file.write_bytes(dump(model))
    except (PredictionError, OSError) as exc:
        raise click.ClickException(str(exc)) from exc
    click.echo("opens tickets" if model.opens_tickets else f"opens no tickets: {model.why_not}")


@main.command("watch")
@click.option("--history", "folder", type=click.Path(path_type=Path), required=True, help="What is known so far.")
@click.option("--model", "model_file", type=click.Path(path_type=Path), required=True, help="File of `anju-ml train`.")
def watch_command(folder: Path, model_file: Path) -> None:
    """Follow a community day by day: a JSON question a line on standard input, a JSON answer a line on standard output.

    A question has as_of, records (a folder of what has come since the last one), open and closed problems; the answer
    has the tickets to open. The first line introduces the model and its prices.
    """
    try:
        history, _imported = read_history(folder)
        watcher = Watcher(load(model_file.read_bytes()), history)
        for line in converse(watcher, sys.stdin):
            click.echo(line)
    except (PredictionError, OSError) as exc:
        raise click.ClickException(str(exc)) from exc


main.add_command(remaining_command)


def _engine(name: str, address: str | None, workers: int | None) -> AbstractContextManager[Engine]:
    if name == "dask":
        return dask_engine(address=address, workers=workers)
    if address or workers:
        raise click.UsageError("--address and --workers are for --engine dask")
    return nullcontext(Here())


def _bar(console: Console) -> Progress:
    return Progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console, transient=True)


def _write(
    console: Console, result: Result, imported: ImportReport, tickets: Path | None, json_file: Path | None
) -> None:
    if tickets:
        write_tickets(tickets, result.tickets)
    if json_file:
        write_json(json_file, result.report, imported)
    if result.too_poor:
        console.print(f"Too poor to predict from: {result.too_poor}. No tickets.", markup=False)
    else:
        print_report(console, result.report)
        if result.report.get("remaining_life", {}).get("expected"):
            print_remaining(console, result.report["remaining_life"])


if __name__ == "__main__":
    main()
