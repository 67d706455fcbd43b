"""The figures as a table for people and as JSON for programs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table


def print_table(console: Console, results: Mapping[str, Any]) -> None:
    """`results` is what goes into bench.json: `machine`, `quick` and `benchmarks` by name."""
    table = Table(title="Anju, measured" + (" (quick: a smoke run, not a measurement)" if results["quick"] else ""))
    table.add_column("figure", no_wrap=True)
    for column in ("ours", "spread", "reference", "ratio", "goal"):
        table.add_column(column, justify="right")
    for name, found in results["benchmarks"].items():
        for figure in found["figures"]:
            table.add_row(*_cells(figure))
        for one in found["absent"]:
            table.add_row(one["name"], "not measured", "", "", "", "", style="yellow")
        if found["why_not"]:
            table.add_row(name, "not measured", "", "", "", "", style="yellow")
    console.print(table)
    for name, reason in _missing(results["benchmarks"]):
        console.print(f"{name} was not measured: {reason}", style="yellow", highlight=False)
    console.print(_machine_line(results["machine"]), style="dim", highlight=False)


def _missing(benchmarks: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, found in benchmarks.items():
        yield from ((one["name"], one["reason"]) for one in found["absent"])
        if found["why_not"]:
            yield name, found["why_not"]


def _cells(figure: Mapping[str, Any]) -> Sequence[str]:
    reference = figure["reference"]
    met = {None: "", True: " met", False: " MISSED"}[figure["met"]]
    return (
        figure["name"],
        f"{number(figure['median'])} {figure['unit']}",
        f"{number(figure['spread'][0])}–{number(figure['spread'][1])}" if len(figure["runs"]) > 1 else "",
        f"{number(figure['reference_median'])} {reference}" if reference else "",
        f"{figure['ratio']:.2f}" if figure["ratio"] is not None else "",
        f"{figure['goal']}{met}" if figure["goal"] else "",
    )


def number(value: float) -> str:
    """With as many digits as say something."""
    if value == 0 or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def _machine_line(machine: Mapping[str, Any]) -> str:
    load = ", ".join(str(part) for part in machine["load_at_start"])
    return (
        f"{machine['cores']} cores, {machine['cpu']}, {machine['memory_gb']} GB, load at start {load}, "
        f"Python {machine['python']}, PostgreSQL {'/'.join(machine['database_flavours'])}"
    )
