"""Writes what a world's platform would have collected as a history folder: see the import format in the docs."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import polars as pl

from anju_contracts.clock import rfc3339
from anju_simulators.fleet import AssetSpec
from anju_simulators.hours import to_moment
from anju_simulators.kinds import PHYSICS
from anju_simulators.physics.life import SUDDEN
from anju_simulators.physics.model import Kind
from anju_simulators.randomness import Floats
from anju_simulators.records import EventRow
from anju_simulators.scenario import ScenarioError
from anju_simulators.world import World

Format = Literal["csv", "parquet"]
Schema = dict[str, pl.DataType | type[pl.DataType]]
FILES: Final = ("assets", "readings", "events", "repairs", "complaints")
_ASSETS_AT_ONCE: Final = 16
_TIME: Final = pl.Datetime("us", "UTC")


@dataclass(frozen=True, slots=True)
class Summary:
    """What was written, and how the hidden truth looks behind it."""

    rows: dict[str, int]
    assets: dict[str, int]
    failures: dict[str, int]
    sudden: dict[str, int]
    complaints: dict[str, int]
    entrapments: dict[str, int]
    years: float

    def as_json(self) -> dict[str, Any]:
        total = sum(self.failures.values())
        return {
            "rows": self.rows,
            "assets": self.assets,
            "failures": self.failures,
            "failures_per_asset_year": {
                kind: round(self.failures[kind] / (count * self.years), 4)
                for kind, count in self.assets.items()
                if count
            },
            "without_warning": self.sudden,
            "without_warning_share": round(sum(self.sudden.values()) / total, 4) if total else None,
            "complaints": self.complaints,
            "entrapments": self.entrapments,
        }


def write_history(
    world: World,
    folder: Path,
    *,
    since: datetime | None = None,
    file_format: Format = "csv",
    progress: Callable[[AssetSpec], None] | None = None,
) -> Summary:
    """Everything from `since` (the scenario's start) until the world's now: five files in `folder`, made if need be.

    ScenarioError when the folder holds files of the other format, which an import would read as well.
    """
    check_folder(folder, file_format)
    folder.mkdir(parents=True, exist_ok=True)
    start, end = since or world.scenario.start, world.now
    kinds = {spec.asset_id: spec.kind for spec in world.assets}
    readings, found = _write_readings(world, folder, (start, end), file_format, progress)
    rows = {"readings": readings}
    tables = {
        "assets": _assets(world.assets),
        "events": _events(found),
        "repairs": _repairs(world, start, end),
        "complaints": _complaints(world, start, end),
    }
    for name, table in tables.items():
        _write(table, folder / f"{name}.{file_format}", file_format)
        rows[name] = table.height
    failures = world.failures(start, end)
    return Summary(
        rows,
        dict(world.scenario.counts),
        _by_kind(kinds[failure.asset_id] for failure in failures),
        _by_kind(kinds[failure.asset_id] for failure in failures if failure.mode == SUDDEN),
        _by_kind(kinds[complaint.asset_id] for complaint in world.complaints(start, end)),
        dict(Counter(entrapment.cause for entrapment in world.entrapments(start, end))),
        (end - start).total_seconds() / 86_400 / 365.25,
    )


def check_folder(folder: Path, file_format: Format) -> None:
    """ScenarioError when `folder` holds a history in the other format."""
    other = "parquet" if file_format == "csv" else "csv"
    for name in FILES:
        if (folder / f"{name}.{other}").exists():
            raise ScenarioError(f"field out: got {folder}, expected a folder without {name}.{other}")


def _by_kind(kinds: Iterable[str]) -> dict[str, int]:
    counted = Counter(kinds)
    return {kind: counted[kind] for kind in PHYSICS}


def _assets(assets: Iterable[AssetSpec]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "asset_id": spec.asset_id,
                "kind": spec.kind,
                "model": spec.model,
                "installed_on": spec.installed_on.isoformat(),
                "label_zh": spec.label.zh,
                "label_en": spec.label.en,
                "location": spec.location,
                **spec.attributes,
            }
            for spec in assets
        ]
    )


def _events(found: list[EventRow]) -> pl.DataFrame:
    rows = [(row.asset_id, row.at, row.code, row.severity, row.state) for row in found]
    schema: Schema = dict.fromkeys(("asset_id", "ts", "code", "severity", "state"), pl.String)
    schema["ts"] = _TIME
    return pl.DataFrame(rows, schema=schema, orient="row").sort("ts", "asset_id", "code", "state")


def _repairs(world: World, start: datetime, end: datetime) -> pl.DataFrame:
    schema: Schema = {
        "asset_id": pl.String,
        "opened_at": _TIME,
        "closed_at": _TIME,
        "component": pl.String,
        "action": pl.String,
        "cause": pl.String,
        "fault_code": pl.String,
        "fault_found": pl.Boolean,
    }
    rows = [tuple(getattr(row, name) for name in schema) for row in world.repairs(start, end)]
    return pl.DataFrame(rows, schema=schema, orient="row")


def _complaints(world: World, start: datetime, end: datetime) -> pl.DataFrame:
    rows = [(row.asset_id, row.at, row.category) for row in world.complaints(start, end)]
    return pl.DataFrame(rows, schema={"asset_id": pl.String, "ts": _TIME, "category": pl.String}, orient="row")


def _write(table: pl.DataFrame, path: Path, file_format: Format) -> None:
    if file_format == "parquet":
        table.write_parquet(path)
    else:
        table.with_columns(pl.col(_TIME).dt.strftime("%Y-%m-%dT%H:%M:%SZ")).write_csv(path)


def _write_readings(
    world: World,
    folder: Path,
    span: tuple[datetime, datetime],
    file_format: Format,
    progress: Callable[[AssetSpec], None] | None,
) -> tuple[int, list[EventRow]]:
    """One wide file with the union of all points; the events come along, so that each asset is worked out once.

    Hours in which an asset said nothing have no line.
    """
    start, end = span
    file = _ReadingsFile(folder / f"readings.{file_format}", file_format)
    schema = _schema((kind for kind in PHYSICS.values() if world.scenario.counts[kind.name]), file_format)
    moments = _Moments(file_format)
    events: list[EventRow] = []
    for spec in world.assets:
        hours, values = world.hourly(spec.asset_id, start, end)
        file.add(_frame(spec.asset_id, moments.of(hours), values, schema))
        events.extend(world.events(start, end, asset_id=spec.asset_id))
        world.release(spec.asset_id)
        if progress is not None:
            progress(spec)
    file.close()
    return file.rows, events


class _ReadingsFile:
    """CSV is written a few assets at a time; Parquet at the end."""

    def __init__(self, path: Path, file_format: Format) -> None:
        self.rows = 0
        self._path = path
        self._file_format = file_format
        self._waiting: list[pl.DataFrame] = []
        path.write_bytes(b"")

    def add(self, table: pl.DataFrame) -> None:
        self._waiting.append(table)
        if self._file_format == "csv" and len(self._waiting) == _ASSETS_AT_ONCE:
            self._flush()

    def close(self) -> None:
        if self._file_format == "parquet" and self._waiting:
            table = pl.concat(self._waiting)
            table.write_parquet(self._path)
            self.rows = table.height
        elif self._waiting:
            self._flush()

    def _flush(self) -> None:
        table = pl.concat(self._waiting)
        with self._path.open("ab") as file:
            table.write_csv(file, include_header=self.rows == 0)
        self.rows += table.height
        self._waiting = []


def _schema(kinds: Iterable[Kind], file_format: Format) -> Schema:
    """The points of all kinds; in CSV, counters of whole numbers have no decimal point."""
    schema: Schema = {}
    for kind in kinds:
        schema.update({gauge.name: pl.Float64 for gauge in kind.gauges})
        schema.update(
            {
                counter.name: pl.Int64 if file_format == "csv" and not counter.decimals else pl.Float64
                for counter in kind.counters
            }
        )
    return schema


def _frame(asset_id: str, moments: pl.Series, values: dict[str, Floats], schema: Schema) -> pl.DataFrame:
    columns = [
        pl.Series(name, values[name], nan_to_null=True).cast(kind)
        if name in values
        else pl.Series(name, [None], dtype=kind).new_from_index(0, len(moments))
        for name, kind in schema.items()
    ]
    heard = ~np.all([np.isnan(value) for value in values.values()], axis=0)
    table = pl.DataFrame([pl.Series("asset_id", [asset_id]).new_from_index(0, len(moments)), moments, *columns])
    return table.filter(pl.Series(heard))


class _Moments:
    """The column of times; all assets have the same hours, so it is made once."""

    def __init__(self, file_format: Format) -> None:
        self._file_format = file_format
        self._hours: Floats = np.zeros(0)
        self._column = pl.Series("ts", [], dtype=pl.String)

    def of(self, hours: Floats) -> pl.Series:
        if not np.array_equal(hours, self._hours):
            moments = [to_moment(float(hour)) for hour in hours]
            texts: list[Any] = [rfc3339(moment) for moment in moments] if self._file_format == "csv" else moments
            self._column = pl.Series("ts", texts, dtype=pl.String if self._file_format == "csv" else _TIME)
            self._hours = hours
        return self._column
