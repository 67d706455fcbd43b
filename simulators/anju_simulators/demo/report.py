"""The figures of a bounded demo, counted from the database, the devices' own log and the truth file."""

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from anju_simulators.demo.accounting import account, by_point
from anju_simulators.demo.database import Database
from anju_simulators.demo.verdict import Verdict, judge, percentile
from anju_simulators.devices.publication import read_publications
from anju_simulators.records import LifeTruth

KINDS = ("lift", "door", "electric_meter", "water_meter")
FIRST_SCORE = timedelta(hours=1)
"""So long before the live span the first tickets open: as of the last whole hour of the history."""
_MOMENTS = ("began_at", "precursor_from", "detectable_from", "fails_at", "ended_at")


@dataclass(frozen=True, slots=True)
class Span:
    """The live span in data time. `tolerance` is how far a reader's stamp may be from the device's own time."""

    since: datetime
    until: datetime
    tolerance: timedelta


def read_truth(path: Path) -> Iterator[LifeTruth]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            moments = {name: datetime.fromisoformat(row[name]) if row[name] else None for name in _MOMENTS}
            values: dict[str, Any] = {**row, **moments, "life": int(row["life"])}
            yield LifeTruth(**values)


def figures(database: Database, publications: Path, truth: Path, span: Span) -> dict[str, Any]:
    """Everything but the seconds; docs/reference/demo.md says what each one means."""
    published = [line for line in read_publications(publications) if line.sort == "reading"]
    samples = account(
        by_point((line.asset, line.name, line.at_us, float(line.detail)) for line in published),
        by_point(database.readings(span.since)),
        tolerance_us=round(span.tolerance / timedelta(microseconds=1)),
    )
    tickets = [ticket for ticket in database.tickets(span.since - FIRST_SCORE) if ticket.opened_at <= span.until]
    verdict = judge(tickets, database.complaints(span.since), read_truth(truth), since=span.since, until=span.until)
    return {
        "flavour": database.flavour(),
        "samples_published": samples.published,
        "samples_stored": samples.stored,
        "lost": samples.lost,
        "duplicated": samples.duplicated + database.events_stored_twice(span.since),
        "dead_letters": database.dead_letters(),
        "assets": database.assets(),
        "heard": dict(Counter(_kind_of(asset) for asset in {line.asset for line in published})),
        "model_opens_tickets": database.has_champion(),
        **_judged(verdict, Counter(ticket.origin for ticket in tickets)),
    }


def _judged(verdict: Verdict, origins: Counter[str]) -> dict[str, Any]:
    precision = verdict.precision
    return {
        "failures": verdict.failures,
        "tickets": {origin: origins[origin] for origin in ("proactive", "alarm", "complaint")},
        "before_complaint": {"eligible": verdict.eligible, "ahead": verdict.ahead},
        "needed": verdict.needed,
        "precision": None if precision is None else round(precision, 3),
        "lead_hours": {
            name: None if (hours := percentile(verdict.lead_hours, share)) is None else round(hours, 1)
            for name, share in (("p10", 0.1), ("p50", 0.5))
        },
    }


def _kind_of(asset: str) -> str:
    """The kind of a simulated asset, by its name."""
    prefixes = {"lift": "lift", "door": "door", "em": "electric_meter", "wm": "water_meter"}
    return prefixes[asset.partition("-")[0]]


def broken_links(report: dict[str, Any]) -> list[str]:
    """What a demo that showed the whole mission would not have: empty when every link worked."""
    tickets = report["tickets"]
    checks = {
        "no reading of some kind of asset arrived": set(report["heard"]) == set(report["assets"]),
        f"{report['lost']} readings were lost": report["lost"] == 0,
        f"{report['duplicated']} readings or events were stored twice": report["duplicated"] == 0,
        f"{report['dead_letters']} messages could not be read": report["dead_letters"] == 0,
        "the model opens no tickets": report["model_opens_tickets"],
        "no proactive ticket was opened": tickets["proactive"] > 0,
        "no ticket came from an alarm or a complaint": tickets["alarm"] + tickets["complaint"] > 0,
        f"pages failed: {report['pages_failed']}": not report["pages_failed"],
        f"programs ended badly: {report['ended_badly']}": not report["ended_badly"],
    }
    return [problem for problem, fine in checks.items() if not fine]
