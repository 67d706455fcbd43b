"""Writes the figures of bench.json into documents, between `<!-- bench: … -->` and `<!-- end -->`.

`python -m benchmarks.tables --from bench.json docs/explanation/scale.md`. A mark names figures (`*` after a name means
all that begin so, `?` that they may be missing), or one of the tables of their own: machine, communities, growth.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from benchmarks.growth import PROGRAMS, Prices, Size, measured_communities, size_of, slopes
from benchmarks.report import number

MARK = re.compile(r"(<!-- bench: (?P<names>[^>]+?) -->\n).*?(<!-- end -->)", re.DOTALL)
Figures = Mapping[str, Mapping[str, Any]]
GROWTH = (100, 1_000, 7_000)
PERIODS_S = (60, 900)
DAYS = 30


def filled(text: str, results: Mapping[str, Any]) -> str:
    """`text` with every marked place filled anew, under the day and load of the run. A place of whose figures none was
    measured keeps what it says; KeyError names a figure that is missing beside others."""
    figures = figures_of(results)

    def replaced(found: re.Match[str]) -> str:
        names = found["names"].split()
        if not _is_measured(names, figures):
            return found[0]
        rows = [*(TABLES[names[0]](results, figures) if names[0] in TABLES else _table(figures, names))]
        head = [] if names == ["machine"] else [_taken(results), ""]
        return found[1] + "\n".join([*head, *rows]) + "\n" + found[3]

    return MARK.sub(replaced, text)


def figures_of(results: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """All figures by name."""
    return {one["name"]: one for found in results["benchmarks"].values() for one in found["figures"]}


def _is_measured(names: Sequence[str], figures: Figures) -> bool:
    if names[0] in NEEDS:
        return all(_meant(figures, f"{name}?") for name in NEEDS[names[0]])
    return any(_meant(figures, f"{name.removesuffix('?')}?") for name in names)


def _taken(results: Mapping[str, Any]) -> str:
    machine = results["machine"]
    kind = "**A smoke run (--quick), not a measurement.** " if results["quick"] else ""
    return f"{kind}{machine['at'][:10]}, load when the run began: {machine['load_at_start'][0]:.1f}."


def _table(figures: Figures, names: Iterable[str]) -> Iterator[str]:
    rows = [_row(figures[one]) for name in names for one in _meant(figures, name)]
    yield "| | ours | runs | reference | ratio | wanted |"
    yield "|---|---|---|---|---|---|"
    yield from rows


def _meant(figures: Figures, mark: str) -> Sequence[str]:
    """The figures that one word of a mark names; KeyError where there are none, unless the word ends with `?`."""
    name = mark.removesuffix("?")
    found = [one for one in figures if one == name or (name.endswith("*") and one.startswith(name[:-1]))]
    if not found and name == mark:
        raise KeyError(name)
    return found


def _row(one: Mapping[str, Any]) -> str:
    low, high = one["spread"]
    runs = f"{len(one['runs'])}, {number(low)} to {number(high)}" if len(one["runs"]) > 1 else "1"
    reference = f"{number(one['reference_median'])} ({one['reference']})" if one["reference"] else ""
    ratio = f"{one['ratio']:.2f}" if one["ratio"] is not None else ""
    wanted = (one["goal"] or "") + {None: "", True: ", met", False: ", **missed**"}[one["met"]]
    return f"| `{one['name']}` | {number(one['median'])} {one['unit']} | {runs} | {reference} | {ratio} | {wanted} |"


def _machine(results: Mapping[str, Any], _figures: Figures) -> Iterator[str]:
    machine = results["machine"]
    yield (
        f"{machine['cores']} cores ({machine['cpu']}), {machine['memory_gb']} GB, Python {machine['python']}."
        " Each table says of which run it is."
    )
    for name, found in results["benchmarks"].items():
        missing = [(one["name"], one["reason"]) for one in found["absent"]]
        missing += [(name, found["why_not"])] if found["why_not"] else []
        yield from (f"\n`{what}` was not measured: {why}" for what, why in missing)


def _communities(_results: Mapping[str, Any], figures: Figures) -> Iterator[str]:
    yield "| communities | points/s stored | ingest | database | broker | ingest's memory | database's | to receipt |"
    yield "|---|---|---|---|---|---|---|---|"
    for count in measured_communities(figures):
        cpu = [f"{number(figures[f'scale_{count}_{name}_cpu']['median'])} %" for name in PROGRAMS]
        memory = [f"{number(figures[f'scale_{count}_{name}_memory']['median'])} MB" for name in PROGRAMS[:2]]
        stored, receipt = figures[f"scale_{count}_stored"], figures[f"scale_{count}_receipt"]
        cells = [f"{count}", f"{number(stored['median'])} of {number(stored['offered'])}", *cpu, *memory]
        yield f"| {' | '.join(cells)} | {number(receipt['median'])} s |"


def _growth(_results: Mapping[str, Any], figures: Figures) -> Iterator[str]:
    prices = Prices()
    yield (
        "| communities | every | points/s | messages/s | cores used: ingest, database, broker | cores planned"
        f" | readings, {DAYS} days | rollups, a year | a month, {prices.currency} |"
    )
    yield "|---|---|---|---|---|---|---|---|---|"
    for period_s in PERIODS_S:
        for count in GROWTH:
            yield _growth_row(_size(figures, count, period_s), period_s, prices)


def _size(figures: Figures, communities: int, period_s: float) -> Size:
    return size_of(
        communities,
        slopes(figures),
        period_s=period_s,
        bytes_a_point=_largest(figures, "bytes_timescale_") + _ledger_bytes(figures),
        bytes_a_rollup=_largest(figures, "rollup_timescale_"),
        days=DAYS,
    )


def _ledger_bytes(figures: Figures) -> float:
    """A point, of the largest number of communities measured."""
    return float(figures[f"scale_{measured_communities(figures)[-1]}_ledger"]["median"])


def _largest(figures: Figures, prefix: str) -> float:
    """The figure of the largest table measured."""
    return float(figures[_meant(figures, f"{prefix}*")[-1]]["median"])


def _growth_row(size: Size, period_s: float, prices: Prices) -> str:
    every = f"{period_s / 60:g} min"
    cells = [
        f"{size.communities:,}",
        every,
        number(size.points_per_s),
        number(size.messages_per_s),
        ", ".join(number(size.cores[name]) for name in PROGRAMS),
        f"{size.planned_cores:,}",
        f"{number(size.readings_tb)} TB",
        f"{number(size.rollups_tb)} TB",
        f"{size.month(prices):,.0f}",
    ]
    return f"| {' | '.join(cells)} |"


NEEDS: Mapping[str, Sequence[str]] = {"machine": (), "communities": ("scale_*",), "growth": ("scale_*", "bytes_*")}
"""What a table of its own is made from; of growth all of it."""
TABLES: Mapping[str, Callable[[Mapping[str, Any], Figures], Iterator[str]]] = {
    "machine": _machine,
    "communities": _communities,
    "growth": _growth,
}


def merged(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Several runs as one: of a benchmark that occurs twice the later counts; the machine is that of the last."""
    benchmarks: dict[str, Any] = {}
    for part in parts:
        benchmarks |= part["benchmarks"]
    return {"machine": parts[-1]["machine"], "quick": any(part["quick"] for part in parts), "benchmarks": benchmarks}


@click.command()
@click.option(
    "--from",
    "sources",
    type=click.Path(exists=True, path_type=Path),
    multiple=True,
    required=True,
    help="What make bench wrote; may be repeated, of a benchmark that occurs twice the later counts.",
)
@click.argument("documents", type=click.Path(exists=True, path_type=Path), nargs=-1, required=True)
def main(sources: Sequence[Path], documents: Sequence[Path]) -> None:
    """Write figures into DOCUMENTS."""
    results = merged([json.loads(source.read_text(encoding="utf-8")) for source in sources])
    for document in documents:
        try:
            text = filled(document.read_text(encoding="utf-8"), results)
        except KeyError as exc:
            raise click.ClickException(f"{document}: there is no figure {exc.args[0]} in what was measured") from exc
        document.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
