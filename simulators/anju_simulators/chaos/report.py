"""The figures of a run, and whether they are as they must be."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from anju_simulators.chaos.audit import (
    Happening,
    Outcome,
    Reading,
    audit_counted,
    audit_dated,
    audit_events,
    within,
)
from anju_simulators.chaos.evidence import Evidence
from anju_simulators.chaos.ground import Ground
from anju_simulators.chaos.plan import NETWORK, Kind
from anju_simulators.chaos.trouble import Record
from anju_simulators.chaos.values import METER_POINTS
from anju_simulators.devices.publication import Published, microseconds, read_publications

METER_TOLERANCE_US = 10_000_000
"""A gateway under load may take a while between an answer on the line and its time stamp."""
AFTER_FULL = timedelta(seconds=5)
"""What was read while the disk was full may be given up a little later. That happens to devices that are asked only:
what a broker holds for the gateway waits there."""
GATEWAYS_OWN = "device.silent"
PRECISION_S = 2
MUST_BE_ZERO = (
    "lost",
    "duplicated",
    "misdated",
    "dropped_uncounted",
    "ledger_differs_by",
    "latest_wrong",
    "latest_ahead",
)


@dataclass(frozen=True, slots=True)
class Report:
    """`figures` go to the JSON file, the others to files beside it, to the sample. `dropped` is all that meters said
    while the disk was full and that is not stored, handed over or not."""

    figures: dict[str, Any]
    dropped: tuple[Reading, ...]
    lost: tuple[Reading, ...]
    misdated: tuple[Reading, ...]


def broken(figures: dict[str, Any]) -> list[str]:
    """What is not as it must be, in words; empty for a good run."""
    found = [f"{name} is {figures[name]}, expected 0" for name in MUST_BE_ZERO if figures[name]]
    events = figures["events"]
    wrong = [name for name in ("lost", "duplicated", "false_alarms") if events[name]]
    found += [f"events {name} is {events[name]}, expected 0" for name in wrong]
    found += [f"dead letters: {figures['dead_letters']}, expected none"] if figures["dead_letters"] else []
    if not figures["produced"] or not events["produced"]:
        found.append("the devices handed over nothing")
    return found


def judge(
    seed: int, run_s: float, ground: Ground, record: Record, evidence: Evidence, *, stopped_at: datetime
) -> Report:
    """Everything has arrived, or will not."""
    readings = list(evidence.readings())
    dated, counted = _monitors(ground, readings), _meters(ground, readings)
    windows = [(microseconds(begin), microseconds(end + AFTER_FULL)) for begin, end in record.full]
    dropped = within(counted.missing, windows)
    lost = (*dated.missing, *sorted({*counted.missing} - {*dropped}))
    account = evidence.gateway_account()
    reasons = dropped_by_reason(account)
    stored = dated.stored + counted.stored
    figures = {
        "seed": seed,
        "minutes": round(run_s / 60, 3),
        "flavour": ground.flavour,
        **_faults(ground, record),
        "produced": dated.produced + counted.produced,
        "stored": stored,
        "duplicated": dated.duplicated + counted.duplicated,
        "lost": len(lost),
        "misdated": len(counted.misdated),
        "dropped": len(dropped),
        "dropped_uncounted": max(0, len(dropped) - sum(reasons.values())),
        "dropped_by_reason": reasons,
        "ledger_differs_by": ledger_differs_by(account, evidence.ledger_counts(account.get("epoch", ""))),
        "events": _events(ground, evidence, stopped_at),
        **_course(record, evidence, stopped_at),
        "samples_per_s": round(stored / (stopped_at - record.began_at).total_seconds(), 1),
    }
    return Report(figures, within(counted.unstored, windows), lost, counted.misdated)


def _course(record: Record, evidence: Evidence, stopped_at: datetime) -> dict[str, Any]:
    """What became of the messages, and how late."""
    calm_at = record.calm_at or stopped_at
    recovered_at = evidence.recovered_at(calm_at) or calm_at
    stalled_at, stall_s = evidence.longest_stall(record.began_at, stopped_at)
    return {
        "latest_wrong": evidence.latest_wrong(),
        "latest_ahead": evidence.latest_ahead(datetime.now(UTC) + timedelta(minutes=1)),
        "dead_letters": evidence.dead_letters(),
        "longest_stall_s": round(stall_s, PRECISION_S),
        "longest_stall_from_s": round((stalled_at - record.began_at).total_seconds(), PRECISION_S),
        "recovered_within_s": round(max(0.0, (recovered_at - calm_at).total_seconds()), PRECISION_S),
    }


def _faults(ground: Ground, record: Record) -> dict[str, Any]:
    kills = {unit.value: keeper.kills for unit, keeper in ground.keepers.items()}
    return {
        "kills": kills,
        "kills_total": sum(kills.values()),
        "ended_by_themselves": {unit.value: keeper.ended for unit, keeper in ground.keepers.items() if keeper.ended},
        "cuts": record.counts[Kind.CUT],
        "delays": record.counts[Kind.DELAY],
        "network": {kind.value: record.counts[kind] for kind in NETWORK},
        "pauses": record.counts[Kind.PAUSE],
        "full_disk_by": ground.disk.kind,
        "full_disks": record.counts[Kind.FULL_DISK],
        "clock_jumps": record.counts[Kind.CLOCK_JUMP],
    }


def _monitors(ground: Ground, stored: Iterable[Reading]) -> Outcome:
    offered, handed_over = (_readings(ground.places.truth("monitors", sort)) for sort in ("offered", "handed-over"))
    rows = (row for row in stored if row.point not in METER_POINTS)
    return audit_dated(offered, handed_over, rows)


def _meters(ground: Ground, stored: Iterable[Reading]) -> Outcome:
    offered, handed_over = (_readings(ground.places.truth("meters", sort)) for sort in ("offered", "handed-over"))
    rows = (row for row in stored if row.point in METER_POINTS)
    return audit_counted(offered, handed_over, rows, tolerance_us=METER_TOLERANCE_US)


def _events(ground: Ground, evidence: Evidence, stopped_at: datetime) -> dict[str, int]:
    """`false_alarms`: devices called silent that were not, while all of them spoke."""
    stored = [Happening(*row) for row in evidence.events()]
    offered, handed_over = (
        [_happening(one) for one in read_publications(ground.places.truth("monitors", sort)) if one.sort == "event"]
        for sort in ("offered", "handed-over")
    )
    produced, missing, duplicated = audit_events(offered, handed_over, stored)
    until_us = microseconds(stopped_at)
    silent = [one for one in stored if (one.code, one.state) == (GATEWAYS_OWN, "raise") and one.at_us < until_us]
    counts = {"produced": produced, "stored": produced - len(missing), "lost": len(missing), "duplicated": duplicated}
    return {**counts, "false_alarms": len(silent)}


def dropped_by_reason(account: Mapping[str, Any]) -> dict[str, int]:
    """As the gateway told it last, over all streams."""
    reasons: Counter[str] = Counter()
    for stream in account.get("streams", {}).values():
        reasons.update(stream.get("dropped", {}))
    return dict(reasons)


def ledger_differs_by(account: Mapping[str, Any], committed: Mapping[str, int]) -> int:
    """By how many samples and events what the gateway calls committed, and the platform's ledger, are apart."""
    streams = account.get("streams", {})
    told = {name: stream["committed"] for name, stream in streams.items()}
    return sum(abs(told.get(name, 0) - committed.get(name, 0)) for name in {*told, *committed})


def _readings(path: Path) -> Iterator[Reading]:
    for one in read_publications(path):
        if one.sort == "reading":
            yield Reading(one.asset, one.name, one.at_us, float(one.detail))


def _happening(one: Published) -> Happening:
    return Happening(one.asset, one.name, one.at_us, one.detail)
