"""A history of lifts, doors and meters that owes nothing to the project's simulator: other names, other wear.

    python -m benchmarks.other_fleet --out DIR --seed 1 --assets 200 --days 450 --truth truth.csv

Hourly readings with seasons, use, gaps and nuisances, events, a repair book with errors, complaints and preventive
rounds, in the import format. The same seed gives the same machines, whatever their number.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import click
import numpy as np
import numpy.typing as npt
import polars as pl

from benchmarks.other_kinds import MACHINES, Machine, Point
from benchmarks.other_records import Book, Diary, write_down
from benchmarks.other_wear import Life, Setting, lives, rounds

START: Final = datetime(2022, 3, 1, tzinfo=UTC)
SOMETIMES: Final = 0.4
"""Share of the time that an intermittent fault shows."""
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Climate:
    """Shared by all machines, by hour: air outside in °C, and the share of usual use by hour of the day and week."""

    air_c: Floats
    rhythm: Floats

    @property
    def hours(self) -> Floats:
        return np.arange(len(self.air_c), dtype=np.float64)


def climate(days: int, seed: int) -> Climate:
    rng = np.random.default_rng([seed, 0])
    hours = np.arange(24 * days)
    fronts = np.zeros(days + 1)
    for day in range(1, days + 1):
        fronts[day] = 0.8 * fronts[day - 1] + rng.normal(0, 2)
    year = 16 - 12 * np.cos(2 * np.pi * (hours / 24 + 40) / 365)
    air = year + 4 * np.sin(2 * np.pi * (hours % 24 - 9) / 24) + np.interp(hours / 24, np.arange(days + 1), fronts)
    daily = 0.08 + 0.9 * np.exp(-(((hours % 24) - 8.5) ** 2) / 5) + 0.8 * np.exp(-(((hours % 24) - 18.5) ** 2) / 10)
    weekend = np.where(hours // 24 % 7 >= 5, 0.75, 1.0)
    return Climate(air, daily * weekend)


@dataclass(frozen=True)
class Asset:
    asset_id: str
    machine: Machine
    model: str
    installed_on: date
    use: float
    rng: np.random.Generator

    @property
    def row(self) -> tuple[str, str, str, date]:
        return (self.asset_id, self.machine.kind, self.model, self.installed_on)


def assets(count: int, seed: int) -> list[Asset]:
    found = []
    for number in range(count):
        rng = np.random.default_rng([seed, 1, number])
        machine = MACHINES[int(rng.choice(len(MACHINES), p=[each.share for each in MACHINES]))]
        installed = date(2021, 6, 1) - timedelta(days=int(rng.integers(0, 3000)))
        name = f"{machine.kind[:2]}{number:04}"
        found.append(Asset(name, machine, str(rng.choice(machine.models)), installed, rng.lognormal(0, 0.25), rng))
    return found


def readings(asset: Asset, own: list[Life], around: Climate) -> pl.DataFrame:
    """asset_id, ts, one column a point: what the machine's sensors sent, gaps as null."""
    rng, hours = asset.rng, around.hours
    use = asset.use * around.rhythm * rng.lognormal(0, 0.2, len(hours))
    use[_stopped(own, hours)] = 0.0
    silent = _silences(len(hours), rng)
    columns = {}
    for point in asset.machine.points:
        values = _measured(point, _moved(point, own, hours, rng), use, around.air_c, rng)
        missing = silent | (rng.random(len(hours)) < 0.004)
        if rng.random() < 0.03:
            missing[:] = True
        columns[point.name] = np.where(missing, np.nan, values)
    ts = pl.datetime_range(START, START + timedelta(hours=len(hours) - 1), "1h", time_unit="us", eager=True)
    frame = pl.DataFrame({"asset_id": [asset.asset_id] * len(hours), "ts": ts, **columns})
    return frame.with_columns(pl.col(list(columns)).fill_nan(None).round(3)).filter(~pl.Series(silent))


def _measured(point: Point, moved: Floats, use: Floats, air_c: Floats, rng: np.random.Generator) -> Floats:
    own = point.level * rng.lognormal(0, point.spread)
    if point.counter:
        total = np.cumsum(rng.poisson(np.maximum(own * use * (1 + moved), 0.0))).astype(np.float64)
        if rng.random() < 0.15:
            after = int(rng.integers(len(total)))
            total[after:] -= total[after]
        return total
    noise = point.noise * point.level * rng.normal(size=len(use))
    lean = point.per_degree * (air_c - 16) * rng.lognormal(0, 0.3) + point.per_use * use
    return own * (1 + moved + _nuisances(len(use), rng)) + lean + noise


