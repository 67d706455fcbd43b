"""`make bench`, or `python -m benchmarks`."""

import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from benchmarks.catalogue import CATALOGUE, Benchmark, chosen
from benchmarks.figures import Absent, NotMeasuredError
from benchmarks.machine import machine_facts
from benchmarks.report import print_table
from benchmarks.stage import Bench, work_folder

WIDTH = 130
"""Of the table where no terminal says how wide it is."""
_NAMES = "\n".join(f"{one.name:<12} {one.title}" for one in CATALOGUE)


@click.command(epilog=f"\b\nBenchmarks:\n{_NAMES}", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--only", multiple=True, metavar="NAME", help="Run this one; may be repeated. `ingest` means both of it.")
@click.option("--quick", is_flag=True, help="A smoke run of a few seconds each: shows that it works, judges nothing.")
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write all figures here.")
def main(only: Sequence[str], *, quick: bool, json_file: Path | None) -> None:
    """Measure Anju, each figure beside a reference from the same run. Let nothing else run on the machine."""
    try:
        wanted = chosen(only)
    except KeyError as exc:
        names = ", ".join(one.name for one in CATALOGUE)
        raise click.BadParameter(f"got {exc.args[0]!r}, expected one of {names}", param_hint="--only") from exc
    console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    results: dict[str, Any] = {"machine": machine_facts(), "quick": quick, "benchmarks": {}}
    for benchmark in wanted:
        results["benchmarks"][benchmark.name] = measure(benchmark, console, quick=quick)
        if json_file is not None:
            json_file.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print_table(console, results)
    sys.exit(1 if any(found["why_not"] for found in results["benchmarks"].values()) else 0)


def measure(benchmark: Benchmark, console: Console, *, quick: bool) -> dict[str, Any]:
    """Its figures as JSON, and why there are no more of them where it had to stop."""
    began_s = time.monotonic()
    figures: list[dict[str, Any]] = []
    absent: list[dict[str, str]] = []
    load, why_not = os.getloadavg()[0], None
    with work_folder() as folder, console.status(f"{benchmark.name}: {benchmark.title}") as status:
        bench = Bench(quick, folder, lambda text: status.update(f"{benchmark.name}: {text}"))
        try:
            for figure in benchmark.run(bench):
                if isinstance(figure, Absent):
                    absent.append(asdict(figure))
                    continue
                figures.append(figure.as_json() | ({"met": None} if quick else {}))
                status.update(f"{benchmark.name}: {figure.name} is {figure.median:,.6g} {figure.unit}")
        except NotMeasuredError as exc:
            why_not = str(exc)
        except Exception as exc:
            console.print_exception()
            why_not = f"it failed: {type(exc).__name__}: {exc}"
    took_s = round(time.monotonic() - began_s, 1)
    return {
        "title": benchmark.title,
        "figures": figures,
        "absent": absent,
        "why_not": why_not,
        "load_at_start": load,
        "took_s": took_s,
    }


if __name__ == "__main__":
    main()
