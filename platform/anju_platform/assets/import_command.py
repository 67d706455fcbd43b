"""What `anju import` shows while it works and when it is done."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from anju_ml.errors import ImportRefused, WordsRefused
from anju_ml.history import History, ImportReport, read_history
from anju_ml.words import read_words
from anju_platform.assets.history_import import Target, count_values, import_history
from anju_platform.config import Settings
from anju_platform.errors import Invalid

_SHOWN_REFUSALS = 10


@dataclass(frozen=True, slots=True)
class Reading:
    """What to read and how: `words` is a file that explains books kept in other words."""

    folder: Path
    on_bad_row: Literal["report", "stop"] = "report"
    words: Path | None = None


def run_import(settings: Settings, reading: Reading, target: Target, *, console: Console) -> dict[str, Any]:
    """Import a folder and say how it went; the same as a dictionary for a report."""
    began = time.monotonic()
    with console.status(f"reading {reading.folder} ..."):
        history, report = _read(reading)
    read_s = time.monotonic() - began
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bars:
        task = bars.add_task("readings", total=count_values(history))
        summary = import_history(
            settings,
            history,
            target,
            now=settings.clock.now(),
            progress=lambda count: bars.advance(task, count),
        )
    result = summary.as_dict() | _report_dict(report) | {"read_s": read_s, "seconds": time.monotonic() - began}
    _show(result, report, console)
    return result


def _read(reading: Reading) -> tuple[History, ImportReport]:
    try:
        return read_history(reading.folder, on_bad_row=reading.on_bad_row, words=read_words(reading.words))
    except WordsRefused as exc:
        raise Invalid("words", str(reading.words), str(exc)) from exc
    except ImportRefused as exc:
        raise Invalid("history", str(reading.folder), f"a folder in the import format: {exc}") from exc


def _report_dict(report: ImportReport) -> dict[str, Any]:
    return {
        "rows": report.rows,
        "refused": [{"file": row.file, "line": row.line, "reason": row.reason} for row in report.refused],
        "attributes": {name: list(columns) for name, columns in report.attributes.items()},
        "notes": list(report.notes),
    }


def _show(result: dict[str, Any], report: ImportReport, console: Console) -> None:
    table = Table("written", "rows", title=f"{result['community']}: {result['seconds']:.1f} s")
    for name in ("assets", "points", "readings", "rollups", "events", "repairs", "complaints"):
        table.add_row(name, f"{result[name]:,}")
    console.print(table)
    for row in report.refused[:_SHOWN_REFUSALS]:
        console.print(f"refused: {row.file} line {row.line}: {row.reason}", style="yellow")
    if len(report.refused) > _SHOWN_REFUSALS:
        console.print(f"... and {len(report.refused) - _SHOWN_REFUSALS} more rows (see --json)", style="yellow")
    for note in report.notes:
        console.print(note, style="dim")
