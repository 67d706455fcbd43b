"""`anju import`: a history in the import format becomes the past of a community, as if watched all along."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import psycopg

from anju_contracts.kinds import Label
from anju_contracts.names import EXPECTED_NAME, is_name
from anju_ml.history import History
from anju_platform.assets.history_columns import point_columns, points_of, slices
from anju_platform.assets.history_records import import_complaints, import_events, import_repairs
from anju_platform.assets.registry import AssetSpec, PointSpec, announce, ensure_community
from anju_platform.bootstrap import connect
from anju_platform.config import Settings
from anju_platform.errors import Invalid
from anju_platform.storage.bulk import RollupLoader, SampleLoader
from anju_platform.storage.queries import load_queries
from anju_platform.storage.retention import kept_since
from anju_platform.storage.samples import Samples, newest, settle, to_us
from anju_platform.storage.telemetry import merge_latest, prepare_session

QUERIES = load_queries("anju_platform.assets")
_KNOWN_COLUMNS: Final = ("asset_id", "kind", "model", "installed_on", "label_zh", "label_en", "location")
_AHEAD: Final = timedelta(minutes=10)
Progress = Callable[[int], None]
"""Told how many readings were loaded since the last call."""


@dataclass
class ImportSummary:
    """Rows written; 0 for what was there already."""

    community: str
    assets: int = 0
    points: int = 0
    readings: int = 0
    rollups: int = 0
    events: int = 0
    repairs: int = 0
    complaints: int = 0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Target:
    """The community that the history is of; `label` names it where nobody has yet."""

    community: str
    label: Label | None = None


def check_history(history: History, target: Target, *, now: datetime) -> None:
    """Invalid where a name can't stand in a topic or an address, or where the history ends in the future."""
    if not is_name(target.community):
        raise Invalid("community", target.community, EXPECTED_NAME)
    for asset in history.assets["asset_id"]:
        if not is_name(asset):
            raise Invalid("assets.asset_id", asset, EXPECTED_NAME)
    for frame in history.readings:
        for name in frame.columns:
            if not is_name(name):
                raise Invalid("readings: a column", name, EXPECTED_NAME)
    span = history.span()
    if span is not None and span[1] > now + _AHEAD:
        raise Invalid("history: its last moment", span[1].isoformat(), f"at most {now.isoformat()}, the clock's now")


def count_values(history: History) -> int:
    """Readings that are to be loaded, for a progress bar."""
    return sum(frame[name].count() for frame in history.readings for name in point_columns(frame))


def import_history(
    settings: Settings, history: History, target: Target, *, now: datetime, progress: Progress
) -> ImportSummary:
    """Load `history`; what is there already stays and nothing comes twice."""
    check_history(history, target, now=now)
    summary = ImportSummary(target.community)
    with connect(settings, program="import", autocommit=True) as conn:
        with conn.transaction():
            _register(conn, history, target, now=now, summary=summary)
        _load_readings(settings, conn, history, target, summary, now=now, progress=progress)
        with conn.transaction():
            _load_records(conn, history, target, summary, now=now)
    return summary


def _register(
    conn: psycopg.Connection, history: History, target: Target, *, now: datetime, summary: ImportSummary
) -> None:
    points = points_of(history.readings)
    specs = [_spec(row, points.get(row["asset_id"], [])) for row in history.assets.iter_rows(named=True)]
    ensure_community(conn, target.community, target.label, now=now)
    announce(conn, target.community, specs, gateway=None, announced_at=None, now=now)
    summary.assets = len(specs)
    summary.points = sum(len(names) for names in points.values())


def _spec(row: dict[str, Any], points: list[str]) -> AssetSpec:
    attributes = {name: value for name, value in row.items() if name not in _KNOWN_COLUMNS and value is not None}
    installed_on = row["installed_on"]
    return AssetSpec(
        row["asset_id"],
        row["kind"],
        row["model"],
        [PointSpec(name) for name in points],
        label=_label(row),
        location=None if row.get("location") is None else str(row["location"]),
        installed_on=installed_on if isinstance(installed_on, date) else None,
        attributes={name: str(value) if isinstance(value, date) else value for name, value in attributes.items()},
    )


def _label(row: dict[str, Any]) -> Label | None:
    zh, en = row.get("label_zh"), row.get("label_en")
    return Label(str(zh or en), str(en or zh)) if zh or en else None


def _load_readings(
    settings: Settings,
    conn: psycopg.Connection,
    history: History,
    target: Target,
    summary: ImportSummary,
    *,
    now: datetime,
    progress: Progress,
) -> None:
    """Raw readings over one connection, rollups over another, each in a thread, while the next slice is made."""
    since = kept_since(now, telemetry_days=settings.telemetry_days)
    latest: list[Samples] = []
    with ExitStack() as stack:
        sessions = [stack.enter_context(connect(settings, program="import", autocommit=True)) for _ in range(2)]
        for session in (conn, *sessions):
            prepare_session(session)
        samples = SampleLoader(sessions[0], target.community)
        rollups = RollupLoader(sessions[1], target.community, since)
        pool = stack.enter_context(ThreadPoolExecutor(2))
        pending: list[Future[int]] = []
        for part in _all_slices(conn, history, target.community):
            _finish(pending, summary)
            recent = part.take(part.at_us >= to_us(since))
            pending = [pool.submit(rollups.load, part)]
            pending += [pool.submit(samples.load, recent)] if len(recent) else []
            latest = [newest(settle(Samples.concat([*latest, newest(part)])))]
            progress(len(part))
        _finish(pending, summary)
    if latest:
        with conn.transaction():
            merge_latest(conn, latest[0])


def _finish(pending: list[Future[int]], summary: ImportSummary) -> None:
    for number, future in enumerate(pending):
        written = future.result()
        if number == 0:
            summary.rollups += written
        else:
            summary.readings += written


def _all_slices(conn: psycopg.Connection, history: History, community: str) -> Iterator[Samples]:
    rows = conn.execute(QUERIES["asset_point_ids"], {"community": community})
    point_ids = {(asset, point): point_id for asset, point, point_id in rows}
    for frame in history.readings:
        yield from slices(frame, point_ids)


def _load_records(
    conn: psycopg.Connection, history: History, target: Target, summary: ImportSummary, *, now: datetime
) -> None:
    asset_ids: dict[str, int] = dict(conn.execute(QUERIES["asset_ids"], {"community": target.community}).fetchall())
    summary.events = import_events(conn, history.events, asset_ids, received_at=now)
    summary.repairs = import_repairs(conn, history.repairs, asset_ids)
    summary.complaints = import_complaints(conn, history.complaints, asset_ids, community=target.community)
    span = history.span()
    if span is not None:
        conn.execute(QUERIES["mark_imported"], {"community": target.community, "until": span[1]})
