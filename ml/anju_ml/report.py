"""What a backtest writes and prints: tickets.csv, report.json, a table."""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from anju_contracts.clock import rfc3339
from anju_ml.history import ImportReport
from anju_ml.walk import Ticket

COLUMNS: Final = ("asset_id", "component", "opened_at", "expires_at", "probability", "reasons")
SHOWN: Final = (
    ("precision", "precision (failed within the horizon)", "share"),
    ("needed", "needed", "share"),
    ("recall", "recall", "share"),
    ("component_recall", "recall, right component", "share"),
    ("recall_foretold", "recall of failures that showed beforehand", "share"),
    ("before_complaint", "before the complaint", "share"),
    ("before_complaint_foretold", "before the complaint, of those that showed", "share"),
    ("lead_h_p50", "lead, median", "hours"),
    ("lead_h_p10", "lead, 10th percentile", "hours"),
    ("tickets_asset_month", "tickets an asset and month", "number"),
    ("false_asset_month", "false tickets an asset and month", "number"),
)
LISTED: Final = 20


def write_tickets(path: Path, tickets: Sequence[Ticket]) -> None:
    """A CSV file; reasons are joined by " | "."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for ticket in tickets:
            writer.writerow(
                [
                    ticket.asset_id,
                    ticket.component,
                    rfc3339(ticket.opened_at),
                    rfc3339(ticket.expires_at),
                    f"{ticket.probability:.4f}",
                    " | ".join(ticket.reasons),
                ]
            )


def write_json(path: Path, report: Mapping[str, Any], imported: ImportReport) -> None:
    whole = {**report, "import": describe_import(imported)}
    path.write_text(json.dumps(whole, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def describe_import(imported: ImportReport) -> dict[str, Any]:
    return {
        "rows": imported.rows,
        "refused": [{"file": row.file, "line": row.line, "reason": row.reason} for row in imported.refused],
        "attributes": {name: list(columns) for name, columns in imported.attributes.items()},
        "notes": list(imported.notes),
    }


def print_import(console: Console, imported: ImportReport) -> None:
    """What was refused and guessed, the first lines of it."""
    for note in imported.notes:
        console.print(f"note: {note}", markup=False)
    for row in imported.refused[:LISTED]:
        console.print(f"{row.file}:{row.line}: {row.reason}", markup=False)
    if len(imported.refused) > LISTED:
        console.print(f"… and {len(imported.refused) - LISTED} more bad rows (all are in the JSON report)")


def print_report(console: Console, report: Mapping[str, Any]) -> None:
    overall = report["overall"]
    title = f"{overall['tickets']} tickets, {overall['failures']} failures"
    table = Table(title=title)
    for heading in ("figure", "value", "95 % interval", "of"):
        table.add_column(heading, justify="left" if heading == "figure" else "right")
    for name, label, unit in SHOWN:
        figure = overall[name]
        interval = "" if figure["value"] is None else f"{shown(figure['low'], unit)} to {shown(figure['high'], unit)}"
        table.add_row(label, shown(figure["value"], unit), interval, str(figure.get("of", "")))
    found = report["calibration"]
    table.add_row("expected calibration error", shown(found["ece"], "number"), "", str(found["rows"]))
    table.add_row("Brier score", shown(found["brier"], "number"), "", str(found["rows"]))
    console.print(table)
    _print_kinds(console, report["by_kind"])
    _print_recall(console, "cause", report["by_cause"])
    _print_arms(console, report["arms"])
    for note in report["notes"]:
        console.print(note, markup=False)
    failed = [name for name, check in report["self_test"].items() if not check["passed"]]
    console.print("leakage self-test: " + (f"FAILED ({', '.join(failed)})" if failed else "passed"))


def shown(value: float | None, unit: str) -> str:
    """A figure for people; `unit` is share, hours or number."""
    if value is None:
        return "-"
    if unit == "share":
        return f"{value:.1%}"
    return f"{value:.0f} h" if unit == "hours" else f"{value:.3g}"


def _print_kinds(console: Console, by_kind: Mapping[str, Any]) -> None:
    table = Table(title="by kind")
    for heading in ("kind", "tickets", "failures", "precision", "needed", "recall"):
        table.add_column(heading, justify="left" if heading == "kind" else "right")
    for kind, found in by_kind.items():
        shares = [shown(found[name]["value"], "share") for name in ("precision", "needed", "recall")]
        table.add_row(kind, str(found["tickets"]), str(found["failures"]), *shares)
    console.print(table)


def _print_recall(console: Console, heading: str, found: Mapping[str, Any]) -> None:
    table = Table(title=f"recall by {heading}")
    for name in (heading, "failures", "recall"):
        table.add_column(name, justify="left" if name == heading else "right")
    for value, figures in found.items():
        table.add_row(value, str(figures["failures"]), shown(figures["recall"]["value"], "share"))
    console.print(table)


def _print_arms(console: Console, arms: Mapping[str, Any]) -> None:
    table = Table(title="money kept against no proactive visits (CNY)")
    for heading in ("way of working", "visits", "saving", "95 % interval", "model is better by"):
        table.add_column(heading, justify="left" if heading == "way of working" else "right")
    for name, arm in arms.items():
        saving, more = arm["saving"], arm["model_is_better_by"]
        table.add_row(
            name.replace("_", " "),
            str(arm["visits"]),
            str(saving["value"]),
            f"{saving['low']} to {saving['high']}",
            "" if name == "model" else f"{more['value']} ({more['low']} to {more['high']})",
        )
    console.print(table)