def _moved(point: Point, own: list[Life], hours: Floats, rng: np.random.Generator) -> Floats:
    """By which share of its level wear moves a point."""
    moved = np.zeros(len(hours))
    for life in own:
        for name, gain in life.part.effects:
            if name == point.name:
                symptom = life.symptom(hours)
                there = rng.random(len(hours) // 6 + 1) < (SOMETIMES if life.mode == "intermittent" else 1.0)
                moved += gain * symptom * np.repeat(there, 6)[: len(hours)]
    return moved


def _stopped(own: list[Life], hours: Floats) -> npt.NDArray[np.bool_]:
    days = hours / 24
    found = np.zeros(len(hours), np.bool_)
    for life in own:
        found |= life.failed & (days >= life.ended) & (days < life.closed)
    return found


def _silences(hours: int, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Hours in which nothing arrived: single ones, and now and then a day or a week."""
    found = rng.random(hours) < 0.01
    for first in np.flatnonzero(rng.random(hours) < 1 / (24 * 70)):
        found[first : first + int(rng.lognormal(2.5, 1.2))] = True
    return found


def _nuisances(hours: int, rng: np.random.Generator) -> Floats:
    """What looks like wear and is none, as share of the level: a knock for some days, a sensor that drifts and is set
    right again."""
    out = np.zeros(hours)
    for first in np.flatnonzero(rng.random(hours) < 1 / (24 * 150)):
        out[first : first + int(24 * rng.uniform(0.5, 5))] += rng.normal(0, 0.15)
    if rng.random() < 0.1:
        begins, length = int(rng.integers(hours)), int(24 * rng.uniform(20, 90))
        drift = np.linspace(0, rng.normal(0, 0.08), length)[: hours - begins]
        out[begins : begins + len(drift)] += drift
    return out


def write_fleet(out: Path, *, count: int, days: int, seed: int, without: str = "") -> pl.DataFrame:
    """Write the history of `count` machines over `days` as Parquet into `out`, but for the table `without`, and give
    the truth: asset_id, component, began_at, detectable_from, ended_at, mode."""
    out.mkdir(parents=True, exist_ok=True)
    around, book = climate(days, seed), Book(START, days)
    fleet = assets(count, seed)
    frames: dict[str, list[pl.DataFrame]] = {}
    for asset in fleet:
        setting = Setting(days, asset.use, rounds(days, asset.rng))
        own = [life for part in asset.machine.parts for life in lives(part, setting, asset.rng)]
        write_down(Diary(book, asset.asset_id, asset.machine, asset.rng), own, setting.visits)
        frames.setdefault(asset.machine.kind, []).append(readings(asset, own, around))
    tables = dict(_tables(fleet, book))
    for name, table in tables.items():
        if name != without:
            table.write_parquet(out / f"{name}.parquet")
    for kind, parts in frames.items() if without != "readings" else ():
        pl.concat(parts).write_parquet(out / f"readings-{kind}.parquet")
    return book.table("truth")


def _tables(fleet: list[Asset], book: Book) -> Iterator[tuple[str, pl.DataFrame]]:
    schema = {"asset_id": pl.String, "kind": pl.String, "model": pl.String, "installed_on": pl.Date}
    yield "assets", pl.DataFrame([asset.row for asset in fleet], schema=schema, orient="row")
    for name in ("events", "repairs", "complaints"):
        yield name, book.table(name)


@click.command()
@click.option("--out", type=click.Path(path_type=Path), required=True)
@click.option("--truth", type=click.Path(path_type=Path), required=True)
@click.option("--assets", "count", default=200, show_default=True)
@click.option("--days", default=450, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--without", type=click.Choice(["readings", "events"]), default=None, help="Leave this table out.")
def main(out: Path, truth: Path, *, count: int, days: int, seed: int, without: str | None) -> None:
    """Write the history of another fleet, and its truth beside it."""
    write_fleet(out, count=count, days=days, seed=seed, without=without or "").write_csv(truth)


if __name__ == "__main__":
    main()
